//! The times of reported creations by source, as far back as a limit on mass creations reaches.

use std::time::Duration;

use rusqlite::Connection;

use super::Error;
use crate::domain::{Decision, EventId, SourceId, Timestamp};

/// The longest time within which creations are counted, and some more for those that are reported late.
const RETENTION: Duration = Duration::from_hours(48);
/// The oldest rows, of which up to four are removed with each one that is added: so there are never many more than are
/// needed. The number is in the text, because SQLite prepares a statement with `LIMIT ?` anew for each number it is given.
const OLDEST: &str = "SELECT at, event FROM creations WHERE source = ?1 AND at < ?2 ORDER BY at, event LIMIT 4";

/// The creations by source, time and event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Creations<'c>(pub(super) &'c Connection);

impl Creations<'_> {
    /// Takes in a decision, again if need be.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn decided(self, decision: &Decision) -> Result<(), Error> {
        let Some(at) = decision.told_creation() else { return Ok(()) };
        let sql = "INSERT OR IGNORE INTO creations (source, at, event) VALUES (?1, ?2, ?3)";
        self.0.prepare_cached(sql)?.execute((&decision.source, at, &decision.event))?;
        let mut oldest = self.0.prepare_cached(OLDEST)?;
        let outlived =
            oldest.query_map((&decision.source, at.minus(RETENTION)), |row| Ok((row.get(0)?, row.get(1)?)))?;
        // Most often there is none. A deletion by a subquery would make a table of its own to find that out.
        let outlived: Vec<(Timestamp, EventId)> = outlived.collect::<Result<_, _>>()?;
        for (at, event) in outlived {
            let sql = "DELETE FROM creations WHERE source = ?1 AND at = ?2 AND event = ?3";
            self.0.prepare_cached(sql)?.execute((&decision.source, at, event))?;
        }
        Ok(())
    }

    /// The number of creations from `since` to `until`, at most `enough`.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn count(
        self,
        source: &SourceId,
        since: Timestamp,
        until: Timestamp,
        enough: u64,
    ) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM
            (SELECT 1 FROM creations WHERE source = ?1 AND at >= ?2 AND at <= ?3 LIMIT ?4)";
        let enough = i64::try_from(enough).unwrap_or(i64::MAX);
        Ok(self.0.prepare_cached(sql)?.query_row((source, since, until, enough), |row| row.get(0))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Activity, NoAction, Via},
        views::{
            database::testing::in_memory,
            testing::{at, decision, source},
        },
    };

    fn created(event: &str, seconds: i64) -> Decision {
        let activity = Activity { created: Some(at(seconds)), ..Activity::new(at(seconds)) };
        Decision { activity: Some(activity), ..decision(event, event, seconds, vec![]) }
    }

    #[test]
    fn creations_that_were_told_are_counted_once_and_by_when_they_happened() {
        let creations = Creations(in_memory());
        let known = Decision { no_action: Some(NoAction::KnownSince(at(0))), ..created("e4", 4) };
        let found = Decision { via: Via::Reconciliation, ..created("e5", 5) };
        for decision in [created("e1", 1), created("e1", 1), created("e2", 2), created("e9", 9), known, found] {
            creations.decided(&decision).expect("counted");
        }
        let count = |since, until, enough| creations.count(&source(), at(since), at(until), enough).expect("a number");
        assert_eq!((count(0, 9, 99), count(1, 2, 99), count(3, 8, 99), count(0, 9, 2)), (3, 2, 0, 2));
        creations.decided(&created("later", 3 * 86_400)).expect("counted");
        assert_eq!(count(0, 9, 99), 0, "forgotten");
        let other = "other".parse().expect("an id");
        assert_eq!(creations.count(&other, at(0), at(9), 99).expect("a number"), 0);
    }
}
