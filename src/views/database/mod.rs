//! The SQLite database of the views: one connection that writes, a few that read.
//!
//! All its content comes from the log, except for the table `heard`. So a database of another version, of another log,
//! or a damaged one is made anew, and the followers fill it. A commit is not synced to the disk (`synchronous=NORMAL`):
//! a crash of the machine may lose the last ones, with their checkpoints, and the records are read again.

mod columns;
mod readers;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub(super) use self::columns::Json;
use self::readers::Readers;
use super::Error;
use crate::{
    domain::{LoginCoverage, SourceId},
    health::Health,
    off_worker::off_worker,
};

/// The name of the file, in the folder of the state store.
pub(super) const FILE: &str = "views.sqlite";
/// The version of the tables. A database of another version is made anew. Raise it with each change of `schema.sql`,
/// and of a column's content.
const VERSION: i64 = 5;
const SCHEMA: &str = include_str!("schema.sql");

/// The time to wait for the file's lock. No other usher has the file open (`usher.lock`), so only a backup program may
/// hold the lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The cache of the writing connection, in KiB.
const WRITER_CACHE: i64 = 8 * 1024;
/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 96;
/// The WAL file is cut to this size when it has been taken over into the database.
const WAL_BYTES: i64 = 64 * 1024 * 1024;

/// See the module. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub(super) struct Database(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Readers,
    was_damaged: bool,
    /// Whether damage was met since it was opened.
    is_damaged: AtomicBool,
    /// Told of damage.
    health: OnceLock<Health>,
}

impl Database {
    /// Opens the database in `dir` for the log named `log_identity`. A damaged one is moved aside, and a new one is
    /// made.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite can't open or write it; [`Error::Aside`] if a damaged one can't be moved.
    pub(super) fn open(dir: &Path, log_identity: &str) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let (writer, was_damaged) = match begin(&path, log_identity) {
            Err(error) if error.is_damage() => {
                set_aside(&path).map_err(Error::Aside)?;
                tracing::warn!(file = %path.display(), "the database of the views was damaged; it is built anew from the log");
                (begin(&path, log_identity)?, true)
            }
            begun => (begun?, false),
        };
        let readers = Readers::new(path.clone());
        let (is_damaged, health) = (AtomicBool::new(false), OnceLock::new());
        Ok(Self(Arc::new(Shared { path, writer: Mutex::new(writer), readers, was_damaged, is_damaged, health })))
    }

    /// Whether the database was damaged, and is rebuilt.
    pub(super) fn was_damaged(&self) -> bool {
        self.0.was_damaged
    }

    /// Sets the registry for reporting damaged files. The first one set is kept.
    pub(super) fn watch(&self, health: &Health) {
        let _first = self.0.health.set(health.clone());
    }

    /// Reads everything as of one moment. On a worker of an async runtime other workers take over its tasks meanwhile.
    ///
    /// # Errors
    /// [`Error::Busy`] if no connection becomes free; [`Error::Database`] if SQLite fails; those of `reading`.
    pub(super) fn read<T>(&self, reading: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let done = off_worker(|| {
            let reader = self.0.readers.take()?;
            let moment = reader.unchecked_transaction()?; // dropped, it is over
            reading(&moment)
        });
        self.looked_at(done)
    }

    /// Runs `writing` in a transaction.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails; those of `writing`.
    pub(super) fn write<T>(&self, writing: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let done = off_worker(|| {
            let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = Transaction::new_unchecked(&writer, TransactionBehavior::Immediate)?;
            let written = writing(&transaction)?;
            transaction.commit()?;
            Ok(written)
        });
        self.looked_at(done)
    }

    /// Checks the result for damaged files. Only a new database helps then. The next process begins it, because it
    /// finds none here.
    fn looked_at<T>(&self, done: Result<T, Error>) -> Result<T, Error> {
        if done.as_ref().is_err_and(Error::is_damage) && !self.0.is_damaged.swap(true, Ordering::Relaxed) {
            tracing::error!(file = %self.0.path.display(), "the database of the views is damaged");
            if let Err(error) = set_aside(&self.0.path) {
                tracing::error!(error = crate::words::system(&error), "it can't be moved aside");
            }
            if let Some(health) = self.0.health.get() {
                health.end_process(
                    "data_dir: the database of the views is damaged; usher ends, to build it anew from the log",
                );
            }
        }
        done
    }
}

