//! One step to be carried out.

use super::hold::Hold;
use crate::domain::{Decision, EventKind, SchemeVerdict, StepRef};

/// One step to be carried out.
pub(in crate::engine) struct Plan<'a> {
    pub(in crate::engine) step: StepRef,
    pub(in crate::engine) decision: &'a Decision,
    /// The verdict that contains the step.
    pub(in crate::engine) verdict: &'a SchemeVerdict,
    /// Recorded, not done.
    pub(in crate::engine) dry_run: bool,
    /// Why it is kept back, if it is.
    pub(in crate::engine) held: Option<Hold<'a>>,
    /// Whether the planner has just found all steps of the scheme to be so, and no other step of the decision changes
    /// that.
    pub(in crate::engine) so_already: bool,
    /// Whether it follows a delete in its scheme, and is only for a refused delete.
    pub(in crate::engine) after_delete: bool,
    /// Whether other steps follow it in its scheme.
    pub(in crate::engine) followed: bool,
    /// Whether it may have been done without being remembered.
    pub(in crate::engine) in_doubt: bool,
}

impl Plan<'_> {
    /// Whether it puts back what a run did. Then it stands by itself: its scheme may be paused or changed by now.
    pub(in crate::engine) fn is_undo(&self) -> bool {
        self.step.kind == EventKind::Undo
    }
}
