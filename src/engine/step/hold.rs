//! Why a step is kept back before anything is looked at.

use crate::domain::{Decision, SchemeVerdict, Step};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Hold<'a> {
    /// The run has limits, and is counted before anything is done.
    Limits,
    /// So many users were created at once; with the words for it. An administrator says what becomes of it.
    MassCreation(&'a str),
}

impl<'a> Hold<'a> {
    /// Why `step` of `decision` is kept back, if it is. Where nothing is changed anyway, nothing is kept back for the number
    /// of users.
    pub(in crate::engine) fn of(
        decision: &'a Decision,
        verdict: &SchemeVerdict,
        step: &Step,
        dry_run: bool,
    ) -> Option<Self> {
        if verdict.held {
            return Some(Self::Limits);
        }
        let is_kept_back = !dry_run && step.is_kept_back_in_mass_creations();
        decision.mass_creation.as_deref().filter(|_| is_kept_back).map(Self::MassCreation)
    }

    /// In words.
    pub(super) fn reason(self) -> &'a str {
        match self {
            Self::Limits => "kept back until the run's limits are checked",
            Self::MassCreation(why) => why,
        }
    }

    /// Whether an administrator has to say what becomes of the step.
    pub(in crate::engine) fn is_to_be_decided(self) -> bool {
        matches!(self, Self::MassCreation(_))
    }
}
