//! The time until which each scheme's schedule has fired.

use rusqlite::{Connection, OptionalExtension as _};

use super::Error;
use crate::domain::{Cause, SchemeId, SweepRequest, Timestamp};

/// The last firings by scheme.
#[derive(Debug, Clone, Copy)]
pub(super) struct LastFirings<'c>(pub(super) &'c Connection);

/// The last firing of a scheme's schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastFired {
    /// The pattern and time zone it was armed with.
    pub schedule: String,
    /// All times until then are dealt with: it has fired for them, or they lie before it was first seen.
    pub until: Timestamp,
    /// The latest due time for which it has requested a sweep.
    pub asked: Option<Timestamp>,
}

impl LastFirings<'_> {
    /// Takes in a request. Applying it again, or the same request of another replica, changes nothing.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn apply(self, request: &SweepRequest) -> Result<(), Error> {
        match request {
            SweepRequest::Armed(armed) => {
                let earlier = self.get(&armed.scheme)?;
                let asked = earlier.as_ref().and_then(|last| last.asked);
                let until = match earlier {
                    Some(last) if last.schedule == armed.schedule => last.until.max(armed.at),
                    Some(_) | None => armed.at,
                };
                self.put(&armed.scheme, &LastFired { schedule: armed.schedule.clone(), until, asked })
            }
            SweepRequest::Asked(asked) => {
                let Some(due) = asked.due.filter(|_| asked.cause == Cause::Schedule) else { return Ok(()) };
                for run in &asked.runs {
                    if let Some(last) = self.get(&run.scheme.id)? {
                        let (until, asked) = (last.until.max(due), last.asked.max(Some(due)));
                        self.put(&run.scheme.id, &LastFired { until, asked, ..last })?;
                    }
                }
                Ok(())
            }
            SweepRequest::Release(_) | SweepRequest::Cancel(_) | SweepRequest::Newcomers(_) => Ok(()),
        }
    }

    /// The last firing of the schedule of `scheme`.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn get(self, scheme: &SchemeId) -> Result<Option<LastFired>, Error> {
        let mut statement = self.0.prepare_cached("SELECT schedule, until, asked FROM schedules WHERE scheme = ?1")?;
        let last = statement.query_row([scheme], |row| {
            Ok(LastFired { schedule: row.get("schedule")?, until: row.get("until")?, asked: row.get("asked")? })
        });
        Ok(last.optional()?)
    }

    fn put(self, scheme: &SchemeId, last: &LastFired) -> Result<(), Error> {
        let mut statement = self.0.prepare_cached(
            "INSERT OR REPLACE INTO schedules (scheme, schedule, until, asked) VALUES (?1, ?2, ?3, ?4)",
        )?;
        statement.execute((scheme, &last.schedule, last.until, last.asked))?;
        Ok(())
    }
}
