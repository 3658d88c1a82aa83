//! An event as the planner gets it: for the first time, or by a redrive.

use super::activity;
use crate::domain::{
    Activity, Again, DeadLetter, Event, EventKind, EventRecord, Facts, Redrive, Stage, Timestamp, UserHints,
};

/// An event, and whether it was decided before.
pub(in crate::engine) struct PlannerInput {
    pub(in crate::engine) event: Event,
    /// Set if an administrator has redriven it.
    pub(in crate::engine) redrive: Option<Redrive>,
    /// The activity of the user before the event, if it was decided before.
    earlier: Option<Option<Activity>>,
    /// Whether it may have been decided without usher's remembering it.
    pub(in crate::engine) forgotten: bool,
}

impl PlannerInput {
    /// An event for the first time; with `forgotten` it is unknown whether it is the first time.
    pub(in crate::engine) fn first(event: Event, forgotten: bool) -> Self {
        Self { event, redrive: None, earlier: None, forgotten }
    }

    /// An event by an administrator's redrive; `is_decided`: it was decided under this user.
    pub(in crate::engine) fn again(record: EventRecord, is_decided: bool) -> Self {
        let EventRecord { event, redrive, before } = record;
        Self { event, redrive, earlier: is_decided.then_some(before), forgotten: false }
    }

    /// The activity before the event; `known` is the present activity, which contains a login that was given up.
    pub(in crate::engine) fn before<'a>(&'a self, known: Option<&'a Activity>) -> Option<&'a Activity> {
        match &self.earlier {
            Some(before) if self.event.kind == EventKind::LoggedIn => before.as_ref(),
            Some(_) | None => known,
        }
    }

    /// The activity after the event; `known` was the activity before. A login counts once.
    pub(in crate::engine) fn activity(
        &self,
        known: Option<&Activity>,
        facts: &Facts,
        now: Timestamp,
    ) -> Option<Activity> {
        match self.earlier {
            Some(_) if self.event.kind == EventKind::LoggedIn => known.cloned(),
            Some(_) | None => activity::after(known, &self.event, facts, now),
        }
    }

    /// The dead letter on an event that is given up at `at`. A sighting is not taken up again: its run counts it now.
    pub(in crate::engine) fn letter(&self, known: Option<&Activity>, reason: String, at: Timestamp) -> DeadLetter {
        let event = &self.event;
        let record = || EventRecord {
            event: Event { hints: UserHints::default(), ..event.clone() },
            redrive: None,
            before: self.before(known).cloned(),
        };
        DeadLetter {
            id: self.redrive.as_ref().map_or_else(|| event.id.to_string(), |redrive| redrive.letter.clone()),
            stage: Stage::Planner,
            source: event.source.clone(),
            user: event.user.clone(),
            event: Some(event.id.clone()),
            step: None,
            reason,
            at,
            again: event.sweep.is_none().then(|| Again::Event(Box::new(record()))),
            held: false,
        }
    }
}
