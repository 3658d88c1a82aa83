//! Entries: the results of the steps of a run.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    CallMade, Decision, EventId, EventKind, Outcome, SchemeVerdict, StepKey, StepRef, StepResult, SweepId, Timestamp,
    UserRef,
};

/// The result of an entry: that of a step, or that there was no step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryResult {
    /// A step did.
    Step(StepResult),
    /// The user was not selected, because a fact is not known.
    Unknown,
}

impl EntryResult {
    /// All results, for filters.
    pub fn all() -> impl Iterator<Item = Self> {
        StepResult::ALL.into_iter().map(Self::Step).chain([Self::Unknown])
    }

    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Step(result) => result.as_str(),
            Self::Unknown => "unknown",
        }
    }
}

/// The result of one step. With the result `unknown` and the action `select`, it is the reason why it is unknown
/// whether the user is selected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// The user: the lasting id, or the login name if only that is known.
    pub user: String,
    /// The login name, if it is known.
    pub user_name: Option<String>,
    /// The action: `add_groups`, …
    pub action: String,
    /// The target: the group.
    pub target: String,
    /// The result.
    pub result: String,
    /// The reason, in words.
    pub reason: String,
    /// The state before, if it was read.
    pub before: Option<String>,
    /// The time of its end.
    pub at: Timestamp,
    /// The time that it took in milliseconds, waiting and retries included.
    pub duration_ms: u64,
    /// The product's answer, if it failed.
    pub error: Option<String>,
    /// The state after, if the step changed something and it is known.
    #[serde(default)]
    pub after: Option<String>,
    /// How often the product was asked for the change. 0: never; older records don't tell, and have 0.
    #[serde(default)]
    pub attempts: u32,
    /// The last call for the change; none if there was none, or in older records.
    #[serde(default)]
    pub call: Option<CallMade>,
}

impl From<&Outcome> for Entry {
    fn from(outcome: &Outcome) -> Self {
        let step = &outcome.step;
        Self {
            user: step.user.to_string(),
            user_name: step.user_name.clone(),
            action: step.step.action().to_owned(),
            target: step.step.target().to_owned(),
            result: outcome.result.as_str().to_owned(),
            reason: outcome.reason.clone(),
            before: outcome.before.clone(),
            at: outcome.at,
            duration_ms: u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
            error: outcome.error.clone(),
            after: outcome.after.clone().or_else(|| after(outcome)),
            attempts: outcome.attempts,
            call: outcome.call.clone(),
        }
    }
}

/// The state after a step that changed something, as far as it follows from the step.
fn after(outcome: &Outcome) -> Option<String> {
    let is_changed = outcome.result == StepResult::Changed;
    is_changed.then(|| outcome.step.step.after(outcome.before.as_deref())).flatten()
}

/// The number of unknown facts in an entry.
const MAX_FACTS: usize = 3;

impl Entry {
    /// Whether `text`, in lower case, is a part of the user, the target, the reason or the error.
    pub(super) fn contains(&self, text: &str) -> bool {
        let optional = [&self.user_name, &self.error].into_iter().flatten();
        let mut all = [&self.user, &self.target, &self.reason].into_iter().chain(optional);
        all.any(|one| one.to_lowercase().contains(text))
    }

    /// The entry of a user for whom the scheme's answer is unknown, in the decision on a sighting.
    fn left_open(decision: &Decision, verdict: Option<&SchemeVerdict>) -> Self {
        let told = verdict.map(|verdict| verdict.reasons.left_open(MAX_FACTS)).filter(|told| !told.is_empty());
        Self {
            user: decision.user.to_string(),
            user_name: decision.user_name.clone(),
            action: "select".to_owned(),
            target: String::new(),
            result: EntryResult::Unknown.as_str().to_owned(),
            reason: told.unwrap_or_else(|| "a fact is not known; `usher explain` says which".to_owned()),
            before: None,
            at: decision.decided,
            duration_ms: 0,
            error: None,
            after: None,
            attempts: 0,
            call: None,
        }
    }
}

/// An entry as it is kept.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) entry: Entry,
    /// The step of the entry. A release repeats the held steps under other keys.
    pub(super) step: StepKey,
    /// Whether its run was held and released before.
    pub(super) released: bool,
    /// The time at which it had been given up, if it was redriven.
    pub(super) redriven: Option<Timestamp>,
}

impl From<&Outcome> for Kept {
    fn from(outcome: &Outcome) -> Self {
        let step = &outcome.step;
        let redriven = step.redrive.as_ref().map(|redrive| redrive.of);
        Self { entry: outcome.into(), step: step.key.clone(), released: is_of_release(step), redriven }
    }
}

impl Kept {
    /// The entry of a user for whom a scheme's answer is unknown.
    pub(super) fn left_open(decision: &Decision, verdict: Option<&SchemeVerdict>) -> Self {
        let entry = Entry::left_open(decision, verdict);
        Self { entry, step: StepKey::new(decision.event.to_string()), released: false, redriven: None }
    }

    /// Whether it is the result of `step`, or of the step that replaced it.
    pub(super) fn settles(&self, step: &StepKey) -> bool {
        self.released || self.step == *step
    }

    /// Whether it is to be replaced by `later`, an entry of the same user and step of the run.
    pub(super) fn gives_way_to(&self, later: &Self) -> bool {
        (later.released, later.redriven) > (self.released, self.redriven)
    }

    /// The result; none if it is not about a step.
    pub(super) fn result(&self) -> Option<StepResult> {
        StepResult::ALL.into_iter().find(|result| result.as_str() == self.entry.result)
    }
}

/// The place of an entry in its run: by user, then in the scheme's order, whichever event asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) user: String,
    pub(super) index: String,
}

impl Place {
    /// The place of a step.
    pub(super) fn of_step(user: &UserRef, step: &StepKey) -> Self {
        let index = step.as_str().rsplit(':').next().unwrap_or_default();
        Self { user: user.to_string(), index: index.to_owned() }
    }

    /// The place of a user for whom the answer is unknown.
    pub(super) fn of_left_open(user: &UserRef) -> Self {
        Self { user: user.to_string(), index: EntryResult::Unknown.as_str().to_owned() }
    }

    /// The place of the step with this number, which is the end of its key.
    pub(super) fn of_number(user: &UserRef, number: usize) -> Self {
        Self { user: user.to_string(), index: format!("{number:05}") }
    }
}

/// Whether the step comes from a sighting for the release of a run.
fn is_of_release(step: &StepRef) -> bool {
    let (EventKind::Sighted, Some(user)) = (step.kind, step.user.id()) else { return false };
    let Some((sweep, _)) = step.run.as_str().rsplit_once('.') else { return false };
    EventId::of_sighting(&SweepId::new(sweep), user, Some(&step.scheme.id)) == step.event
}
