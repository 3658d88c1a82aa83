//! Taking up again what was given up, and what else administrators say about it.

use crate::domain::{Activity, Actor, Decision, Event, SourceId, StepKey, Timestamp, UserKey, UserRef};

/// An administrator's order to do something once more. It stands in each record that follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// The id of the dead letter.
    pub letter: String,
    /// When it was given up. An order is carried out once for each time.
    pub of: Timestamp,
    /// Who ordered it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl Redrive {
    /// What the work of this order on `id` is remembered by; `id` alone is what the first time is remembered by.
    pub fn memory_id(&self, id: &str) -> String {
        format!("{id}/redrive/{}", self.of.as_millis())
    }
}

/// An event with what was known when it was decided first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// The event.
    pub event: Event,
    /// Set where an administrator has it decided once more.
    pub redrive: Option<Redrive>,
    /// What was seen of the user before the event, where it is to be decided once more.
    pub before: Option<Activity>,
}

impl From<Event> for EventRecord {
    fn from(event: Event) -> Self {
        Self { event, redrive: None, before: None }
    }
}

/// What a dead letter keeps so that it can be taken up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// The event, without what its delivery said of the user: they are read anew.
    Event(Box<EventRecord>),
    /// The decision, with the verdict that asked for the step and without its reasons.
    Step {
        /// The decision.
        decision: Box<Decision>,
        /// Which of its steps.
        step: StepKey,
    },
}

/// What an administrator said about a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterOrder {
    /// The letter.
    pub letter: String,
    /// Its source.
    pub source: SourceId,
    /// Its user.
    pub user: UserRef,
    /// When it was given up.
    pub of: Timestamp,
    /// What was said.
    pub kind: LetterOrderKind,
    /// Who said so.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// What can be said about a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterOrderKind {
    /// It is taken up again. The record with the work is in the log already.
    Redrive,
    /// Nothing is to be done about it.
    Dismiss {
        /// Why, where that was said.
        reason: Option<String>,
    },
}

impl LetterOrder {
    /// In the partition of the letter.
    pub fn key(&self) -> UserKey {
        UserKey::new(&self.source, &self.user)
    }
}
