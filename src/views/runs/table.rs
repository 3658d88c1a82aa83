//! Runs, entries and sweeps within one transaction.

use serde::{Serialize, de::DeserializeOwned};
use sled::transaction::{
    ConflictableTransactionError as Conflictable, TransactionError, Transactional, TransactionalTree,
};

use super::{
    Runs,
    row::{Row, Run},
    sweep::{self, Tally},
};
use crate::{
    domain::{RunId, SweepId, SweepPlan, Timestamp},
    views::{Error, keys::newest_first},
};

pub(super) type Tried<T> = Result<T, Conflictable<Error>>;

/// All trees of runs, within a transaction.
pub(super) struct Table<'a> {
    rows: &'a TransactionalTree,
    index: &'a TransactionalTree,
    pub(super) entries: &'a TransactionalTree,
    pub(super) sweeps: &'a TransactionalTree,
    pub(super) open: &'a TransactionalTree,
    pub(super) costs: &'a TransactionalTree,
}

impl Runs {
    /// Does all of `change` or nothing.
    pub(super) fn transaction<T>(&self, change: impl Fn(Table<'_>) -> Tried<T>) -> Result<T, Error> {
        (&self.rows, &self.index, &self.entries, &self.sweeps, &self.open, &self.costs)
            .transaction(|(rows, index, entries, sweeps, open, costs)| {
                change(Table { rows, index, entries, sweeps, open, costs })
            })
            .map_err(|error| match error {
                TransactionError::Abort(error) => error,
                TransactionError::Storage(error) => error.into(),
            })
    }
}

impl Table<'_> {
    pub(super) fn get(&self, id: &RunId) -> Tried<Option<Row>> {
        let Some(key) = self.index.get(id.as_str())? else { return Ok(None) };
        read(self.rows, &key)
    }

    /// Writes `row` in place of `earlier`, which may stand elsewhere: it may have started at another time.
    pub(super) fn put(&self, earlier: Option<&Row>, row: &Row) -> Tried<()> {
        if let Some(earlier) = earlier {
            self.rows.remove(place(&earlier.run))?;
        }
        write(self.rows, &place(&row.run), row)?;
        self.index.insert(row.run.id.as_str(), place(&row.run))?;
        self.note_open(earlier, row)
    }

    /// Forgets a run; its entries are not touched.
    pub(super) fn remove(&self, row: &Row) -> Tried<()> {
        self.rows.remove(place(&row.run))?;
        self.index.remove(row.run.id.as_str())?;
        self.open.remove(row.run.id.as_str())?;
        Ok(())
    }

    pub(super) fn plan(&self, sweep: &SweepId) -> Tried<Option<SweepPlan>> {
        read(self.sweeps, &sweep::plan(sweep))
    }

    pub(super) fn put_plan(&self, sweep: &SweepId, plan: &SweepPlan) -> Tried<()> {
        write(self.sweeps, &sweep::plan(sweep), plan)
    }

    pub(super) fn tally(&self, sweep: &SweepId) -> Tried<Tally> {
        Ok(read(self.sweeps, &sweep::tally(sweep))?.unwrap_or_default())
    }

    pub(super) fn put_tally(&self, sweep: &SweepId, tally: &Tally) -> Tried<()> {
        write(self.sweeps, &sweep::tally(sweep), tally)
    }

    /// Brings all runs of a sweep up to date with how far it has come.
    pub(super) fn settle_all(&self, sweep: &SweepId, at: Timestamp) -> Tried<()> {
        let (tally, plan) = (self.tally(sweep)?, self.plan(sweep)?.unwrap_or_default());
        for scheme in &plan.schemes {
            if let Some(earlier) = self.get(&RunId::of_sweep(sweep, scheme))? {
                self.put(Some(&earlier), &earlier.clone().settled(Some(&tally), at))?;
            }
        }
        Ok(())
    }
}

/// Where a run stands: the newest first.
fn place(run: &Run) -> Vec<u8> {
    newest_first(run.started, run.id.as_str())
}

pub(super) fn read<T: DeserializeOwned>(tree: &TransactionalTree, key: &[u8]) -> Tried<Option<T>> {
    let Some(row) = tree.get(key)? else { return Ok(None) };
    serde_json::from_slice(&row).map(Some).map_err(|error| Conflictable::Abort(error.into()))
}

pub(super) fn write(tree: &TransactionalTree, key: &[u8], row: &impl Serialize) -> Tried<()> {
    let row = serde_json::to_vec(row).map_err(|error| Conflictable::Abort(Error::from(error)))?;
    tree.insert(key, row)?;
    Ok(())
}