/// Does all of `change` or nothing, within a transaction.
///
/// # Errors
/// [`Error::Database`] if SQLite fails; those of `change`.
pub(super) fn whole<T>(db: &Connection, change: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let run = |sql| db.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
    run("SAVEPOINT change")?;
    let changed = change();
    if changed.is_err() {
        // If SQLite has rolled back the transaction by itself, this savepoint no longer exists.
        let _back = run("ROLLBACK TO change");
        let _gone = run("RELEASE change");
    } else {
        run("RELEASE change")?;
    }
    changed
}

/// The connection that writes, with tables of this version, of this log.
fn begin(path: &Path, log_identity: &str) -> Result<Connection, Error> {
    let writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE, WRITER_CACHE)?;
    writer.pragma_update(None, "journal_mode", "WAL")?;
    let version: i64 = writer.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let log = || writer.query_row("SELECT identity FROM log", [], |row| row.get::<_, String>(0));
    if version == VERSION && log()? == log_identity {
        return Ok(writer);
    }
    if version == 0 && is_empty(&writer)? {
        return fill(writer, log_identity, &[]);
    }
    // Reported logins go further back than the log. Missing or unreadable ones are not kept.
    let coverage = if log().is_ok_and(|known| known == log_identity) { all_coverage(&writer) } else { Vec::new() };
    drop(writer);
    remove(path).map_err(Error::Aside)?;
    let writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE, WRITER_CACHE)?;
    writer.pragma_update(None, "journal_mode", "WAL")?;
    fill(writer, log_identity, &coverage)
}

fn all_coverage(db: &Connection) -> Vec<(SourceId, LoginCoverage)> {
    super::activity::all_coverage(db).unwrap_or_default()
}

fn is_empty(db: &Connection) -> Result<bool, Error> {
    Ok(db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))? == 0)
}

/// Creates the tables.
fn fill(writer: Connection, log_identity: &str, coverage: &[(SourceId, LoginCoverage)]) -> Result<Connection, Error> {
    let transaction = writer.unchecked_transaction()?;
    transaction.execute_batch(SCHEMA)?;
    transaction.execute("INSERT INTO log (identity) VALUES (?1)", [log_identity])?;
    for (source, coverage) in coverage {
        super::activity::put_coverage(&transaction, source, *coverage)?;
    }
    // In the same transaction: a database with this version has all tables.
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(writer)
}

/// A connection with bounds.
fn connect(path: &Path, flags: OpenFlags, cache: i64) -> Result<Connection, Error> {
    // No lock of SQLite's own: a connection is used by one thread at a time.
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -cache)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES)?;
    // A damaged page is noticed when it is read, and not when its content is used.
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// The files of the database at `path`, including its write-ahead log. The database is the last: if usher is killed
/// while it removes them, it finds the old version again.
fn files(path: &Path) -> [PathBuf; 3] {
    ["-wal", "-shm", ""].map(|end| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    })
}

/// Keeps the damaged file for inspection, in place of an earlier one.
fn set_aside(path: &Path) -> io::Result<()> {
    let [wal, shm, database] = files(path);
    found(fs::rename(&database, path.with_extension("damaged")))?;
    found(fs::remove_file(wal))?;
    found(fs::remove_file(shm))
}

fn remove(path: &Path) -> io::Result<()> {
    files(path).iter().try_for_each(|file| found(fs::remove_file(file)))
}

/// Treats a missing file as removed.
fn found(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
