//! Removing runs from the run log.
//!
//! A removal is a record in the settings, with a filter and a time. It counts for runs that had ended by then. So the
//! same runs are gone after the views were built anew, in whichever order the streams are read: the removal marks the runs
//! that are there, and a run that comes later is marked when it is written. Marked runs are shown nowhere, and their rows
//! are removed in small steps.

use rusqlite::{Connection, params_from_iter, types::Value};
use serde::{Deserialize, Serialize};

use super::{Error, Run, Runs, entries::Entries, row::Row, table::Table};
use crate::{
    domain::{DeletedRuns, Matching, RunId, RunSelection, Timestamp},
    views::{database::Json, prune::step::Step},
};

/// The effect of a removal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deletable {
    /// The number of runs that would be removed.
    pub deleted: u64,
    /// The number of runs that are held.
    pub held: u64,
    /// The number of runs that have not ended.
    pub running: u64,
    /// The runs that are being undone, and the undos of runs that are there.
    pub undoing: Vec<RunId>,
    /// The number of named runs that are not there.
    pub missing: u64,
}

/// A removal as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    runs: RunSelection,
    except: Vec<RunId>,
}

/// The table of removals.
#[derive(Debug, Clone, Copy)]
pub(in crate::views) struct Deletions<'c>(pub(in crate::views) &'c Connection);

/// The run is not removed yet.
const THERE: &str = "NOT EXISTS (SELECT 1 FROM runs_removed WHERE run = runs.no)";
const ENDED: &str = "state IN ('done', 'failed', 'cancelled')";
/// The runs whose undo has not ended, and the undos of runs that are there: the number of its undos names the next one.
const UNDONE: &str = "
    SELECT undo_of AS undoing FROM runs INDEXED BY runs_by_undo
        WHERE undo_of IS NOT NULL AND state IN ('running', 'held')
    UNION ALL SELECT undo.id FROM runs AS undo INDEXED BY runs_by_undo JOIN runs AS undone ON undone.id = undo.undo_of
        WHERE undo.undo_of IS NOT NULL AND NOT EXISTS (SELECT 1 FROM runs_removed WHERE run = undone.no)";
/// Keeps the time of the latest of the runs that `WHERE` selects.
const KEEP_UNTIL: &str = "ON CONFLICT (source) DO UPDATE SET latest = max(latest, excluded.latest)";

impl Deletions<'_> {
    /// Takes in a removal, and marks the runs that are there.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(in crate::views) fn apply(self, deleted: &DeletedRuns) -> Result<(), Error> {
        let DeletedRuns { id, at, runs, except, .. } = deleted;
        let kept = Json(Kept { runs: runs.clone(), except: except.clone() });
        let sql = "INSERT OR REPLACE INTO run_deletions (id, at, deletion) VALUES (?1, ?2, ?3)";
        self.0.prepare_cached(sql)?.execute((id, at, kept))?;
        let (wanted, mut values) = conditions(runs);
        values.extend([Value::from(at.as_millis()), Value::from(serde_json::json!(except).to_string())]);
        let marked = format!(
            "WHERE {wanted} AND {THERE} AND {ENDED} AND latest <= ? AND id NOT IN (SELECT value FROM json_each(?))"
        );
        let until = format!(
            "INSERT INTO removed_until (source, latest) SELECT source, max(latest) FROM runs {marked}
                AND NOT test_mode AND changed + unchanged > 0 GROUP BY source
            {KEEP_UNTIL}"
        );
        let marks = format!("INSERT OR IGNORE INTO runs_removed (run) SELECT no FROM runs {marked}");
        // The time first: afterwards the runs are marked, and no longer selected.
        for sql in [until, marks] {
            self.0.prepare_cached(&sql)?.execute(params_from_iter(&values))?;
        }
        Ok(())
    }

    /// Marks the run in `row`, if it has ended and a removal that is newer is about it.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn mark(self, row: &Row, latest: Timestamp) -> Result<(), Error> {
        if !row.run.state.is_final() {
            return Ok(());
        }
        let sql = "SELECT deletion FROM run_deletions INDEXED BY run_deletions_by_time WHERE at >= ?1";
        let mut statement = self.0.prepare_cached(sql)?;
        let newer = statement.query_map([latest], |row| row.get::<_, Json<Kept>>(0))?;
        for kept in newer {
            if is_about(&kept?.0, row) {
                let sql = "INSERT OR IGNORE INTO runs_removed (run) SELECT no FROM runs WHERE id = ?1";
                self.0.prepare_cached(sql)?.execute([&row.run.id])?;
                let did_something = !row.run.test_mode && row.run.counts.changed + row.run.counts.unchanged > 0;
                if did_something {
                    let sql = format!("INSERT INTO removed_until (source, latest) VALUES (?1, ?2) {KEEP_UNTIL}");
                    self.0.prepare_cached(&sql)?.execute((&row.run.source, latest))?;
                }
                return Ok(());
            }
        }
        Ok(())
    }

    /// Removes some rows of marked runs.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(in crate::views) fn remove(self) -> Result<Step, Error> {
        let mut step = Step::default();
        while let Some(run) = self.next()? {
            step.dropped += Entries(self.0).remove(run, step.left())?;
            if step.is_full() {
                break;
            }
            Table(self.0).remove(run)?;
            self.0.prepare_cached("DELETE FROM runs_removed WHERE run = ?1")?.execute([run])?;
            step.dropped += 1;
        }
        Ok(step)
    }

    fn next(self) -> Result<Option<i64>, Error> {
        let mut statement = self.0.prepare_cached("SELECT min(run) FROM runs_removed")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Forgets removals from before `horizon`: the log has no records of their runs any more.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(in crate::views) fn prune(self, horizon: Timestamp) -> Result<Step, Error> {
        Ok(Step::of(self.0.prepare_cached("DELETE FROM run_deletions WHERE at < ?1")?.execute([horizon])?))
    }

    /// Whether the removal `id` has been read.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(in crate::views) fn has(self, id: &str) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM run_deletions WHERE id = ?1)";
        Ok(self.0.prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
    }
}

