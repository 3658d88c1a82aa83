//! The reason why a step is held before the user is read.

use crate::domain::{Decision, SchemeVerdict, Step};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Hold<'a> {
    /// The run has limits, and is counted before anything is done.
    Limits,
    /// Many users were created at once; the text says so. An administrator decides about the step.
    MassCreation(&'a str),
    /// It would put back what somebody else has changed since; the text says so.
    LeftAlone(&'a str),
}

impl<'a> Hold<'a> {
    /// The reason why the step at `index` of `verdict` is held, if it is. If nothing is changed anyway, the number of
    /// users holds nothing.
    pub(in crate::engine) fn of(
        decision: &'a Decision,
        verdict: &'a SchemeVerdict,
        index: usize,
        dry_run: bool,
    ) -> Option<Self> {
        if let Some(why) = verdict.left_alone.get(&index) {
            return Some(Self::LeftAlone(why));
        }
        if verdict.held {
            return Some(Self::Limits);
        }
        // Steps are released in their order. A step that gives something must not come before one that is kept back and
        // would take it away again later.
        let is_kept_back = verdict.steps[index].is_kept_back_in_mass_creations()
            || verdict.steps[..index].iter().any(takes_back_what_follows);
        decision.mass_creation.as_deref().filter(|_| is_kept_back && !dry_run).map(Self::MassCreation)
    }

    /// The reason in words.
    pub(super) fn reason(self) -> &'a str {
        match self {
            Self::Limits => "kept back until the run's limits are checked",
            Self::MassCreation(why) | Self::LeftAlone(why) => why,
        }
    }

    /// Whether an administrator has to decide about the step.
    pub(in crate::engine) fn is_to_be_decided(self) -> bool {
        matches!(self, Self::MassCreation(_))
    }
}

/// Whether `step` would undo the steps after it, if it were done later than they. A scheme may not both add and remove
/// the same group by name.
fn takes_back_what_follows(step: &Step) -> bool {
    match step {
        Step::RemoveAllGroups | Step::RemoveApplicationAccess(_) | Step::Delete => true,
        Step::AddGroup(_)
        | Step::RemoveGroup(_)
        | Step::Deactivate
        | Step::Reactivate
        | Step::Rename { .. }
        | Step::NameBack { .. }
        | Step::InvalidatePassword { .. }
        | Step::CreateIssue(_) => false,
    }
}

#[cfg(test)]
mod tests;
