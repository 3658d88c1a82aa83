//! Removes runs without any record left in the log.

use super::{Runs, entries::Entries, sweeps::Sweeps, table::Table};
use crate::views::{
    Error,
    prune::step::{Horizon, Step},
};

impl Runs<'_> {
    /// Forgets runs with their entries: these first, as without the run they would never be found. Where there is no room
    /// for all of them the rest goes with the next step.
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
    pub(in crate::views) fn prune_sweeps(self, horizon: Horizon) -> Result<Step, Error> {
        Sweeps(self.0).prune(horizon)
    }
}
