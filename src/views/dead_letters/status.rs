//! The orders about a dead letter, and their results. They are separate from the letter, because they are in other
//! streams, which are read in any order.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{Actor, Decision, LetterOrder, LetterOrderKind, Outcome, Redrive, StepResult, Timestamp};

/// How a dead letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LetterState {
    /// Nobody has said anything about it since it was given up.
    Open,
    /// It is being taken up again.
    Redriven,
    /// It was taken up again, and nothing is left to do.
    Resolved,
    /// Nothing is to be done about it.
    Dismissed,
}

impl LetterState {
    /// All states, for filters.
    pub const ALL: [Self; 4] = [Self::Open, Self::Redriven, Self::Resolved, Self::Dismissed];

    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Redriven => "redriven",
            Self::Resolved => "resolved",
            Self::Dismissed => "dismissed",
        }
    }
}

/// An order about a letter, with its author and time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Said {
    /// Its author.
    #[schema(value_type = String)]
    pub by: Actor,
    /// Its time.
    pub at: Timestamp,
    /// Why, where that was said.
    pub reason: Option<String>,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Status {
    pub(super) redriven: Option<KeptSaid>,
    pub(super) resolved: Option<KeptResolved>,
    pub(super) dismissed: Option<KeptSaid>,
}

/// An order about the letter that was given up at `of`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptSaid {
    pub(super) of: Timestamp,
    pub(super) at: Timestamp,
    pub(super) by: String,
    pub(super) reason: Option<String>,
}

/// The result of taking up the letter that was given up at `of`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptResolved {
    pub(super) of: Timestamp,
    pub(super) at: Timestamp,
    pub(super) result: String,
}

impl From<KeptSaid> for Said {
    fn from(said: KeptSaid) -> Self {
        Self { by: said.by.parse().unwrap_or_default(), at: said.at, reason: said.reason }
    }
}

/// Something to be taken into the status of a letter.
#[derive(Debug)]
pub(super) struct News {
    pub(super) letter: String,
    status: Status,
}

impl News {
    /// The news in an administrator's order.
    pub(super) fn of_order(order: &LetterOrder) -> Self {
        let said = |reason| Some(said(order.of, order.at, &order.by, reason));
        let status = match &order.kind {
            LetterOrderKind::Redrive => Status { redriven: said(None), ..Status::default() },
            LetterOrderKind::Dismiss { reason } => Status { dismissed: said(reason.clone()), ..Status::default() },
        };
        Self { letter: order.letter.clone(), status }
    }

    /// The news in a decision on a redriven event. If the event was given up once more, there is a later letter.
    pub(super) fn of_decision(decision: &Decision) -> Option<Self> {
        let redrive = decision.redrive.as_ref().filter(|_| decision.only.is_none())?;
        Some(Self::of(redrive, Some("decided"), decision.decided))
    }

    /// The news in the outcome of a redriven step.
    pub(super) fn of_outcome(outcome: &Outcome) -> Option<Self> {
        Some(Self::of(outcome.step.redrive.as_ref()?, word(outcome.result), outcome.at))
    }

    fn of(redrive: &Redrive, result: Option<&str>, at: Timestamp) -> Self {
        let resolved = result.map(|result| KeptResolved { of: redrive.of, at, result: result.to_owned() });
        let redriven = Some(said(redrive.of, redrive.at, &redrive.by, None));
        Self { letter: redrive.letter.clone(), status: Status { redriven, resolved, dismissed: None } }
    }
}

fn said(of: Timestamp, at: Timestamp, by: &Actor, reason: Option<String>) -> KeptSaid {
    KeptSaid { of, at, by: by.to_string(), reason }
}

impl Status {
    /// This status with `news`, in whatever order they are read.
    pub(super) fn with(self, news: &News) -> Self {
        let later = |one: Option<KeptSaid>, other: &Option<KeptSaid>| {
            one.into_iter().chain(other.clone()).max_by_key(|said| (said.of, said.at))
        };
        let resolved = self.resolved.into_iter().chain(news.status.resolved.clone());
        Self {
            redriven: later(self.redriven, &news.status.redriven),
            dismissed: later(self.dismissed, &news.status.dismissed),
            resolved: resolved.max_by_key(|resolved| (resolved.of, resolved.at)),
        }
    }

    /// The state of a letter that was given up at `of`.
    pub(super) fn state(&self, of: Timestamp) -> LetterState {
        let said_at = |said: &Option<KeptSaid>| said.as_ref().filter(|said| said.of == of).map(|said| said.at);
        let is_resolved = self.resolved.as_ref().is_some_and(|resolved| resolved.of == of);
        match (said_at(&self.redriven), said_at(&self.dismissed)) {
            _ if is_resolved => LetterState::Resolved,
            (None, None) => LetterState::Open,
            (redriven, dismissed) if redriven >= dismissed => LetterState::Redriven,
            (_, _) => LetterState::Dismissed,
        }
    }

    /// The time of the latest news.
    pub(super) fn last(&self) -> Option<Timestamp> {
        let said = [&self.redriven, &self.dismissed].into_iter().flatten().map(|said| said.at);
        said.chain(self.resolved.iter().map(|resolved| resolved.at)).max()
    }
}

/// The word for a step that ended well.
fn word(result: StepResult) -> Option<&'static str> {
    match result {
        StepResult::Changed | StepResult::Unchanged | StepResult::Tested => Some(result.as_str()),
        StepResult::Held | StepResult::Failed => None,
    }
}
