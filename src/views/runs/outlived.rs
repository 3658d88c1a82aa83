//! Removes runs without any record left in the log.

use super::{Runs, entries::Entries, sweeps::Sweeps, table::Table};
use crate::views::{
    Error,
    prune::step::{Horizon, Step},
};

impl Runs<'_> {
    /// Removes runs with their entries. Entries go first, because without the run they would never be found. If a step
    /// has no room for all of them, the next step removes the rest.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn prune(self, horizon: Horizon) -> Result<Step, Error> {
        let (runs, entries) = (Table(self.0), Entries(self.0));
        let mut step = Step::default();
        while let Some(run) = runs.outlived(horizon)? {
            step.dropped += entries.remove(run, step.left())?;
            if step.is_full() {
                break;
            }
            runs.remove(run)?;
            step.dropped += 1;
        }
        Ok(step)
    }

    /// Removes the data of sweeps whose runs are all removed.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn prune_sweeps(self, horizon: Horizon) -> Result<Step, Error> {
        Sweeps(self.0).prune(horizon)
    }
}
