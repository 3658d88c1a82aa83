//! The end of a step.

use super::hold::Hold;
use crate::{
    domain::{CallMade, Step, StepResult},
    products::Error,
    store::Entry,
};

/// The end of a step.
pub(in crate::engine) struct Ended {
    pub(in crate::engine) result: StepResult,
    pub(in crate::engine) reason: String,
    pub(in crate::engine) before: Option<String>,
    pub(in crate::engine) error: Option<String>,
    /// The state after the change, if it was read.
    pub(in crate::engine) after: Option<String>,
    /// How often the product was asked for the change.
    pub(in crate::engine) attempts: u32,
    /// The last call for the change.
    pub(in crate::engine) call: Option<CallMade>,
}

impl Ended {
    /// Ended with `result`, for `reason`.
    pub(super) fn with(result: StepResult, reason: impl Into<String>) -> Self {
        Self { result, reason: reason.into(), before: None, error: None, after: None, attempts: 0, call: None }
    }

    /// Kept back, for `reason`.
    pub(super) fn held(reason: impl Into<String>) -> Self {
        Self::with(StepResult::Held, reason)
    }

    /// A step that is given up for `reason`, a bug of usher. If it was `held` anyway, it stays held.
    pub(in crate::engine) fn by_bug(held: Option<Hold<'_>>, reason: String) -> Self {
        match held {
            Some(held) => Self::held(held.reason()),
            None => Self::with(StepResult::Failed, reason),
        }
    }

    /// A skipped step: the user is deleted.
    pub(super) fn skipped() -> Self {
        Self::with(StepResult::Unchanged, "skipped: the user is deleted")
    }

    /// Adds the state before the step.
    pub(in crate::engine) fn before(self, before: Option<String>) -> Self {
        Self { before, ..self }
    }

    /// Adds the state after the step.
    pub(super) fn after(self, after: Option<String>) -> Self {
        Self { after, ..self }
    }

    /// Adds how often the product was asked for the change, and the last call.
    pub(super) fn asked(self, attempts: u32, call: Option<CallMade>) -> Self {
        Self { attempts, call, ..self }
    }

    /// Adds the product's error.
    pub(super) fn because(self, error: &Error) -> Self {
        Self { error: Some(error.to_string()), ..self }
    }
}

/// The ledger's entry for `step` with `result`, and with or without an error.
pub(in crate::engine) fn entry(step: &Step, result: StepResult, error: Option<&str>) -> Entry {
    match result {
        StepResult::Held => Entry::KeptBack,
        // With an error it is a refusal that did no harm: the user is there.
        StepResult::Changed | StepResult::Unchanged if *step == Step::Delete && error.is_none() => Entry::Gone,
        StepResult::Changed | StepResult::Unchanged | StepResult::Tested | StepResult::Failed => Entry::Done,
    }
}
