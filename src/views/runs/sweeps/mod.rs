//! The tables of sweeps: the data of each besides its runs, the counted users, and the cost of the last ones.

pub(super) mod of_sweeps;
pub(super) mod progress;
pub(super) mod sweep;

use rusqlite::{Connection, OptionalExtension as _, named_params};

use crate::{
    domain::{EventId, LastLists, SchemeId, SourceId, SweepId, SweepPlan},
    views::{
        Error,
        database::Json,
        prune::step::{Horizon, Step},
    },
};
use progress::Progress;
use sweep::Tally;

/// See the module.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sweeps<'c>(pub(super) &'c Connection);

/// A sweep that is no longer needed. As long as a paused source has sightings to decide, the planner needs the sweep's
/// plan.
const OUTLIVED: &str = "
    SELECT no FROM sweeps
    WHERE (at IS NULL OR at < CASE WHEN decided >= max(listed, ifnull(total, 0)) THEN :over ELSE :open END)
        AND NOT EXISTS (SELECT 1 FROM runs INDEXED BY runs_by_sweep WHERE runs.sweep = sweeps.id)
    LIMIT 1";

impl Sweeps<'_> {
    /// The schemes of a sweep; none until its start has been read.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn plan(self, sweep: &SweepId) -> Result<Option<SweepPlan>, Error> {
        let mut statement = self.0.prepare_cached("SELECT plan FROM sweeps WHERE id = ?1")?;
        let plan = statement.query_row([sweep], |row| row.get::<_, Option<Json<_>>>(0)).optional()?;
        Ok(plan.flatten().map(|plan| plan.0))
    }

    /// Writes the plan of a sweep.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(super) fn put_plan(self, sweep: &SweepId, plan: &SweepPlan) -> Result<(), Error> {
        let sql = "INSERT INTO sweeps (id, plan) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET plan = excluded.plan";
        self.0.prepare_cached(sql)?.execute((sweep, Json(plan)))?;
        Ok(())
    }

    /// The tally of a sweep; an empty one if there is none.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn tally(self, sweep: &SweepId) -> Result<Tally, Error> {
        let sql = "SELECT listed, decided, read, total, pages, at, incomplete FROM sweeps WHERE id = ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let tally = statement.query_row([sweep], |row| {
            let (listed, decided) = (row.get("listed")?, row.get("decided")?);
            let progress = Progress { listed, decided, read: row.get("read")?, total: row.get("total")? };
            Ok(Tally { progress, pages: row.get("pages")?, at: row.get("at")?, incomplete: row.get("incomplete")? })
        });
        Ok(tally.optional()?.unwrap_or_default())
    }

    /// Writes the tally of a sweep.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(super) fn put_tally(self, sweep: &SweepId, tally: &Tally) -> Result<(), Error> {
        let sql = "INSERT INTO sweeps (id, listed, decided, read, total, pages, at, incomplete)
            VALUES (:id, :listed, :decided, :read, :total, :pages, :at, :incomplete)
            ON CONFLICT (id) DO UPDATE SET listed = excluded.listed, decided = excluded.decided, read = excluded.read,
                total = excluded.total, pages = excluded.pages, at = excluded.at, incomplete = excluded.incomplete";
        let Tally { progress, pages, at, incomplete } = tally;
        self.0.prepare_cached(sql)?.execute(named_params! {
            ":id": sweep, ":listed": progress.listed, ":decided": progress.decided, ":read": progress.read,
            ":total": progress.total, ":pages": pages, ":at": at, ":incomplete": incomplete,
        })?;
        Ok(())
    }

    /// Records that the users of a sweep could not be listed.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn put_failed(self, sweep: &SweepId) -> Result<(), Error> {
        let sql = "INSERT INTO sweeps (id, has_failed) VALUES (?1, 1) ON CONFLICT (id) DO UPDATE SET has_failed = 1";
        self.0.prepare_cached(sql)?.execute([sweep])?;
        Ok(())
    }

    /// Whether the users of a sweep could not be listed.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn has_failed(self, sweep: &SweepId) -> Result<bool, Error> {
        let mut statement = self.0.prepare_cached("SELECT has_failed FROM sweeps WHERE id = ?1")?;
        Ok(statement.query_row([sweep], |row| row.get(0)).optional()?.unwrap_or(false))
    }

    /// Marks a user as counted: in the sweep itself, or in the release of one of its runs. Gives whether that is new.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn mark(self, sweep: &SweepId, released: Option<&SchemeId>, sighting: &EventId) -> Result<bool, Error> {
        self.0.prepare_cached("INSERT OR IGNORE INTO sweeps (id) VALUES (?1)")?.execute([sweep])?;
        let sql = "INSERT OR IGNORE INTO sweep_marks (sweep, released, sighting)
            SELECT no, ?2, ?3 FROM sweeps WHERE id = ?1";
        let values = (sweep, released.map_or("", SchemeId::as_str), sighting);
        Ok(self.0.prepare_cached(sql)?.execute(values)? > 0)
    }

    /// Drops the marks of counted users: from now on none of them is counted again.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn forget_marks(self, sweep: &SweepId, released: Option<&SchemeId>) -> Result<(), Error> {
        let sql = "DELETE FROM sweep_marks WHERE sweep = (SELECT no FROM sweeps WHERE id = ?1) AND released = ?2";
        self.0.prepare_cached(sql)?.execute((sweep, released.map_or("", SchemeId::as_str)))?;
        Ok(())
    }

    /// The number of marked users.
    #[cfg(test)]
    pub(super) fn marks(self, sweep: &SweepId, released: Option<&SchemeId>) -> usize {
        let sql = "SELECT count(*) FROM sweep_marks JOIN sweeps ON no = sweep WHERE id = ?1 AND released = ?2";
        let values = (sweep, released.map_or("", SchemeId::as_str));
        self.0.query_row(sql, values, |row| row.get(0)).expect("counted")
    }

    /// The size of the last list of `source`.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn last_lists(self, source: &SourceId) -> Result<Option<LastLists>, Error> {
        let mut statement = self.0.prepare_cached("SELECT users, pages FROM list_costs WHERE source = ?1")?;
        let lists = statement.query_row([source], |row| Ok(LastLists { users: row.get(0)?, pages: row.get(1)? }));
        Ok(lists.optional()?)
    }

    /// The number of readings in the last run of `scheme`.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn last_reads(self, scheme: &SchemeId) -> Result<Option<u64>, Error> {
        let mut statement = self.0.prepare_cached("SELECT reads FROM read_costs WHERE scheme = ?1")?;
        Ok(statement.query_row([scheme], |row| row.get(0)).optional()?)
    }

    /// Records how long the list of `source` was.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn put_lists(self, source: &SourceId, lists: LastLists) -> Result<(), Error> {
        let sql = "INSERT OR REPLACE INTO list_costs (source, users, pages) VALUES (?1, ?2, ?3)";
        self.0.prepare_cached(sql)?.execute((source, lists.users, lists.pages))?;
        Ok(())
    }

    /// Records how many users the sweep had to read, for each of its schemes.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn put_reads(self, sweep: &SweepId, reads: u64) -> Result<(), Error> {
        let sql = "INSERT OR REPLACE INTO read_costs (scheme, reads) VALUES (?1, ?2)";
        let mut statement = self.0.prepare_cached(sql)?;
        let plan = self.plan(sweep)?.unwrap_or_default();
        if plan.undo_of.is_some() {
            return Ok(()); // no scheme was asked
        }
        for scheme in plan.schemes {
            statement.execute((scheme, reads))?;
        }
        Ok(())
    }

    /// Removes sweeps whose runs are all removed, and whose users are all decided.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn prune(self, horizon: Horizon) -> Result<Step, Error> {
        let mut step = Step::default();
        let mut outlived = self.0.prepare_cached(OUTLIVED)?;
        let values = named_params! { ":over": horizon.over, ":open": horizon.open };
        while let Some(no) = outlived.query_row(values, |row| row.get::<_, i64>(0)).optional()? {
            step.dropped += self.forget_some_marks(no, step.left())?;
            if step.is_full() {
                return Ok(step);
            }
            step.dropped += self.0.prepare_cached("DELETE FROM sweeps WHERE no = ?1")?.execute([no])?;
        }
        Ok(step)
    }

    /// Drops marks of the sweep with the number `no`, at most `most`. Returns their number.
    fn forget_some_marks(self, no: i64, most: usize) -> Result<usize, Error> {
        let sql =
            "SELECT released, sighting FROM sweep_marks WHERE sweep = ?1 ORDER BY released, sighting LIMIT 1 OFFSET ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        let rest = statement.query_row((no, most), |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        Ok(match rest.optional()? {
            Some((released, sighting)) => {
                let sql = "DELETE FROM sweep_marks WHERE sweep = ?1 AND (released, sighting) < (?2, ?3)";
                self.0.prepare_cached(sql)?.execute((no, released, sighting))?
            }
            None => self.0.prepare_cached("DELETE FROM sweep_marks WHERE sweep = ?1")?.execute([no])?,
        })
    }
}
