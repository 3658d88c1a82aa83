//! What became of a step.

use std::time::Duration;

use crate::domain::{
    Again, EventId, EventKind, Redrive, RunId, SchemeRef, SourceId, Step, StepKey, Timestamp, UserKey, UserRef,
};

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepResult {
    /// usher made it so.
    Changed,
    /// It was so already. A success.
    Unchanged,
    /// Test or observe mode: recorded, not done.
    Tested,
    /// Kept back for an administrator.
    Held,
    /// It can't be made so; the reason is in the outcome and among the dead letters.
    Failed,
}

impl StepResult {
    /// All results, for metrics and filters.
    pub const ALL: [Self; 5] = [Self::Changed, Self::Unchanged, Self::Tested, Self::Held, Self::Failed];

    /// The word used in metrics and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Tested => "tested",
            Self::Held => "held",
            Self::Failed => "failed",
        }
    }
}

/// Which step of what: stands in every outcome, so that each can be read by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRef {
    /// The same on every attempt.
    pub key: StepKey,
    /// The run it belongs to.
    pub run: RunId,
    /// The event that set it off.
    pub event: EventId,
    /// What kind of event.
    pub kind: EventKind,
    /// The scheme that asked for it.
    pub scheme: SchemeRef,
    /// Where.
    pub source: SourceId,
    /// On whom.
    pub user: UserRef,
    /// The login name, where it is known.
    pub user_name: Option<String>,
    /// What.
    pub step: Step,
    /// Set where an administrator has the step taken once more.
    pub redrive: Option<Redrive>,
}

impl StepRef {
    /// What the step is remembered by: one that is taken once more is not taken for the first time.
    pub fn memory_id(&self) -> String {
        match &self.redrive {
            Some(redrive) => redrive.memory_id(self.key.as_str()),
            None => self.key.to_string(),
        }
    }

    /// The key of the decision that asked for it.
    pub fn user_key(&self) -> UserKey {
        UserKey::new(&self.source, &self.user)
    }
}

/// Written before a product is asked to change something, so that whoever finds no outcome after a crash knows
/// that the change may have been made, and what was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which step.
    pub step: StepRef,
    /// What was there before, in words: `member` or `not a member`.
    pub before: String,
    /// When.
    pub at: Timestamp,
}

/// What became of one step. There is exactly one for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which step.
    pub step: StepRef,
    /// How it ended.
    pub result: StepResult,
    /// Whether the scheme was in test mode, or usher in observe mode.
    pub test_mode: bool,
    /// Why, in words.
    pub reason: String,
    /// What was there before, where it was read.
    pub before: Option<String>,
    /// When the step ended.
    pub at: Timestamp,
    /// How long it took, waiting and retries included.
    pub took: Duration,
    /// What the product answered, where the step failed.
    pub error: Option<String>,
}

/// Where in the pipeline something was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Reading an event and deciding.
    Planner,
    /// Carrying out a step.
    Executor,
    /// Listing the users of a source.
    Sweeper,
    /// Taking in what a source tells.
    Intake,
}

impl Stage {
    /// All stages, for filters.
    pub const ALL: [Self; 4] = [Self::Planner, Self::Executor, Self::Sweeper, Self::Intake];

    /// The word used in metrics and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planner => "planner",
            Self::Executor => "executor",
            Self::Sweeper => "sweeper",
            Self::Intake => "intake",
        }
    }
}

/// What can never succeed, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Names it: the step's key, or the event's id. Writing the same one twice leaves one.
    pub id: String,
    /// Where it was given up.
    pub stage: Stage,
    /// The source it is about.
    pub source: SourceId,
    /// The user it is about.
    pub user: UserRef,
    /// The event it follows from, where it could be read.
    pub event: Option<EventId>,
    /// The step given up, where it is one.
    pub step: Option<StepRef>,
    /// Why, and what an administrator can do.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// What can be taken up again; none where there is nothing to go by.
    pub again: Option<Again>,
    /// Whether it was not given up but kept back, for an administrator to say what becomes of it.
    pub held: bool,
}
