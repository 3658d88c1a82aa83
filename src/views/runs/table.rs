//! The table of runs.

use rusqlite::{Connection, OptionalExtension as _, named_params};

use super::{
    Counts, Deletions, RunState,
    groups::Groups,
    open::OpenRun,
    row::{Part, Row, Run},
};
use crate::{
    domain::{RunId, Timestamp},
    views::{Error, database::Json, orders::OrdersOfRun, prune::step::Horizon},
};

/// See the module.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'c>(pub(super) &'c Connection);

/// Updates a row. The columns of most indexes stay unchanged, because SQLite writes each index of a column that is set
/// again.
const PUT: &str = "
    INSERT INTO runs (
        id, trigger, scheme, scheme_version, source, user, user_name, event, via, sweep, test_mode, state, why, started,
        held_since, finished, seen, selected, would_change, already_so, protected, unknown, changed, unchanged, tested,
        held, failed, estimate, actions, planned, last_ended, part, latest, kind, undo_of
    ) VALUES (
        :id, :trigger, :scheme, :scheme_version, :source, :user, :user_name, :event, :via, :sweep, :test_mode, :state,
        :why, :started, :held_since, :finished, :seen, :selected, :would_change, :already_so, :protected, :unknown,
        :changed, :unchanged, :tested, :held, :failed, :estimate, :actions, :planned, :last_ended, :part, :latest,
        :kind, :undo_of
    ) ON CONFLICT (id) DO UPDATE SET
        trigger = excluded.trigger, scheme_version = excluded.scheme_version, user = excluded.user,
        user_name = excluded.user_name, event = excluded.event, via = excluded.via, test_mode = excluded.test_mode,
        state = excluded.state, why = excluded.why, held_since = excluded.held_since, finished = excluded.finished,
        seen = excluded.seen, selected = excluded.selected, would_change = excluded.would_change,
        already_so = excluded.already_so, protected = excluded.protected, unknown = excluded.unknown,
        changed = excluded.changed, unchanged = excluded.unchanged, tested = excluded.tested, held = excluded.held,
        failed = excluded.failed, estimate = excluded.estimate, actions = excluded.actions, planned = excluded.planned,
        last_ended = excluded.last_ended, part = excluded.part, latest = excluded.latest";
/// A run may turn out to have started at another time, or to be of another kind.
const MOVE: &str = "UPDATE runs SET started = ?2, kind = ?3, undo_of = ?4 WHERE id = ?1";
/// A run that can have no further records. A held run waits for an administrator, however long.
const OUTLIVED: &str = "
    SELECT no FROM runs
    WHERE latest < max(:over, :open) AND CASE
        WHEN state = 'held' THEN 0
        -- Known by an outcome alone: its decision was older, and is not in the log any more.
        WHEN state = 'running' AND planned IS NULL THEN latest < :over
        -- Steps of a cancelled one may have still to be passed over, when its source goes on.
        WHEN state IN ('running', 'cancelled') THEN latest < :open
        ELSE latest < :over
    END
    LIMIT 1";