impl Runs<'_> {
    /// Whether a run of the source of `run` was removed from the run log that was at work after `run` began, and changed
    /// users or found them as it wanted them.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(in crate::views) fn later_was_removed(self, run: &Run) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM removed_until WHERE source = ?1 AND latest >= ?2)";
        Ok(self.0.prepare_cached(sql)?.query_row((&run.source, run.started), |row| row.get(0))?)
    }

    /// The effect that a removal of `runs` would have now.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn deletable(self, runs: &RunSelection) -> Result<Deletable, Error> {
        let (wanted, values) = conditions(runs);
        let count = |from: &str| -> Result<u64, Error> {
            let sql = format!("SELECT count(*) FROM {from} {wanted}");
            Ok(self.0.prepare_cached(&sql)?.query_row(params_from_iter(&values), |row| row.get(0))?)
        };
        // Each of these is counted in an index as long as one filter at most is on: of very many runs no row is read. A cross
        // join begins with the few runs on its left.
        let removed = count("runs_removed CROSS JOIN runs ON runs.no = runs_removed.run WHERE")?;
        let found = count("runs WHERE")?.saturating_sub(removed);
        let held = count("runs INDEXED BY runs_by_state WHERE state = 'held' AND")?;
        let running = count("runs INDEXED BY runs_by_state WHERE state = 'running' AND")?;
        let sql = format!(
            "SELECT DISTINCT id FROM ({UNDONE}) CROSS JOIN runs ON id = undoing WHERE {ENDED} AND {wanted} AND {THERE}"
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let undoing =
            statement.query_map(params_from_iter(&values), |row| row.get(0))?.collect::<Result<Vec<RunId>, _>>()?;
        let missing = match runs {
            RunSelection::These(ids) => (ids.len() as u64).saturating_sub(found),
            RunSelection::All(_) => 0,
        };
        let deleted = found.saturating_sub(held + running + undoing.len() as u64);
        Ok(Deletable { deleted, held, running, undoing, missing })
    }
}

/// The runs that a removal is about, as conditions with the value of each `?`. An index can serve each condition.
fn conditions(runs: &RunSelection) -> (String, Vec<Value>) {
    let Matching { before, scheme, source, kind, state, test_mode } = match runs {
        RunSelection::These(ids) => {
            let ids = serde_json::json!(ids).to_string();
            return ("id IN (SELECT value FROM json_each(?))".to_owned(), vec![ids.into()]);
        }
        RunSelection::All(matching) => matching,
    };
    let filters = [
        ("started < ?", Some(Value::from(before.as_millis()))),
        ("scheme = ?", scheme.as_ref().map(|scheme| scheme.to_string().into())),
        ("source = ?", source.as_ref().map(|source| source.to_string().into())),
        ("kind = ?", kind.clone().map(Value::from)),
        ("state = ?", state.clone().map(Value::from)),
        ("test_mode = ?", test_mode.map(Value::from)),
    ];
    let (wanted, values): (Vec<_>, Vec<_>) =
        filters.into_iter().filter_map(|(filter, value)| Some((filter, value?))).unzip();
    (wanted.join(" AND "), values)
}

fn is_about(kept: &Kept, row: &Row) -> bool {
    let run = &row.run;
    if kept.except.contains(&run.id) {
        return false;
    }
    match &kept.runs {
        RunSelection::These(ids) => ids.contains(&run.id),
        RunSelection::All(Matching { before, scheme, source, kind, state, test_mode }) => {
            run.started < *before
                && scheme.as_ref().is_none_or(|scheme| run.scheme == *scheme)
                && source.as_ref().is_none_or(|source| run.source == *source)
                && kind.as_ref().is_none_or(|kind| run.kind.as_str() == kind)
                && state.as_ref().is_none_or(|state| run.state.as_str() == state)
                && test_mode.is_none_or(|test_mode| run.test_mode == test_mode)
        }
    }
}
