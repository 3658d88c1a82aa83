//! How many runs wait for an administrator, for the rows of sources and schemes.

use super::{Problem, read};
use crate::{
    admin::AdminState,
    views::{OpenRun, RunState},
};

/// The runs of sweeps that have not ended.
pub(super) async fn open_runs(state: &AdminState) -> Result<Vec<OpenRun>, Problem> {
    let views = state.views.clone();
    read(move || views.open_runs()).await
}

/// How many of them are held, of those that are `wanted`.
pub(super) fn held(open: &[OpenRun], wanted: impl Fn(&OpenRun) -> bool) -> usize {
    open.iter().filter(|run| run.state == RunState::Held && wanted(run)).count()
}
