//! Runs and their entries. Each record is applied in one transaction, so that counts are right after a crash.

mod entry;
mod row;

use sled::transaction::{
    ConflictableTransactionError as Conflictable, TransactionError, Transactional, TransactionalTree,
};

pub use entry::Entry;
pub use row::{Counts, Run, RunState};

use self::row::Row;
use super::{
    Error,
    keys::{newest_first, part},
    page::{Page, Paging, Pick, page, take},
};
use crate::{
    domain::{Decision, Outcome, RunId, SchemeId, SourceId, StepResult, Timestamp},
    engine::AskedStep,
    store::Store,
};

/// Which runs to list; what is none lets all through.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this scheme.
    pub scheme: Option<SchemeId>,
    /// In this source.
    pub source: Option<SourceId>,
    /// That ask for this action.
    pub action: Option<String>,
    /// With a step that ended so.
    pub result: Option<StepResult>,
    /// That started then or later.
    pub since: Option<Timestamp>,
}

impl Filter {
    fn lets_through(&self, run: &Run) -> bool {
        self.scheme.as_ref().is_none_or(|scheme| *scheme == run.scheme)
            && self.source.as_ref().is_none_or(|source| *source == run.source)
            && self.action.as_ref().is_none_or(|action| run.actions.contains(action))
            && self.result.is_none_or(|result| run.counts.of(result) > 0)
    }
}

/// The rows of runs, newest first, found by id through an index; entries by run.
#[derive(Debug, Clone)]
pub(super) struct Runs {
    rows: sled::Tree,
    index: sled::Tree,
    entries: sled::Tree,
}

impl Runs {
    pub(super) fn new(store: &Store) -> Result<Self, Error> {
        Ok(Self {
            rows: store.tree("view-runs")?,
            index: store.tree("view-runs-index")?,
            entries: store.tree("view-entries")?,
        })
    }

    pub(super) fn trees(&self) -> [&sled::Tree; 3] {
        [&self.rows, &self.index, &self.entries]
    }

    /// Adds the runs that `decision` sets off. Of two decisions on one event, the first counts.
    pub(super) fn decided(&self, decision: &Decision) -> Result<(), Error> {
        for verdict in decision.selected() {
            self.transaction(|table, _| {
                let row = Row::from_verdict(decision, verdict);
                match table.get(&row.run.id)? {
                    None => table.put(None, &row),
                    Some(earlier) if earlier.planned.is_none() => {
                        table.put(Some(&earlier), &row.with_steps_of(&earlier, decision.decided))
                    }
                    Some(_) => Ok(()),
                }
            })?;
        }
        Ok(())
    }

    /// Adds what became of a step, and counts it. Of two outcomes of one step, the first counts.
    pub(super) fn ended(&self, outcome: &Outcome) -> Result<(), Error> {
        let key = [part(outcome.step.run.as_str()), outcome.step.key.as_str().into()].concat();
        self.transaction(|table, entries| {
            if entries.get(&key)?.is_some() {
                return Ok(());
            }
            entries.insert(key.as_slice(), json(&Entry::from(outcome))?)?;
            let earlier = table.get(&outcome.step.run)?;
            let row = earlier.clone().unwrap_or_else(|| Row::from_outcome(outcome));
            table.put(earlier.as_ref(), &row.with_step(outcome))
        })
    }

    /// Whether a step has an outcome.
    pub(super) fn has_ended(&self, step: &AskedStep) -> Result<bool, Error> {
        Ok(self.entries.contains_key([part(step.run.as_str()), step.key.as_str().into()].concat())?)
    }

    pub(super) fn list(&self, filter: &Filter, paging: &Paging) -> Result<Page<Run>, Error> {
        page(&self.rows, &[], paging, |row| {
            let Row { run, .. } = serde_json::from_slice(row)?;
            Ok(match filter.since {
                Some(since) if run.started < since => Pick::Stop,
                _ if filter.lets_through(&run) => Pick::Take(run),
                _ => Pick::Skip,
            })
        })
    }

    /// One run. In a transaction, because a run moves when its decision is read after its first outcome.
    pub(super) fn get(&self, id: &RunId) -> Result<Option<Run>, Error> {
        let row = (&self.rows, &self.index).transaction(|(rows, index)| Table { rows, index }.get(id));
        Ok(row.map_err(error)?.map(|row| row.run))
    }

    pub(super) fn entries(&self, id: &RunId, paging: &Paging) -> Result<Option<Page<Entry>>, Error> {
        if !self.index.contains_key(id.as_str())? {
            return Ok(None);
        }
        page(&self.entries, &part(id.as_str()), paging, take).map(Some)
    }

    fn transaction(
        &self,
        change: impl Fn(Table<'_>, &TransactionalTree) -> Result<(), Conflictable<Error>>,
    ) -> Result<(), Error> {
        (&self.rows, &self.index, &self.entries)
            .transaction(|(rows, index, entries)| change(Table { rows, index }, entries))
            .map_err(error)
    }
}

/// Runs within a transaction.
struct Table<'a> {
    rows: &'a TransactionalTree,
    index: &'a TransactionalTree,
}

impl Table<'_> {
    fn get(&self, id: &RunId) -> Result<Option<Row>, Conflictable<Error>> {
        let Some(key) = self.index.get(id.as_str())? else { return Ok(None) };
        let Some(row) = self.rows.get(key)? else { return Ok(None) };
        serde_json::from_slice(&row).map_err(|error| Conflictable::Abort(error.into()))
    }

    /// Writes `row` in place of `earlier`, which may stand elsewhere: it may have started at another time.
    fn put(&self, earlier: Option<&Row>, row: &Row) -> Result<(), Conflictable<Error>> {
        if let Some(earlier) = earlier {
            self.rows.remove(place(&earlier.run))?;
        }
        self.rows.insert(place(&row.run), json(row)?)?;
        self.index.insert(row.run.id.as_str(), place(&row.run))?;
        Ok(())
    }
}

fn place(run: &Run) -> Vec<u8> {
    newest_first(run.started, run.id.as_str())
}

fn json(row: &impl serde::Serialize) -> Result<Vec<u8>, Conflictable<Error>> {
    serde_json::to_vec(row).map_err(|error| Conflictable::Abort(error.into()))
}

fn error(error: TransactionError<Error>) -> Error {
    match error {
        TransactionError::Abort(error) => error,
        TransactionError::Storage(error) => error.into(),
    }
}

#[cfg(test)]
mod tests;
