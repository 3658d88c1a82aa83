//! Steps by result over the runs of some time, for an overview.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{SourceId, Timestamp},
    views::{Error, database::Json},
};

/// The highest number of runs that are added up, the newest ones, so that the answer comes in time.
const MAX_RUNS: u64 = 20_000;

/// The runs since a time, and their steps by result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Runs that began since.
    pub runs: u64,
    /// Steps that changed something.
    pub changed: u64,
    /// Steps recorded, not done.
    pub tested: u64,
    /// Steps kept back for an administrator.
    pub held: u64,
    /// Steps given up.
    pub failed: u64,
    /// Whether there are more runs than were added up.
    pub cut: bool,
}

impl Totals {
    /// The totals of the runs that began at `since` or later, in `sources` if some are given.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(super) fn since(db: &Connection, since: Timestamp, sources: Option<&[SourceId]>) -> Result<Self, Error> {
        let sql = "
            SELECT count(*), ifnull(sum(changed), 0), ifnull(sum(tested), 0), ifnull(sum(held), 0), ifnull(sum(failed), 0)
            FROM (
                SELECT changed, tested, held, failed FROM runs INDEXED BY runs_by_time
                WHERE started >= ?1 AND (?2 IS NULL OR source IN (SELECT value FROM json_each(?2)))
                ORDER BY started DESC, id LIMIT ?3
            )";
        let mut statement = db.prepare_cached(sql)?;
        let totals = statement.query_row((since, sources.map(Json), MAX_RUNS + 1), |row| {
            let (runs, changed, tested) = (row.get::<_, u64>(0)?, row.get(1)?, row.get(2)?);
            let cut = runs > MAX_RUNS;
            Ok(Self { runs: runs.min(MAX_RUNS), changed, tested, held: row.get(3)?, failed: row.get(4)?, cut })
        });
        Ok(totals?)
    }
}
