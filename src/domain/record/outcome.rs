//! Attempts, outcomes and dead letters of steps.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    Again, EventId, EventKind, Redrive, RunId, SchemeRef, SourceId, Step, StepKey, Timestamp, UserKey, UserRef,
};

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepResult {
    /// usher made it so.
    Changed,
    /// The state was as wanted already. This is a success.
    Unchanged,
    /// Test or observe mode: recorded, not done.
    Tested,
    /// Kept back for an administrator.
    Held,
    /// The step failed for good. The reason is in the outcome and among the dead letters.
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

/// The reference to a step. Every outcome contains it, so that each can be read by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRef {
    /// The same on every attempt.
    pub key: StepKey,
    /// The run.
    pub run: RunId,
    /// The event that set it off.
    pub event: EventId,
    /// The kind of the event.
    pub kind: EventKind,
    /// The scheme of the step.
    pub scheme: SchemeRef,
    /// The source.
    pub source: SourceId,
    /// The user.
    pub user: UserRef,
    /// The login name, if it is known.
    pub user_name: Option<String>,
    /// The step.
    pub step: Step,
    /// Set where an administrator has the step taken once more.
    pub redrive: Option<Redrive>,
}

impl StepRef {
    /// The id under which the ledger remembers the step. A redriven step has another id than the first time.
    pub fn memory_id(&self) -> String {
        match &self.redrive {
            Some(redrive) => redrive.memory_id(self.key.as_str()),
            None => self.key.to_string(),
        }
    }

    /// The key of the decision that contains the step.
    pub fn user_key(&self) -> UserKey {
        UserKey::new(&self.source, &self.user)
    }
}

/// The record that a step is about to be sent. It is written before the product is asked for a change. If a crash
/// leaves no outcome, it shows that the change may have been made, and the state before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The step.
    pub step: StepRef,
    /// The state before the change, in words: `member` or `not a member`.
    pub before: String,
    /// The time.
    pub at: Timestamp,
}

/// The outcome of one step. There is exactly one for each step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The step.
    pub step: StepRef,
    /// The result.
    pub result: StepResult,
    /// Whether the scheme was in test mode, or usher in observe mode.
    pub test_mode: bool,
    /// The reason, in words.
    pub reason: String,
    /// The state before the step, if it was read.
    pub before: Option<String>,
    /// The time at which the step ended.
    pub at: Timestamp,
    /// The time that the step took, waiting and retries included.
    pub took: Duration,
    /// The product's answer, if the step failed.
    pub error: Option<String>,
    /// The state after the change, if it was read: where it does not follow from the step.
    pub after: Option<String>,
    /// How often the product was asked for the change. Older records don't tell, and have 0.
    pub attempts: u32,
    /// The last call for the change; none if there was none, or in older records.
    pub call: Option<CallMade>,
}

/// A call that was made to a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallMade {
    /// The purpose, as in the metric: `add_to_group`.
    pub operation: String,
    /// The HTTP status of the answer; none if there was no answer.
    pub status: Option<u16>,
}

/// The part of the pipeline that gave something up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Reading an event and deciding.
    Planner,
    /// Carrying out a step.
    Executor,
    /// Listing the users of a source.
    Sweeper,
    /// The intake of deliveries and audit logs.
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

/// An event or a step that was given up, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Names it: the step's key, or the event's id. Writing the same one twice leaves one.
    pub id: String,
    /// The stage that gave it up.
    pub stage: Stage,
    /// The source it is about.
    pub source: SourceId,
    /// The user it is about.
    pub user: UserRef,
    /// The event, if it could be read.
    pub event: Option<EventId>,
    /// The step, if it is one.
    pub step: Option<StepRef>,
    /// Why, and what an administrator can do.
    pub reason: String,
    /// The time.
    pub at: Timestamp,
    /// The content for taking it up again; none if it can't be taken up.
    pub again: Option<Again>,
    /// Whether it was held for an administrator's decision, and not given up.
    pub held: bool,
}
