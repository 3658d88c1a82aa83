//! A dead letter as the API shows it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::status::{LetterState, Said, Status};
use crate::{
    domain::{DeadLetter, EventId, RunId, SchemeId, SourceId, StepRef, Timestamp, UserRef},
    log::RETENTION,
    views::decisions::PlannedStep,
};

/// Work that can never succeed, with its reason; or a case for an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeadLetterRow {
    /// Names it: the step's key, or the event's id.
    pub id: String,
    /// The state.
    pub state: LetterState,
    /// Whether it was not given up but kept back, for an administrator to decide.
    pub held: bool,
    /// The stage that gave it up: `planner` or `executor`.
    pub stage: String,
    /// The source it is about.
    pub source: SourceId,
    /// The user it is about: the lasting id, or the login name where that is all that is known.
    pub user: String,
    /// The login name, if it is known.
    pub user_name: Option<String>,
    /// The event, if it could be read.
    pub event: Option<EventId>,
    /// The step, if it is one.
    pub step: Option<GivenUpStep>,
    /// Why, and what an administrator can do.
    pub reason: String,
    /// The time at which it was given up; the last time, if it was taken up again.
    pub at: Timestamp,
    /// The reason if it can't be taken up again.
    pub only_dismissed: Option<String>,
    /// The last order to take it up again, if there was one.
    pub redriven: Option<Said>,
    /// Whether it was taken up again and given up once more.
    pub failed_again: bool,
    /// The result of the step that was taken up again, or `decided` for an event; with the time.
    pub resolved: Option<Resolved>,
    /// The order that dismissed it, if there was one.
    pub dismissed: Option<Said>,
}

/// The result of taking a letter up again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Resolved {
    /// `changed`, `unchanged` or `tested` for a step, `decided` for an event.
    pub result: String,
    /// The time.
    pub at: Timestamp,
}

/// The step given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GivenUpStep {
    /// The run.
    pub run: RunId,
    /// The scheme.
    pub scheme: SchemeId,
    /// The version of the scheme at that time.
    pub scheme_version: String,
    /// The action and its target.
    #[serde(flatten)]
    pub step: PlannedStep,
}

impl From<&StepRef> for GivenUpStep {
    fn from(step: &StepRef) -> Self {
        Self {
            run: step.run.clone(),
            scheme: step.scheme.id.clone(),
            scheme_version: step.scheme.version.clone(),
            step: PlannedStep::from(&step.step),
        }
    }
}

impl DeadLetterRow {
    /// The row of `letter`, with its `status`.
    pub(super) fn new(letter: &DeadLetter, status: Status) -> Self {
        let name = match &letter.user {
            UserRef::Id(_) => None,
            UserRef::Name(name) => Some(name.clone()),
        };
        let state = status.state(letter.at);
        let Status { redriven, resolved, dismissed } = status;
        Self {
            id: letter.id.clone(),
            state,
            held: letter.held,
            stage: letter.stage.as_str().to_owned(),
            source: letter.source.clone(),
            user: letter.user.to_string(),
            user_name: letter.step.as_ref().and_then(|step| step.user_name.clone()).or(name),
            event: letter.event.clone(),
            step: letter.step.as_ref().map(GivenUpStep::from),
            reason: letter.reason.clone(),
            at: letter.at,
            only_dismissed: only_dismissed(letter).map(str::to_owned),
            failed_again: state == LetterState::Open && redriven.as_ref().is_some_and(|said| said.of < letter.at),
            redriven: redriven.map(Said::from),
            resolved: resolved
                .filter(|_| state == LetterState::Resolved)
                .map(|resolved| Resolved { result: resolved.result, at: resolved.at }),
            dismissed: dismissed.filter(|said| said.of == letter.at).map(Said::from),
        }
    }

    /// The reason why it can't be taken up again at `now`, if there is one.
    pub fn obstacle(&self, now: Timestamp) -> Option<String> {
        if let Some(why) = &self.only_dismissed {
            return Some(why.clone());
        }
        let kept: Duration = self.at.until(now);
        if kept > RETENTION {
            return Some("it was given up more than 30 days ago, and its event is no longer in the log".into());
        }
        let said = |said: &Option<Said>| said.as_ref().map(|said| format!("by {} at {}", said.by, said.at));
        match self.state {
            LetterState::Open | LetterState::Dismissed => None,
            LetterState::Redriven => {
                Some(format!("it is being taken up again already, {}", said(&self.redriven).unwrap_or_default()))
            }
            LetterState::Resolved => Some("it was taken up again, and nothing is left to do".into()),
        }
    }
}

/// The reason why `letter` can only be dismissed.
fn only_dismissed(letter: &DeadLetter) -> Option<&'static str> {
    match (&letter.again, &letter.event) {
        (Some(_), _) => None,
        (None, None) => {
            Some("the record can't be read, now or later, so there is nothing to take up again; dismiss it")
        }
        (None, Some(_)) => Some(
            "it is of a run over all users, or was written by an older version: run the scheme again, then dismiss it",
        ),
    }
}
