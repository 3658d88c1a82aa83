//! The planner's answer to one event, with its reasons.

use std::collections::BTreeMap;

use crate::domain::{
    Activity, Event, EventId, EventKind, Mode, Redrive, RunId, SchemeId, SchemeRef, Sighting, SourceId, Step, StepKey,
    StepRef, Timestamp, UserKey, UserRef, Via,
};

/// Three-valued truth: a condition on a fact that is not known is unknown, and so is its opposite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// The condition holds.
    True,
    /// The condition does not hold.
    False,
    /// A fact is missing. An unknown condition selects nobody.
    Unknown,
}

impl Truth {
    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a condition held or did not: a tree, the scheme's whole answer at its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The condition, as the scheme writes it: `email_domain`, `only_groups`, …
    pub condition: String,
    /// Whether it held.
    pub truth: Truth,
    /// The fact and the value that it was compared with, in words; the missing fact if the truth is unknown.
    pub because: String,
    /// The time of the fact; none if the condition uses no fact or it is missing.
    pub as_of: Option<Timestamp>,
    /// The value of the fact, in words; none if the condition uses no fact or it is missing.
    pub value: Option<String>,
    /// The way in which the truth follows from the parts.
    pub made_of: MadeOf,
    /// The change that alone would reverse this condition, in words; none if there is none.
    pub change: Option<String>,
    /// The parts.
    pub parts: Vec<Reason>,
}

/// The way in which a reason follows from its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MadeOf {
    /// There are no parts: the condition uses a fact.
    Fact,
    /// Any of them.
    Any,
    /// All of them.
    All,
    /// The opposite of the only one.
    Not,
}

/// The expected effect of a verdict's steps on one user, from the facts at the time of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forecast {
    /// At least one step would change something, or it is not known whether it would.
    WouldChange,
    /// Every step is fulfilled already.
    AlreadySo,
    /// The steps that are not fulfilled would be refused, because the user is protected.
    Protected,
}

/// The answer of one scheme to one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemeVerdict {
    /// The scheme.
    pub scheme: SchemeRef,
    /// True selects the user.
    pub selected: Truth,
    /// Whether the scheme was in test mode.
    pub test_mode: bool,
    /// Whether the steps wait: the run has limits, and is counted before anything is done.
    pub held: bool,
    /// Condition by condition.
    pub reasons: Reason,
    /// The steps; empty unless the user is selected.
    pub steps: Vec<Step>,
    /// The expected effect of the steps. It is present in sweeps if the user is selected; records of older versions
    /// have none.
    pub forecast: Option<Forecast>,
    /// The steps, by their index, that are left alone, and why: somebody else has changed since what they would put
    /// back. Only the verdict of an undo has some.
    pub left_alone: BTreeMap<usize, String>,
}

impl Reason {
    /// The conditions that are unknown because of a missing fact, in words, at most `most` of them.
    pub fn left_open(&self, most: usize) -> String {
        fn collect<'a>(reason: &'a Reason, into: &mut Vec<&'a str>) {
            match (reason.truth, reason.parts.is_empty()) {
                (Truth::Unknown, true) if !into.contains(&reason.because.as_str()) => into.push(&reason.because),
                (Truth::Unknown, false) => reason.parts.iter().for_each(|part| collect(part, into)),
                (Truth::Unknown, true) | (Truth::True | Truth::False, _) => {}
            }
        }
        let mut open = Vec::new();
        collect(self, &mut open);
        open.truncate(most);
        open.join("; ")
    }

    /// The conditions that led to the answer, each with its fact in words, at most `most` of them.
    pub fn decided_by(&self, most: usize) -> String {
        fn collect(reason: &Reason, into: &mut Vec<String>) {
            let decisive = |part: &&Reason| reason.made_of == MadeOf::Not || part.truth == reason.truth;
            match reason.parts.as_slice() {
                [] => {
                    let told = format!("{}: {}", reason.condition, reason.because);
                    if !into.contains(&told) {
                        into.push(told);
                    }
                }
                parts => parts.iter().filter(decisive).for_each(|part| collect(part, into)),
            }
        }
        let mut decisive = Vec::new();
        collect(self, &mut decisive);
        decisive.truncate(most);
        decisive.join("; ")
    }
}

impl SchemeVerdict {
    /// The condition that does not hold where [`Self::is_of_changed_scheme`].
    pub const CHANGED: &str = "changed";

    /// Whether the scheme may select the user, and was not gone by: in a run that began when it said something else.
    pub fn is_of_changed_scheme(&self) -> bool {
        self.selected == Truth::False && self.reasons.parts.first().is_some_and(|part| part.condition == Self::CHANGED)
    }
}

