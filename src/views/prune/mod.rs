//! Pruning: removes rows about records that the log no longer holds. Each step is bounded, so that writers don't wait
//! long.

pub(super) mod step;

use self::step::Horizon;
use super::{
    Error, Views,
    admin_actions::AdminActions,
    dead_letters::DeadLetters,
    decisions::Decisions,
    orders::Orders,
    runs::{Deletions, Runs},
};

/// One pass over all tables. It remembers its place between its steps, and starts again after a restart.
#[derive(Debug)]
pub struct Pruning {
    views: Views,
    horizon: Horizon,
    table: usize,
}

impl Pruning {
    /// Removes some rows, and returns their number; none: nothing is left to check.
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
                7 => Deletions(db).remove()?,
                8 => Deletions(db).prune(horizon.open)?,
                9 => AdminActions(db).prune(horizon)?,
                _ => return Ok(None),
            }))
        })?;
        let Some(step) = step else { return Ok(None) };
        self.table += usize::from(!step.is_full());
        Ok(Some(step.dropped))
    }
}

impl Views {
    /// A pass that removes rows older than `horizon`. The activity of users stays, and so do the schedules of schemes:
    /// there is one row for each.
    pub fn pruning(&self, horizon: Horizon) -> Pruning {
        Pruning { views: self.clone(), horizon, table: 0 }
    }
}

#[cfg(test)]
mod tests;
