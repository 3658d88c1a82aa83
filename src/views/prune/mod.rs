//! Forgetting rows that tell of what the log no longer holds: a bounded step at a time, so that nobody waits for it.

pub(super) mod step;

use self::step::Horizon;
use super::{Error, Views, dead_letters::DeadLetters, decisions::Decisions, orders::Orders, runs::Runs};

/// One pass over all tables. It remembers where it is between its steps, and begins anew after a restart.
#[derive(Debug)]
pub struct Pruning {
    views: Views,
    horizon: Horizon,
    table: usize,
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
