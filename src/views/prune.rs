//! Forgetting rows that tell of what the log no longer holds: a bounded step at a time, so that nobody waits for it.

use super::{Error, Views};
use crate::domain::Timestamp;

/// How many rows one step looks at or removes.
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

/// One pass over all rows. It remembers where it is between its steps, and begins anew after a restart.
#[derive(Debug)]
pub struct Pruning {
    views: Views,
    horizon: Horizon,
    table: usize,
    from: Option<Vec<u8>>,
}

/// What one step has come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// How many rows it removed.
    pub(super) dropped: usize,
    /// The key from which to go on; none: this was the end of the table.
    pub(super) next: Option<Vec<u8>>,
}

/// How much of a step is left.
#[derive(Debug)]
pub(super) struct Room {
    left: usize,
    pub(super) dropped: usize,
}

impl Room {
    /// Of a whole step.
    pub(super) fn new() -> Self {
        Self { left: AT_ONCE, dropped: 0 }
    }

    /// A row is looked at; false where there is no room for it any more.
    pub(super) fn look(&mut self) -> bool {
        let has_room = self.left > 0;
        self.left = self.left.saturating_sub(1);
        has_room
    }

    /// The step ends before `key`.
    pub(super) fn go_on_at(self, key: &[u8]) -> Step {
        Step { dropped: self.dropped, next: Some(key.to_vec()) }
    }

    /// The step ends with the table.
    pub(super) fn end(self) -> Step {
        Step { dropped: self.dropped, next: None }
    }
}

impl Pruning {
    /// Removes some rows, and says how many; none: nothing is left to look at.
    pub fn step(&mut self) -> Result<Option<usize>, Error> {
        let (views, horizon, from) = (&self.views, self.horizon, self.from.as_deref());
        let Step { dropped, next } = match self.table {
            0 => views.dead_letters.prune(horizon, from)?,
            1 => views.runs.prune(horizon, from)?,
            2 => views.runs.prune_sweeps(horizon, from)?,
            3 => views.decisions.prune(horizon, from)?,
            4 => views.decisions.prune_names(horizon, from)?,
            5 => views.dead_letters.prune_statuses(horizon, from)?,
            6 => views.orders.prune(horizon, from)?,
            _ => return Ok(None),
        };
        self.table += usize::from(next.is_none());
        self.from = next;
        Ok(Some(dropped))
    }
}

impl Views {
    /// A pass that forgets what is older than `horizon`. What usher has seen of users stays, and so do clocks of schemes:
    /// there is one row for each.
    pub fn pruning(&self, horizon: Horizon) -> Pruning {
        Pruning { views: self.clone(), horizon, table: 0, from: None }
    }
}

#[cfg(test)]
mod tests;
