//! The state of the comparison of users in each source, and the properties of its last complete list.

use rusqlite::{Connection, OptionalExtension as _};

use super::{Error, database::Json};
use crate::domain::{Comparison, SourceId, SweepProgress, SweepStep, Timestamp, UserList};

/// The latest by source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparisons<'c>(pub(super) &'c Connection);

impl Comparisons<'_> {
    /// Takes in records about comparisons and lists. All records of a source are in one partition, in order.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn apply(self, progress: &SweepProgress) -> Result<(), Error> {
        match &progress.step {
            SweepStep::Compared(comparison) => {
                let mut statement = self.0.prepare_cached(
                    "INSERT OR REPLACE INTO comparisons (source, at, comparison) VALUES (?1, ?2, ?3)",
                )?;
                statement.execute((&progress.source, progress.at, Json(comparison)))?;
                // If nothing is compared any more, the list is as old as the record that first contained it.
                comparison.list.as_ref().map_or(Ok(()), |list| self.keep(progress, list))
            }
            SweepStep::ListingEnded { incomplete: Some(why), .. } if why == UserList::GIVEN_UP => Ok(()),
            // A scheme named the users: nothing follows from that about the source's own list.
            SweepStep::ListingEnded { named: true, .. } => Ok(()),
            SweepStep::ListingEnded { seen, incomplete, named: false } => {
                let incomplete = incomplete.clone();
                self.keep(progress, &UserList { users: *seen, unreadable: 0, incomplete })
            }
            SweepStep::Started { .. }
            | SweepStep::Estimated(_)
            | SweepStep::Listed { .. }
            | SweepStep::Held { .. }
            | SweepStep::Released { .. }
            | SweepStep::Cancelled { .. }
            | SweepStep::Superseded { .. }
            | SweepStep::Failed { .. } => Ok(()),
        }
    }

    fn keep(self, progress: &SweepProgress, list: &UserList) -> Result<(), Error> {
        let sql = "INSERT OR REPLACE INTO user_lists (source, at, list) VALUES (?1, ?2, ?3)";
        self.0.prepare_cached(sql)?.execute((&progress.source, progress.at, Json(list)))?;
        Ok(())
    }

    /// The last list of a source's users that was read to its end, and when.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn list(self, source: &SourceId) -> Result<Option<(Timestamp, UserList)>, Error> {
        let mut statement = self.0.prepare_cached("SELECT at, list FROM user_lists WHERE source = ?1")?;
        let list = statement.query_row([source], |row| Ok((row.get(0)?, row.get::<_, Json<_>>(1)?.0)));
        Ok(list.optional()?)
    }

    /// The last comparison of the users of `source`, with its time.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn get(self, source: &SourceId) -> Result<Option<(Timestamp, Comparison)>, Error> {
        let mut statement = self.0.prepare_cached("SELECT at, comparison FROM comparisons WHERE source = ?1")?;
        let stands = statement.query_row([source], |row| Ok((row.get(0)?, row.get::<_, Json<_>>(1)?.0)));
        Ok(stands.optional()?)
    }
}
