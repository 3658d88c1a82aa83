//! The number of runs that wait for an administrator, for the rows of sources and schemes.

use crate::{
    admin::{AdminState, api::Problem},
    views::{OpenRun, RunState},
};

/// The runs of sweeps that have not ended; waits for the disk.
///
/// # Errors
/// An internal [`Problem`] if the views can't be read.
pub(in crate::admin::api) fn open_runs(state: &AdminState) -> Result<Vec<OpenRun>, Problem> {
    state.views.open_runs().map_err(|error| Problem::internal(&error))
}

/// The number of held runs among the `wanted` ones.
pub(in crate::admin::api) fn held(open: &[OpenRun], wanted: impl Fn(&OpenRun) -> bool) -> usize {
    open.iter().filter(|run| run.state == RunState::Held && wanted(run)).count()
}
