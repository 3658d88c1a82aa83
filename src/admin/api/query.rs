//! What may stand in a query. Anything else is refused with what to write.

use actix_web::error::QueryPayloadError;
use serde::Deserialize;

use super::Problem;
use crate::{
    domain::{ActionKind, SchemeId, SourceId, StepResult, Timestamp},
    views::{Cursor, Filter, Limit, Paging},
};

/// Of a list without filters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor>,
}

impl List {
    pub(super) fn paging(self) -> Paging {
        Paging { limit: self.limit, cursor: self.cursor }
    }
}

/// Of something that is not a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Of the list of runs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Runs {
    scheme: Option<SchemeId>,
    source: Option<SourceId>,
    action: Option<ActionName>,
    result: Option<ResultName>,
    since: Option<Timestamp>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor>,
}

impl Runs {
    pub(super) fn split(self) -> (Filter, Paging) {
        let Self { scheme, source, action, result, since, limit, cursor } = self;
        let (action, result) = (action.map(|ActionName(name)| name), result.map(|ResultName(result)| result));
        (Filter { scheme, source, action, result, since }, Paging { limit, cursor })
    }
}

/// Of the list of decisions.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decisions {
    source: Option<SourceId>,
    user: Option<String>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor>,
}

impl Decisions {
    pub(super) fn split(self) -> Result<(Option<SourceId>, String, Paging), Problem> {
        let paging = Paging { limit: self.limit, cursor: self.cursor };
        match self.user.filter(|user| !user.is_empty()) {
            Some(user) => Ok((self.source, user, paging)),
            None => Err(Problem::BadQuery("say whose: write `user=<lasting id or login name>`".into())),
        }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct ActionName(String);

impl TryFrom<String> for ActionName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let names = ActionKind::ALL.map(ActionKind::as_str);
        if names.contains(&text.as_str()) {
            return Ok(Self(text));
        }
        Err(format!("`{text}` is no action; write one of {}", names.join(", ")))
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct ResultName(StepResult);

impl TryFrom<String> for ResultName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let known = StepResult::ALL.into_iter().find(|result| result.as_str() == text);
        known.map(Self).ok_or_else(|| {
            let names = StepResult::ALL.map(StepResult::as_str).join(", ");
            format!("`{text}` is no result; write one of {names}")
        })
    }
}

/// The problem with a query that is none of these.
pub(crate) fn bad_query(error: &QueryPayloadError) -> Problem {
    match error {
        QueryPayloadError::Deserialize(why) => Problem::BadQuery(why.to_string()),
        other => Problem::BadQuery(other.to_string()),
    }
}
