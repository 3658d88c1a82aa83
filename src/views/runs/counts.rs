//! How many users a run saw and selected, and how its steps ended.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::StepResult;

/// See the module.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Users looked at.
    pub seen: u64,
    /// Users selected.
    pub selected: u64,
    /// Steps that changed something.
    pub changed: u64,
    /// Steps that found it so already.
    pub unchanged: u64,
    /// Steps recorded, not done.
    pub tested: u64,
    /// Steps kept back for an administrator.
    pub held: u64,
    /// Steps given up.
    pub failed: u64,
}

impl Counts {
    /// How many steps ended with `result`.
    pub fn of(&self, result: StepResult) -> u64 {
        match result {
            StepResult::Changed => self.changed,
            StepResult::Unchanged => self.unchanged,
            StepResult::Tested => self.tested,
            StepResult::Held => self.held,
            StepResult::Failed => self.failed,
        }
    }

    pub(super) fn add(&mut self, result: StepResult) {
        *match result {
            StepResult::Changed => &mut self.changed,
            StepResult::Unchanged => &mut self.unchanged,
            StepResult::Tested => &mut self.tested,
            StepResult::Held => &mut self.held,
            StepResult::Failed => &mut self.failed,
        } += 1;
    }

    pub(super) fn steps_ended(&self) -> u64 {
        StepResult::ALL.iter().map(|&result| self.of(result)).sum()
    }
}
