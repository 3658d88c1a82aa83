//! Personal data that leaves: what is older than it may be, and the users of sources that are gone.

use rusqlite::Connection;

use super::{Error, Roster, standing::known_number};
use crate::domain::{SourceId, Timestamp};

/// The rows that are removed in one transaction, so that others get to write in between.
const ROWS: usize = 5_000;

impl Roster {
    /// Removes what is older than `keep` at `now`. Returns the number of removed users.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails.
    pub fn prune(&self, now: Timestamp) -> Result<usize, Error> {
        let horizon = now.minus(self.0.keep);
        let mut removed = 0;
        loop {
            match self.0.database.write(|db| remove_older(db, horizon))? {
                0 => break,
                some => removed += some,
            }
        }
        self.0.database.write(|db| {
            let sql = "UPDATE sources SET as_of = NULL, incomplete = NULL WHERE as_of < ?1";
            db.prepare_cached(sql)?.execute([horizon])?;
            if removed > 0 {
                let sql = "UPDATE sources SET users = (SELECT count(*) FROM users WHERE source = sources.no)";
                db.prepare_cached(sql)?.execute([])?;
            }
            Ok(())
        })?;
        Ok(removed)
    }

    /// Removes the users of all other sources.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails.
    pub(super) fn keep_only(&self, sources: &[SourceId]) -> Result<(), Error> {
        let known = self.0.database.read(|db| {
            let mut statement = db.prepare("SELECT no, source FROM sources")?;
            let known = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(known.collect::<Result<Vec<(i64, String)>, _>>()?)
        })?;
        for (number, _) in known.into_iter().filter(|(_, id)| sources.iter().all(|source| source.as_str() != id)) {
            self.remove_source(number)?;
        }
        Ok(())
    }

    /// Removes the users of `source`.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails.
    pub fn forget(&self, source: &SourceId) -> Result<(), Error> {
        match self.0.database.read(|db| known_number(db, source))? {
            Some(number) => self.remove_source(number),
            None => Ok(()),
        }
    }

    fn remove_source(&self, number: i64) -> Result<(), Error> {
        while self.0.database.write(|db| remove_some(db, number))? > 0 {}
        self.0.database.write(|db| Ok(db.execute("DELETE FROM sources WHERE no = ?1", [number])?))?;
        Ok(())
    }
}

fn remove_older(db: &Connection, horizon: Timestamp) -> Result<usize, Error> {
    let sql = "DELETE FROM users WHERE (source, id) IN (
            SELECT users.source, users.id FROM users JOIN sources ON sources.no = users.source
            WHERE ifnull(users.as_of, sources.as_of) < ?1 LIMIT ?2)";
    Ok(db.prepare_cached(sql)?.execute((horizon, ROWS))?)
}

fn remove_some(db: &Connection, source: i64) -> Result<usize, Error> {
    let sql = "DELETE FROM users WHERE source = ?1 AND id IN (SELECT id FROM users WHERE source = ?1 LIMIT ?2)";
    Ok(db.prepare_cached(sql)?.execute((source, ROWS))?)
}
