//! The bodies of requests about dead letters, and of their answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    admin::api::{Problem, checked_reason, request::query, schemas::MAX_LETTERS},
    domain::{SourceId, Timestamp},
    views::{LetterFilter, LetterState},
};

/// The letters to take up again: the given ones, or those that match a filter.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Redrive {
    /// These letters, at most 1,000.
    ids: Option<Vec<String>>,
    /// A filter; the newest letters first.
    filter: Option<Which>,
    /// With a filter: the highest number of letters, up to 1,000.
    limit: Option<usize>,
    /// Another name of `limit`.
    at_most: Option<usize>,
}

/// The letters to dismiss: the given ones, or those that match a filter.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DismissMany {
    /// These letters, at most 1,000.
    ids: Option<Vec<String>>,
    /// A filter; the newest letters first.
    filter: Option<Which>,
    /// With a filter: the highest number of letters, up to 1,000.
    limit: Option<usize>,
    /// Another name of `limit`.
    at_most: Option<usize>,
    /// Shown with each letter; at most 1,000 characters.
    reason: Option<String>,
}

impl DismissMany {
    /// The letters that are chosen, and the reason.
    ///
    /// # Errors
    /// As [`Redrive::checked`]; [`Problem::BadRequest`] if the reason is too long.
    pub(super) fn checked(self) -> Result<(ChosenLetters, Option<String>), Problem> {
        let Self { ids, filter, limit, at_most, reason } = self;
        Ok((Redrive { ids, filter, limit, at_most }.checked()?, checked_reason(reason)?))
    }
}

/// A missing part matches all; the default of `state` is `open`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// The source.
    source: Option<SourceId>,
    /// Given up there: `planner`, `executor` or `sweeper`.
    stage: Option<query::StageName>,
    /// Words in the reason.
    reason: Option<String>,
    /// Given up then or later.
    since: Option<Timestamp>,
    /// About this user: the lasting id or the login name.
    user: Option<String>,
    /// The state.
    state: Option<LetterState>,
    /// Kept back (true), or given up (false).
    held: Option<bool>,
    /// The group, by its id.
    group: Option<String>,
}

/// The reason why a letter is dismissed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dismissal {
    /// Shown with the letter; at most 1,000 characters.
    pub(super) reason: Option<String>,
}

/// The result of a redrive.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Redriven {
    /// The number of letters that are taken up again.
    pub(crate) redriven: usize,
    /// The letters that can't be taken up again, with the reason; the first 1,000.
    pub(crate) refused: Vec<RefusedLetter>,
    /// Whether the filter lets more through that can be taken up again.
    pub(crate) more: bool,
}

/// The result of dismissing letters.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Dismissed {
    /// The number of letters that are dismissed now. One that was dismissed before is not counted.
    pub(super) dismissed: usize,
    /// The letters that can't be dismissed, with the reason; the first 1,000.
    pub(super) refused: Vec<RefusedLetter>,
    /// Whether the filter lets more through that can be dismissed.
    pub(super) more: bool,
}

/// A letter that can't be taken up again, or dismissed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedLetter {
    pub(crate) id: String,
    pub(crate) why: String,
}

/// The letters that a request chooses.
#[derive(Debug, Clone)]
pub(crate) enum ChosenLetters {
    /// These.
    Ids(Vec<String>),
    /// Those that match, the newest, so many at most.
    Filter(LetterFilter, usize),
}

impl Redrive {
    /// The letters that are chosen.
    ///
    /// # Errors
    /// [`Problem::BadRequest`] if it has both `ids` and a `filter`, or neither, or more than is allowed.
    pub(super) fn checked(self) -> Result<ChosenLetters, Problem> {
        let bad = |what: &str| Err(Problem::BadRequest(what.into()));
        match self {
            Self { ids: Some(ids), filter: None, limit: None, at_most: None }
                if (1..=MAX_LETTERS).contains(&ids.len()) =>
            {
                Ok(ChosenLetters::Ids(ids))
            }
            Self { ids: Some(_), filter: None, limit: None, at_most: None } => bad("write 1 to 1,000 `ids`"),
            Self { ids: None, filter: Some(_), limit: Some(_), at_most: Some(_) } => {
                bad("`at_most` is another name of `limit`; write one of them")
            }
            Self { ids: None, filter: Some(which), limit, at_most } => match limit.or(at_most).unwrap_or(MAX_LETTERS) {
                limit @ 1..=MAX_LETTERS => Ok(ChosenLetters::Filter(which.filter(), limit)),
                _ => bad("write a `limit` from 1 to 1,000"),
            },
            Self { .. } => bad("write `ids`, or a `filter` and perhaps a `limit`; `filter: {}` lets all through"),
        }
    }
}

impl Which {
    fn filter(self) -> LetterFilter {
        let Self { source, stage, reason, since, user, state, held, group } = self;
        let (stage, state) = (stage.map(|query::StageName(stage)| stage), Some(state.unwrap_or(LetterState::Open)));
        LetterFilter { source, stage, reason, since, user, state, held, group, kept_to: None }
    }
}
