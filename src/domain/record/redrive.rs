//! Orders of administrators about dead letters: to take them up again, or to dismiss them.

use crate::domain::{Activity, Actor, Decision, Event, SourceId, StepKey, Timestamp, UserKey, UserRef};

/// An administrator's order to redrive a dead letter. Each record that follows from it contains the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// The id of the dead letter.
    pub letter: String,
    /// The time at which the letter was given up. An order is carried out once for each such time.
    pub of: Timestamp,
    /// The author.
    pub by: Actor,
    /// The time of the order.
    pub at: Timestamp,
}

impl Redrive {
    /// The id under which the ledger remembers the work of this order; the first time is remembered under `id` alone.
    pub fn memory_id(&self, id: &str) -> String {
        format!("{id}/redrive/{}", self.of.as_millis())
    }
}

/// An event with the activity at its first decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// The event.
    pub event: Event,
    /// Set if an administrator has redriven it.
    pub redrive: Option<Redrive>,
    /// The activity of the user before the event, if the event is decided again.
    pub before: Option<Activity>,
}

impl From<Event> for EventRecord {
    fn from(event: Event) -> Self {
        Self { event, redrive: None, before: None }
    }
}

/// The content of a dead letter that allows taking it up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// The event, without the details of the user from the delivery. The user is read again.
    Event(Box<EventRecord>),
    /// The decision, with the verdict that contains the step and without its reasons.
    Step {
        /// The decision.
        decision: Box<Decision>,
        /// The step.
        step: StepKey,
    },
}

/// An administrator's order about a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterOrder {
    /// The letter.
    pub letter: String,
    /// Its source.
    pub source: SourceId,
    /// Its user.
    pub user: UserRef,
    /// The time at which the letter was given up.
    pub of: Timestamp,
    /// The kind of the order.
    pub kind: LetterOrderKind,
    /// The author.
    pub by: Actor,
    /// The time of the order.
    pub at: Timestamp,
}

/// The kind of an order about a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterOrderKind {
    /// The letter is taken up again. The record with the work is in the log already.
    Redrive,
    /// The letter is dismissed: nothing is to be done.
    Dismiss {
        /// The reason, if one was given.
        reason: Option<String>,
    },
}

impl LetterOrder {
    /// The key of its record: in the partition of the letter.
    pub fn key(&self) -> UserKey {
        UserKey::new(&self.source, &self.user)
    }
}
