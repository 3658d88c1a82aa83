//! The log in an opened database.

use std::{fs::File, ops::Range, path::Path};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    commit::CommitError,
    group_rows,
    high_watermark::HighWatermark,
    records::{self, ReadError},
    store::Store,
    trouble::{damaged, inaccessible, unusable},
};
use crate::log::{
    Error,
    embedded::{
        groups::Groups,
        part::{Part, Parts},
    },
};

/// The version of the tables; another one is not read. 0 is what SQLite says of a database without tables.
const FORM: u16 = 1;

/// A log found on disk, or just made there.
pub(in crate::log::embedded) struct Recovered {
    pub identity: String,
    pub partitions: u16,
    pub bounds: Parts<Range<u64>>,
    pub groups: Groups,
}

impl Recovered {
    /// Opens the database in `dir` and reads what it holds.
    ///
    /// # Errors
    /// [`Error::Unusable`] where another process has it open, or its files can't be used or are damaged.
    pub fn open(dir: &Path, partitions: u16) -> Result<(Store, Self), Error> {
        let store = Store::open(dir)?;
        let found = Self::in_store(&store, dir, partitions)?;
        Ok((store, found))
    }

    /// Reads what `store`, opened in `dir`, holds. A log that was never there before is made with `partitions`
    /// partitions in each stream; one that was keeps its own number.
    fn in_store(store: &Store, dir: &Path, partitions: u16) -> Result<Self, Error> {
        let high_watermark = HighWatermark::read(dir)?;
        let unreadable = |error| unreadable(dir, error);
        let form = store.read(|db| Ok(form(db)?)).map_err(unreadable)?;
        if high_watermark.is_none() && form == Some(0) {
            create(store, dir, partitions)?;
        }
        let (identity, stored) = match store.read(|db| Ok(self::form(db)?)).map_err(unreadable)? {
            Some(FORM) => store.read(|db| Ok(about(db)?)).map_err(unreadable)?,
            Some(0) => return Err(damaged(dir, "the log that was here is gone")),
            _ => return Err(Error::Unusable(format!("{} was made by a later usher; run that one", dir.display()))),
        }
        .ok_or_else(|| damaged(dir, "they don't say which log it is"))?;
        if stored != partitions {
            tracing::info!(stored, partitions, "the event log keeps the number of partitions it was made with");
        }
        // Those of streams that an earlier usher did not know.
        store.write(|db| create_tables(db, stored)).map_err(|error| not_written(dir, error))?;
        let bounds = Parts::try_new(stored, |part| store.read(|db| Ok(records::bounds(db, part)?)));
        let bounds = bounds.map_err(unreadable)?;
        let groups = store.read(|db| Ok(Groups::load(db, stored)?)).map_err(unreadable)?;
        let groups = groups.ok_or_else(|| damaged(dir, "how far a group has come can't be read"))?;
        let now = HighWatermark::new(&identity, &bounds.map(|bounds| bounds.end));
        high_watermark.map_or(Ok(()), |high_watermark| high_watermark.check(dir, &now))?;
        now.write(dir).map_err(|error| inaccessible(dir, &error))?;
        sync_names(dir)?;
        Ok(Self { identity, partitions: stored, bounds, groups })
    }
}

/// Writes into an empty `store` what every log has.
///
/// # Errors
/// [`Error::Unusable`] where it can't be written.
pub(in crate::log::embedded) fn create(store: &Store, dir: &Path, partitions: u16) -> Result<(), Error> {
    let (identity, partitions) = (hex::encode(rand::random::<[u8; 16]>()), partitions.max(1));
    let made = store.write(|db| {
        db.execute_batch(
            "CREATE TABLE log (identity TEXT NOT NULL, partitions INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT",
        )?;
        let crc = checksum(&identity, partitions);
        db.execute("INSERT INTO log VALUES (?1, ?2, ?3)", params![identity, partitions, crc])?;
        group_rows::create_table(db)?;
        create_tables(db, partitions)?;
        write_form(db)
    });
    made.map_err(|error| not_written(dir, error))?;
    tracing::info!(dir = %dir.display(), "made a new event log");
    Ok(())
}

fn create_tables(db: &Connection, partitions: u16) -> rusqlite::Result<()> {
    Part::all(partitions).try_for_each(|part| records::create_table(db, part))
}

/// Writes the form of the tables. In a database that has it already, this shows whether writes succeed.
///
/// # Errors
/// Those of SQLite.
pub(in crate::log::embedded) fn write_form(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update(None, "user_version", FORM)
}

/// The form of the tables; none where it is a number that usher does not write.
fn form(db: &Connection) -> rusqlite::Result<Option<u16>> {
    db.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).map(|form| u16::try_from(form).ok())
}

/// The log's identity and its number of partitions; none where the row is not what was written.
fn about(db: &Connection) -> rusqlite::Result<Option<(String, u16)>> {
    let row = db.query_row("SELECT identity, partitions, crc FROM log", [], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, u16>(1)?, row.get::<_, u32>(2)?))
    });
    let whole = |(identity, partitions, crc): (String, u16, u32)| {
        (checksum(&identity, partitions) == crc).then_some((identity, partitions))
    };
    Ok(row.optional()?.and_then(whole))
}

fn checksum(identity: &str, partitions: u16) -> u32 {
    crc32fast::hash(&[&partitions.to_be_bytes(), identity.as_bytes()].concat())
}

fn unreadable(dir: &Path, error: ReadError) -> Error {
    match error {
        ReadError::Database(error) => unusable(dir, &error),
        error @ (ReadError::Closed | ReadError::Missing(_) | ReadError::Damaged(_)) => damaged(dir, &error.to_string()),
    }
}

fn not_written(dir: &Path, error: CommitError) -> Error {
    match error {
        CommitError::Damaged(error) | CommitError::Failed(error) => unusable(dir, &error),
        error @ (CommitError::Closed | CommitError::Full | CommitError::Busy) => Error::Unavailable(error.to_string()),
    }
}

/// Makes the names of new files in `dir`, and the name of `dir` itself, survive a power failure.
fn sync_names(dir: &Path) -> Result<(), Error> {
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    [Some(dir), parent]
        .into_iter()
        .flatten()
        .try_for_each(|dir| File::open(dir)?.sync_all())
        .map_err(|error| inaccessible(dir, &error))
}