impl Table<'_> {
    /// The run with `id`.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn get(self, id: &RunId) -> Result<Option<Row>, Error> {
        let mut statement = self.0.prepare_cached("SELECT * FROM runs WHERE id = ?1")?;
        Ok(statement.query_row([id], row).optional()?)
    }

    /// The run with the number `no`, and the orders about it.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn at(self, no: i64) -> Result<Option<(Row, OrdersOfRun)>, Error> {
        let sql = "SELECT * FROM runs LEFT JOIN run_orders ON run_orders.run = runs.id
            WHERE runs.no = ?1 AND NOT EXISTS (SELECT 1 FROM runs_removed WHERE runs_removed.run = ?1)";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row([no], |columns| Ok((row(columns)?, OrdersOfRun::of(columns)?))).optional()?)
    }

    /// The number of a run, by which its entries are found.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn number(self, id: &RunId) -> Result<Option<i64>, Error> {
        let mut statement = self.0.prepare_cached("SELECT no FROM runs WHERE id = ?1")?;
        Ok(statement.query_row([id], |row| row.get(0)).optional()?)
    }

    /// The number of a run, unless it is removed from the run log.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn shown(self, id: &RunId) -> Result<Option<i64>, Error> {
        let sql = "SELECT no FROM runs WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM runs_removed WHERE run = no)";
        Ok(self.0.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?)
    }

    /// Writes `row` in place of `earlier`.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn put(self, earlier: Option<&Row>, row: &Row) -> Result<(), Error> {
        let Row { run, planned, last_ended, sweep: part } = row;
        let counts = &run.counts;
        self.0.prepare_cached(PUT)?.execute(named_params! {
            ":id": run.id, ":trigger": run.trigger, ":scheme": run.scheme, ":scheme_version": run.scheme_version,
            ":source": run.source, ":user": run.user, ":user_name": run.user_name, ":event": run.event, ":via": run.via,
            ":sweep": run.sweep, ":test_mode": run.test_mode, ":state": run.state, ":why": run.why,
            ":started": run.started, ":held_since": run.held_since, ":finished": run.finished, ":seen": counts.seen,
            ":selected": counts.selected, ":would_change": counts.would_change, ":already_so": counts.already_so,
            ":protected": counts.protected, ":unknown": counts.unknown, ":changed": counts.changed,
            ":unchanged": counts.unchanged, ":tested": counts.tested, ":held": counts.held, ":failed": counts.failed,
            ":estimate": run.estimate.as_ref().map(Json), ":actions": Json(&run.actions), ":planned": planned,
            ":last_ended": last_ended, ":part": part.as_ref().map(Json), ":latest": row.latest(), ":kind": run.kind,
            ":undo_of": run.undo_of,
        })?;
        Groups(self.0).moved(earlier, Some(row))?;
        let place = |run: &Run| (run.started, run.kind, run.undo_of.is_some());
        if earlier.is_some_and(|earlier| place(&earlier.run) != place(run)) {
            self.0.prepare_cached(MOVE)?.execute((&run.id, run.started, run.kind, &run.undo_of))?;
        }
        Deletions(self.0).mark(row, row.latest())
    }

    /// The number of a run that can have no further records.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn outlived(self, horizon: Horizon) -> Result<Option<i64>, Error> {
        let mut statement = self.0.prepare_cached(OUTLIVED)?;
        let values = named_params! { ":over": horizon.over, ":open": horizon.open };
        Ok(statement.query_row(values, |row| row.get(0)).optional()?)
    }

    /// Forgets the run with the number `no`; its entries are not touched.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn remove(self, no: i64) -> Result<(), Error> {
        let mut statement = self.0.prepare_cached("SELECT * FROM runs WHERE no = ?1")?;
        let earlier = statement.query_row([no], row).optional()?;
        Groups(self.0).moved(earlier.as_ref(), None)?;
        self.0.prepare_cached("DELETE FROM runs WHERE no = ?1")?.execute([no])?;
        Ok(())
    }

    /// The undos of `run`, the newest first.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn undos(self, run: &RunId) -> Result<Vec<Row>, Error> {
        let sql = "SELECT * FROM runs INDEXED BY runs_by_undo WHERE undo_of = ?1 ORDER BY started DESC";
        let mut statement = self.0.prepare_cached(sql)?;
        let undos = statement.query_map([run], row)?;
        Ok(undos.collect::<Result<_, _>>()?)
    }

    /// The runs of sweeps that are running or held.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn open(self) -> Result<Vec<OpenRun>, Error> {
        let sql = "SELECT sweep, scheme, source, state FROM runs INDEXED BY runs_open
            WHERE sweep IS NOT NULL AND state IN ('running', 'held') ORDER BY id";
        let mut statement = self.0.prepare_cached(sql)?;
        let runs = statement.query_map([], |row| {
            let (sweep, scheme) = (row.get("sweep")?, row.get("scheme")?);
            Ok(OpenRun { sweep, scheme, source: row.get("source")?, state: row.get("state")? })
        })?;
        Ok(runs.collect::<Result<_, _>>()?)
    }
}

impl Row {
    /// The time of the latest known record about the run.
    fn latest(&self) -> Timestamp {
        self.last_ended.max(self.run.finished).unwrap_or(self.run.started).max(self.run.started)
    }
}

/// Reads the run in the columns. Data of other tables are none.
fn row(columns: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let sweep = columns.get::<_, Option<Json<Part>>>("part")?.map(|part| part.0);
    let run = Run {
        id: columns.get("id")?,
        kind: columns.get("kind")?,
        trigger: columns.get("trigger")?,
        scheme: columns.get("scheme")?,
        scheme_version: columns.get("scheme_version")?,
        source: columns.get("source")?,
        user: columns.get("user")?,
        user_name: columns.get("user_name")?,
        event: columns.get("event")?,
        via: columns.get("via")?,
        sweep: columns.get("sweep")?,
        by: None,
        reason: None,
        undo_of: columns.get("undo_of")?,
        undone_by: None,
        released: None,
        cancelled: None,
        test_mode: columns.get("test_mode")?,
        state: columns.get::<_, RunState>("state")?,
        why: columns.get("why")?,
        started: columns.get("started")?,
        held_since: columns.get("held_since")?,
        finished: columns.get("finished")?,
        counts: counts(columns)?,
        fell_out: sweep.as_ref().map_or(0, |part| part.fell_out),
        complete: None,
        incomplete_why: None,
        progress: None,
        estimate: columns.get::<_, Option<Json<_>>>("estimate")?.map(|estimate| estimate.0),
        actions: columns.get::<_, Json<_>>("actions")?.0,
    };
    Ok(Row { run, planned: columns.get("planned")?, last_ended: columns.get("last_ended")?, sweep })
}

fn counts(columns: &rusqlite::Row<'_>) -> rusqlite::Result<Counts> {
    Ok(Counts {
        seen: columns.get("seen")?,
        selected: columns.get("selected")?,
        would_change: columns.get("would_change")?,
        already_so: columns.get("already_so")?,
        protected: columns.get("protected")?,
        unknown: columns.get("unknown")?,
        changed: columns.get("changed")?,
        unchanged: columns.get("unchanged")?,
        tested: columns.get("tested")?,
        held: columns.get("held")?,
        failed: columns.get("failed")?,
    })
}