/// Why no scheme was even asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAction {
    /// No scheme waits for this kind of event in this source.
    NoSchemeForEvent,
    /// The account is not a person's. The text is the product's name for this kind of account.
    NotAPerson(String),
    /// It is a creation that usher has known since this time.
    KnownSince(Timestamp),
}

/// The decision on one event. There is exactly one for each event, also if the answer is "nothing".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The event answered.
    pub event: EventId,
    /// The source.
    pub source: SourceId,
    /// The kind of the event.
    pub kind: EventKind,
    /// The way by which usher learnt of the event.
    pub via: Via,
    /// The user.
    pub user: UserRef,
    /// The login name, if it is known.
    pub user_name: Option<String>,
    /// The time at which the event was accepted.
    pub accepted: Timestamp,
    /// The time of the decision.
    pub decided: Timestamp,
    /// Whether usher was allowed to change anything.
    pub mode: Mode,
    /// The reason if no scheme was evaluated; `verdicts` is empty then.
    pub no_action: Option<NoAction>,
    /// The verdicts of the schemes, in file order. Of many schemes that did not select the user only some are kept.
    pub verdicts: Vec<SchemeVerdict>,
    /// The number of further schemes that were asked and did not select the user.
    pub others: u64,
    /// In a sweep, the further schemes whose answer is unknown because of a missing fact.
    pub unknown: Vec<SchemeId>,
    /// Whether the user was read from the product. Otherwise the list was enough.
    pub read: bool,
    /// The sweep that the event belongs to.
    pub sweep: Option<Sighting>,
    /// The activity of the user, this event included.
    pub activity: Option<Activity>,
    /// Set where an administrator has the event decided, or one of the steps taken, once more.
    pub redrive: Option<Redrive>,
    /// Set where only this step is taken once more. The decision on the event is an earlier record.
    pub only: Option<StepKey>,
    /// The reason why steps that take something away or create issues are held, if they are: many users were created at
    /// once.
    pub mass_creation: Option<String>,
}

impl Decision {
    /// The key of the event answered.
    pub fn key(&self) -> UserKey {
        UserKey::new(&self.source, &self.user)
    }

    /// The verdicts that select the user.
    pub fn selected(&self) -> impl Iterator<Item = &SchemeVerdict> {
        self.verdicts.iter().filter(|verdict| verdict.selected == Truth::True)
    }

    /// The schemes of a sweep whose answer is unknown because of a missing fact, with the verdict if it was kept.
    pub fn left_open(&self) -> impl Iterator<Item = (&SchemeId, Option<&SchemeVerdict>)> {
        let kept = self.verdicts.iter().filter(|verdict| verdict.selected == Truth::Unknown);
        let kept = kept.map(|verdict| (&verdict.scheme.id, Some(verdict)));
        kept.chain(self.unknown.iter().map(|scheme| (scheme, None)))
    }

    /// The run that `verdict`, one of this decision's, belongs to.
    pub fn run(&self, verdict: &SchemeVerdict) -> RunId {
        match &self.sweep {
            Some(sighting) => RunId::of_sweep(&sighting.sweep, &verdict.scheme.id),
            None => RunId::of_event(&self.event, &verdict.scheme.id),
        }
    }

    /// The key of the step at `index` of `verdict`: the same on every attempt, so that it takes effect once.
    pub fn step_key(&self, verdict: &SchemeVerdict, index: usize) -> StepKey {
        StepKey::new(format!("{}:{}:{index:05}", self.event, verdict.scheme))
    }

    /// The reference to `step`, the one at `index` of `verdict`, for outcomes and dead letters.
    pub fn step_ref(&self, verdict: &SchemeVerdict, index: usize, step: &Step) -> StepRef {
        StepRef {
            key: self.step_key(verdict, index),
            run: self.run(verdict),
            event: self.event.clone(),
            kind: self.kind,
            scheme: verdict.scheme.clone(),
            source: self.source.clone(),
            user: self.user.clone(),
            user_name: self.user_name.clone(),
            step: step.clone(),
            redrive: self.redrive.clone().filter(|_| self.only.is_some()),
        }
    }

    /// A decision about `event` without verdicts yet.
    pub fn about(event: &Event, user_name: Option<String>, mode: Mode, decided: Timestamp) -> Self {
        Self {
            event: event.id.clone(),
            source: event.source.clone(),
            kind: event.kind,
            via: event.via,
            user: event.user.clone(),
            user_name,
            accepted: event.accepted,
            decided,
            mode,
            no_action: None,
            verdicts: Vec::new(),
            others: 0,
            unknown: Vec::new(),
            read: false,
            sweep: event.sweep.as_ref().map(|sighting| Sighting { memberships: None, undo: None, ..sighting.clone() }),
            activity: None,
            redrive: None,
            only: None,
            mass_creation: None,
        }
    }
}

#[cfg(test)]
mod tests;
