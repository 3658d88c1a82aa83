//! The numbers of users whom a run saw and selected, and of its steps by result.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::EntryResult;
use crate::domain::{Forecast, StepResult};

/// See the module.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Users that were examined.
    pub seen: u64,
    /// Users selected.
    pub selected: u64,
    /// Of those, in a sweep: users who would be changed, or for whom that is unknown. Limits apply to this number.
    #[serde(default)]
    pub would_change: u64,
    /// Of those, in a sweep: users for whom every step was fulfilled already.
    #[serde(default)]
    pub already_so: u64,
    /// Of those, in a sweep: users who are protected from the unfulfilled steps.
    #[serde(default)]
    pub protected: u64,
    /// Users, in a sweep, who were not selected because a fact is not known.
    #[serde(default)]
    pub unknown: u64,
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
    /// The number of steps with `result`.
    pub fn of(&self, result: StepResult) -> u64 {
        match result {
            StepResult::Changed => self.changed,
            StepResult::Unchanged => self.unchanged,
            StepResult::Tested => self.tested,
            StepResult::Held => self.held,
            StepResult::Failed => self.failed,
        }
    }

    /// The number of entries with `result`.
    pub fn of_entry(&self, result: EntryResult) -> u64 {
        match result {
            EntryResult::Step(result) => self.of(result),
            EntryResult::Unknown => self.unknown,
        }
    }

    /// Counts a selected user by the forecast. Without a forecast the user may be changed.
    pub(super) fn select(&mut self, forecast: Option<Forecast>) {
        self.selected += 1;
        *match forecast {
            Some(Forecast::WouldChange) | None => &mut self.would_change,
            Some(Forecast::AlreadySo) => &mut self.already_so,
            Some(Forecast::Protected) => &mut self.protected,
        } += 1;
    }

    pub(super) fn add(&mut self, result: StepResult) {
        *self.place(result) += 1;
    }

    /// A step that ended so has ended otherwise.
    pub(super) fn remove(&mut self, result: StepResult) {
        let place = self.place(result);
        *place = place.saturating_sub(1);
    }

    fn place(&mut self, result: StepResult) -> &mut u64 {
        match result {
            StepResult::Changed => &mut self.changed,
            StepResult::Unchanged => &mut self.unchanged,
            StepResult::Tested => &mut self.tested,
            StepResult::Held => &mut self.held,
            StepResult::Failed => &mut self.failed,
        }
    }

    pub(super) fn steps_ended(&self) -> u64 {
        StepResult::ALL.iter().map(|&result| self.of(result)).sum()
    }
}
