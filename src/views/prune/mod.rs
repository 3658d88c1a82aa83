//! Forgetting rows that tell of what the log no longer holds: a bounded step at a time, so that nobody waits for it.

use super::{Error, Views, dead_letters::DeadLetters, decisions::Decisions, orders::Orders, runs::Runs};
use crate::domain::Timestamp;

/// How many rows one step removes.
const AT_ONCE: usize = 500;

/// Until when rows are kept.
#[derive(Debug, Clone, Copy)]
pub struct Horizon {
    /// What was over before then is forgotten: it is in the log no more.
    pub over: Timestamp,
    /// What is not over, or was cancelled, is forgotten where nothing was heard of it since then: its source may have been
    /// paused for long.
    pub open: Timestamp,
}

/// One pass over all tables. It remembers where it is between its steps, and begins anew after a restart.
#[derive(Debug)]
pub struct Pruning {
    views: Views,
    horizon: Horizon,
    table: usize,
}

/// What one step has come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// How many rows it removed.
    pub(super) dropped: usize,
}

impl Step {
    /// So many rows a step removes at most.
    pub(super) const MOST: usize = AT_ONCE;

    /// One that removed so many rows.
    pub(super) const fn of(dropped: usize) -> Self {
        Self { dropped }
    }

    /// How many more rows it may remove.
    pub(super) const fn left(&self) -> usize {
        AT_ONCE.saturating_sub(self.dropped)
    }

    /// Whether it may remove no more: there may be more in the table.
    pub(super) const fn is_full(&self) -> bool {
        self.left() == 0
    }
}

impl Pruning {
    /// Removes some rows, and says how many; none: nothing is left to look at.
    ///
    /// # Errors
    /// [`Error::Database`] if the rows can't be removed.
    pub fn step(&mut self) -> Result<Option<usize>, Error> {
        let (table, horizon) = (self.table, self.horizon);
        let step = self.views.database.write(|db| {
            Ok(Some(match table {
                0 => DeadLetters(db).prune(horizon)?,
                1 => Runs(db).prune(horizon)?,
                2 => Runs(db).prune_sweeps(horizon)?,
                3 => Decisions(db).prune(horizon)?,
                4 => Decisions(db).prune_names(horizon)?,
                5 => DeadLetters(db).prune_statuses(horizon)?,
                6 => Orders(db).prune(horizon)?,
                _ => return Ok(None),
            }))
        })?;
        let Some(step) = step else { return Ok(None) };
        self.table += usize::from(!step.is_full());
        Ok(Some(step.dropped))
    }
}

impl Views {
    /// A pass that forgets what is older than `horizon`. What usher has seen of users stays, and so do clocks of schemes:
    /// there is one row for each.
    pub fn pruning(&self, horizon: Horizon) -> Pruning {
        Pruning { views: self.clone(), horizon, table: 0 }
    }
}

#[cfg(test)]
mod tests;
