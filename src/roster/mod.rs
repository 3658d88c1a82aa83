//! The roster: the last list of each source's users, as the product told it, with its age.
//!
//! It is filled from the lists that usher reads anyway, and by [readings](Roster::record_reading) of single users. A
//! list takes the place of the last one only if it came to its end. It holds personal data: it is a file of its own in
//! the folder of the state store and not in the log, and users leave it after a while, and with their source.

mod database;
mod error;
mod filter;
mod keeping;
mod listing;
mod matching;
mod recording;
mod row;
mod standing;
#[cfg(test)]
mod tests;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension as _};

use self::{
    database::Database,
    recording::kept,
    row::{COLUMNS, email_key, with_values},
    standing::{known_number, standing_of},
};
pub use self::{
    error::Error,
    filter::{RosterFilter, Sort, SortKey},
    listing::{Found, FoundPage, Judge, Wanted},
    matching::{Matched, NoMatch, Unmatched},
    row::{ListedUser, UserStatus},
    standing::Standing,
};
use crate::{
    domain::{EmailAddress, SourceId, Timestamp, UserId},
    products::User,
};

/// See the module. Cheap to clone; all clones are one. Calls may wait for the disk.
#[derive(Debug, Clone)]
pub struct Roster(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    database: Database,
    keep: Duration,
    lists: AtomicI64,
}

impl Roster {
    /// Opens the roster in `folder`, or makes it. Users of other sources than `sources` are removed.
    ///
    /// # Errors
    /// [`Error::Database`] if it can't be opened or written, [`Error::File`] if its file can't be made.
    pub fn open(folder: &Path, keep: Duration, sources: &[SourceId]) -> Result<Self, Error> {
        let database = Database::open(folder)?;
        let roster = Self(Arc::new(Shared { database, keep, lists: AtomicI64::new(0) }));
        roster.keep_only(sources)?;
        Ok(roster)
    }

    /// Removes the roster in `folder`, if there is one.
    ///
    /// # Errors
    /// [`Error::File`] if it can't be removed.
    pub fn remove(folder: &Path) -> Result<(), Error> {
        Database::remove(folder)
    }

    /// How the roster of `source` stands; none if none of its users was ever listed here.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails.
    pub fn standing(&self, source: &SourceId) -> Result<Option<Standing>, Error> {
        self.0.database.read(|db| standing_of(db, source))
    }

    /// The user with this id, and the time of what is known; none if the roster has no such user.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails.
    pub fn user(&self, source: &SourceId, id: &UserId) -> Result<Option<(ListedUser, Timestamp)>, Error> {
        self.0.database.read(|db| {
            let Some(number) = known_number(db, source)? else { return Ok(None) };
            let Some(user) = kept(db, number, id)? else { return Ok(None) };
            let sql = "SELECT ifnull(users.as_of, sources.as_of) FROM users JOIN sources ON sources.no = users.source
                WHERE users.source = ?1 AND users.id = ?2";
            let as_of = db.prepare_cached(sql)?.query_row((number, id), |row| row.get(0))?;
            Ok(Some((user, as_of)))
        })
    }

    /// The users of `sources` with this e-mail address, at most `most`.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails.
    pub fn with_email(
        &self,
        sources: &[SourceId],
        email: &EmailAddress,
        most: usize,
    ) -> Result<Vec<(SourceId, ListedUser)>, Error> {
        self.0.database.read(|db| {
            let mut found = Vec::new();
            for source in sources {
                let Some(number) = known_number(db, source)? else { continue };
                let sql = "SELECT * FROM users INDEXED BY users_by_email WHERE source = ?1 AND by_email = ?2 LIMIT ?3";
                let mut statement = db.prepare_cached(sql)?;
                let rows = statement.query_map((number, email_key(email.as_str()), most), row::user)?;
                for user in rows {
                    let user = user?;
                    // The key is without diacritics, an address may have some.
                    if user.email.as_ref().is_some_and(|other| other.is_same(email)) && found.len() < most {
                        found.push((source.clone(), user));
                    }
                }
            }
            Ok(found)
        })
    }

    /// Takes in a reading of a single user at `at`, if the source was listed before.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails.
    pub fn record_reading(&self, source: &SourceId, user: &User, at: Timestamp) -> Result<(), Error> {
        let told = ListedUser::of_reading(user, at);
        self.0.database.write(|db| {
            let (Some(number), Some(standing)) = (known_number(db, source)?, standing_of(db, source)?) else {
                return Ok(());
            };
            let is_later = |known: Timestamp| known > at;
            let is_known_later = known_at(db, number, &told.id)?.is_some_and(is_later);
            if standing.as_of.is_none_or(is_later) || is_known_later {
                return Ok(());
            }
            let sql = format!(
                "INSERT OR REPLACE INTO users (source, as_of, {COLUMNS})
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"
            );
            let is_new = kept(db, number, &told.id)?.is_none();
            with_values(&told, &[&number, &at], |values| Ok(db.prepare_cached(&sql)?.execute(values).map(drop)?))?;
            if is_new {
                db.prepare_cached("UPDATE sources SET users = users + 1 WHERE no = ?1")?.execute([number])?;
            }
            Ok(())
        })
    }

    /// A number for a list that is being read.
    fn next_list(&self) -> i64 {
        self.0.lists.fetch_add(1, Ordering::Relaxed)
    }
}

/// The time of a reading of the user by itself; none if there was none since the last list.
fn known_at(db: &Connection, source: i64, id: &UserId) -> Result<Option<Timestamp>, Error> {
    let mut statement = db.prepare_cached("SELECT as_of FROM users WHERE source = ?1 AND id = ?2")?;
    Ok(statement.query_row((source, id), |row| row.get(0)).optional()?.flatten())
}
