//! One step as it is to be taken.

use super::hold::Hold;
use crate::domain::{Decision, SchemeVerdict, StepRef};

/// One step as it is to be taken.
pub(in crate::engine) struct Plan<'a> {
    pub(in crate::engine) step: StepRef,
    pub(in crate::engine) decision: &'a Decision,
    /// The part of it that asks for the step.
    pub(in crate::engine) verdict: &'a SchemeVerdict,
    /// Recorded, not done.
    pub(in crate::engine) dry_run: bool,
    /// Why it is kept back, if it is.
    pub(in crate::engine) held: Option<Hold<'a>>,
    /// Whether the planner has just found all steps of the scheme to be so, and no other step of the decision changes
    /// that.
    pub(in crate::engine) so_already: bool,
    /// Whether it stands behind a delete in its scheme, and is for when that is refused.
    pub(in crate::engine) after_delete: bool,
    /// Whether others stand behind it in its scheme.
    pub(in crate::engine) followed: bool,
    /// Whether it may have been done without being remembered.
    pub(in crate::engine) in_doubt: bool,
}
