//! How a step ended.

use super::hold::Hold;
use crate::{
    domain::{Step, StepResult},
    products::Error,
    store::Entry,
};

/// How a step ended.
pub(in crate::engine) struct Ended {
    pub(in crate::engine) result: StepResult,
    pub(in crate::engine) reason: String,
    pub(in crate::engine) before: Option<String>,
    pub(in crate::engine) error: Option<String>,
}

impl Ended {
    /// Ended with `result`, for `reason`.
    pub(super) fn with(result: StepResult, reason: impl Into<String>) -> Self {
        Self { result, reason: reason.into(), before: None, error: None }
    }

    /// Kept back, for `reason`.
    pub(super) fn held(reason: impl Into<String>) -> Self {
        Self::with(StepResult::Held, reason)
    }

    /// Given up for `reason`, which is a bug of usher; kept back still where it was `held` anyway.
    pub(in crate::engine) fn by_bug(held: Option<Hold<'_>>, reason: String) -> Self {
        match held {
            Some(held) => Self::held(held.reason()),
            None => Self::with(StepResult::Failed, reason),
        }
    }

    /// Nothing to be done any more: the user is deleted.
    pub(super) fn skipped() -> Self {
        Self::with(StepResult::Unchanged, "skipped: the user is deleted")
    }

    /// Knowing what was there before.
    pub(in crate::engine) fn before(self, before: Option<String>) -> Self {
        Self { before, ..self }
    }

    /// Because of what the product answered.
    pub(super) fn because(self, error: &Error) -> Self {
        Self { error: Some(error.to_string()), ..self }
    }
}

/// How `step` is remembered that ended with `result`, and with an error or not.
pub(in crate::engine) fn entry(step: &Step, result: StepResult, error: Option<&str>) -> Entry {
    match result {
        StepResult::Held => Entry::KeptBack,
        // With an error it is a refusal that did no harm: the user is there.
        StepResult::Changed | StepResult::Unchanged if *step == Step::Delete && error.is_none() => Entry::Gone,
        StepResult::Changed | StepResult::Unchanged | StepResult::Tested | StepResult::Failed => Entry::Done,
    }
}
