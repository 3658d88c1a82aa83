//! A decision as the API shows it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    Decision, EventId, Mode, NoAction, Reason, RunId, SchemeId, SchemeVerdict, SourceId, Step, Timestamp, Truth,
    UserRef, Via,
};

/// The answer to one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionRow {
    /// The event answered.
    pub event: EventId,
    /// The source.
    pub source: SourceId,
    /// The kind of the event.
    pub kind: String,
    /// The way by which usher learnt of the event.
    pub via: Via,
    /// The user: the lasting id, or the login name if only that is known.
    pub user: String,
    /// The login name, if it is known.
    pub user_name: Option<String>,
    /// The time at which the event was accepted.
    pub accepted: Timestamp,
    /// The time of the decision.
    pub decided: Timestamp,
    /// Whether usher was allowed to change anything: `active` or `observe`.
    pub mode: Mode,
    /// Why no scheme was asked.
    pub no_action: Option<NoActionRow>,
    /// The verdicts of the schemes.
    pub schemes: Vec<VerdictRow>,
}

/// Why no scheme was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum NoActionRow {
    /// No scheme waits for this kind of event in this source.
    NoSchemeForEvent,
    /// The account is not a person's.
    NotAPerson {
        /// The product's name for this kind of account.
        account_type: String,
    },
    /// It is a creation that usher knew already.
    KnownSince {
        /// The known time of the creation.
        at: Timestamp,
    },
}

/// The verdict of one scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerdictRow {
    /// The scheme.
    pub scheme: SchemeId,
    /// The version of the scheme at that time.
    pub version: String,
    /// `true`, `false` or `unknown`; only `true` selects the user.
    pub selected: String,
    /// Whether it was in test mode.
    pub test_mode: bool,
    /// The run that it started.
    pub run: Option<RunId>,
    /// Condition by condition.
    pub reasons: ReasonRow,
    /// The steps.
    pub steps: Vec<PlannedStep>,
}

/// Why a condition held or did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReasonRow {
    /// The condition.
    pub condition: String,
    /// `true`, `false` or `unknown`.
    pub truth: String,
    /// The fact and the value that it was compared with.
    pub because: String,
    /// The time of the fact.
    pub as_of: Option<Timestamp>,
    /// The parts.
    #[schema(no_recursion)]
    pub parts: Vec<ReasonRow>,
}

/// One step of a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedStep {
    /// The action: `add_groups`, …
    pub action: String,
    /// The target: the group.
    pub target: String,
}

impl From<&Decision> for DecisionRow {
    fn from(decision: &Decision) -> Self {
        let name = match &decision.user {
            UserRef::Id(_) => None,
            UserRef::Name(name) => Some(name.clone()),
        };
        Self {
            event: decision.event.clone(),
            source: decision.source.clone(),
            kind: decision.kind.as_str().to_owned(),
            via: decision.via,
            user: decision.user.to_string(),
            user_name: decision.user_name.clone().or(name),
            accepted: decision.accepted,
            decided: decision.decided,
            mode: decision.mode,
            no_action: decision.no_action.as_ref().map(NoActionRow::from),
            schemes: decision.verdicts.iter().map(|verdict| VerdictRow::new(decision, verdict)).collect(),
        }
    }
}

impl From<&NoAction> for NoActionRow {
    fn from(why: &NoAction) -> Self {
        match why {
            NoAction::NoSchemeForEvent => Self::NoSchemeForEvent,
            NoAction::NotAPerson(word) => Self::NotAPerson { account_type: word.clone() },
            NoAction::KnownSince(at) => Self::KnownSince { at: *at },
        }
    }
}

impl VerdictRow {
    fn new(decision: &Decision, verdict: &SchemeVerdict) -> Self {
        Self {
            scheme: verdict.scheme.id.clone(),
            version: verdict.scheme.version.clone(),
            selected: verdict.selected.as_str().to_owned(),
            test_mode: verdict.test_mode,
            run: (verdict.selected == Truth::True).then(|| decision.run(verdict)),
            reasons: ReasonRow::from(&verdict.reasons),
            steps: verdict.steps.iter().map(PlannedStep::from).collect(),
        }
    }
}

impl From<&Reason> for ReasonRow {
    fn from(reason: &Reason) -> Self {
        Self {
            condition: reason.condition.clone(),
            truth: reason.truth.as_str().to_owned(),
            because: reason.because.clone(),
            as_of: reason.as_of,
            parts: reason.parts.iter().map(Self::from).collect(),
        }
    }
}

impl From<&Step> for PlannedStep {
    fn from(step: &Step) -> Self {
        Self { action: step.action().to_owned(), target: step.target().to_owned() }
    }
}
