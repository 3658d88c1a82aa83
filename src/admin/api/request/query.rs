//! The allowed parameters of queries. Anything else is refused, with what to write.

use actix_web::error::QueryPayloadError;
use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::IntoParams;

use crate::{
    admin::api::{Problem, schemas},
    domain::{ActionKind, SchemeId, SourceId, Stage, Timestamp},
    views::{Cursor, EntryResult, Filter, LetterFilter, LetterState, Limit, Paging, RunState},
};

/// The query of a list without filters.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct List {
    /// The highest number of items; 50 by default.
    #[serde(default)]
    #[param(value_type = u16, required = false, minimum = 1, maximum = 500)]
    limit: Limit,
    /// The `next` of the page before; empty for the first page.
    #[serde(default, deserialize_with = "or_first")]
    #[param(value_type = schemas::CursorText, inline, required = false)]
    cursor: Option<Cursor>,
}

impl List {
    pub(in crate::admin::api) fn paging(self) -> Paging {
        Paging { limit: self.limit, cursor: self.cursor }
    }
}

/// The query of a picker of groups.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct Groups {
    /// A part of the name, in any case; all groups by default.
    #[serde(default)]
    #[param(value_type = String, required = false, max_length = 255)]
    like: String,
    /// The highest number of groups; 50 by default. A product names 100 at most.
    #[serde(default)]
    #[param(value_type = u16, required = false, minimum = 1, maximum = 500)]
    limit: Limit,
}

impl Groups {
    pub(in crate::admin::api) fn split(self) -> (String, usize) {
        (self.like, self.limit.get())
    }
}

/// The query of a path that is not a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin::api) struct Nothing {}

/// The query of the list of runs.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct Runs {
    /// The scheme.
    #[param(value_type = schemas::Id, inline, required = false)]
    scheme: Option<SchemeId>,
    /// The source.
    #[param(value_type = schemas::Id, inline, required = false)]
    source: Option<SourceId>,
    /// An action of the run.
    #[param(value_type = schemas::ActionWord, inline, required = false)]
    action: Option<ActionName>,
    /// The result of a step of the run; `unknown`: with a user for whom a fact was unknown.
    #[param(value_type = schemas::ResultWord, inline, required = false)]
    result: Option<ResultName>,
    /// The state.
    #[param(value_type = RunState, inline, required = false)]
    state: Option<RunState>,
    /// The earliest start.
    #[param(value_type = schemas::Time, inline, required = false)]
    since: Option<Timestamp>,
    /// The highest number of items; 50 by default.
    #[serde(default)]
    #[param(value_type = u16, required = false, minimum = 1, maximum = 500)]
    limit: Limit,
    /// The `next` of the page before; empty for the first page.
    #[serde(default, deserialize_with = "or_first")]
    #[param(value_type = schemas::CursorText, inline, required = false)]
    cursor: Option<Cursor>,
}

impl Runs {
    pub(in crate::admin::api) fn split(self) -> (Filter, Paging) {
        let Self { scheme, source, action, result, state, since, limit, cursor } = self;
        let (action, result) = (action.map(|ActionName(name)| name), result.map(|ResultName(result)| result));
        (Filter { scheme, source, action, result, state, since }, Paging { limit, cursor })
    }
}

/// The query of the entries of a run.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct Entries {
    /// The result; `unknown`: about users for whom a fact was unknown.
    #[param(value_type = schemas::ResultWord, inline, required = false)]
    result: Option<ResultName>,
    /// The highest number of items; 50 by default.
    #[serde(default)]
    #[param(value_type = u16, required = false, minimum = 1, maximum = 500)]
    limit: Limit,
    /// The `next` of the page before; empty for the first page.
    #[serde(default, deserialize_with = "or_first")]
    #[param(value_type = schemas::CursorText, inline, required = false)]
    cursor: Option<Cursor>,
}

impl Entries {
    pub(in crate::admin::api) fn split(self) -> (Option<EntryResult>, Paging) {
        let Self { result, limit, cursor } = self;
        (result.map(|ResultName(result)| result), Paging { limit, cursor })
    }
}

/// The query of the list of decisions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct Decisions {
    /// The source; all sources by default.
    #[param(value_type = schemas::Id, inline, required = false)]
    source: Option<SourceId>,
    /// The user: the lasting id or the login name.
    #[param(value_type = String, required = true, min_length = 1)]
    user: Option<String>,
    /// The highest number of items; 50 by default.
    #[serde(default)]
    #[param(value_type = u16, required = false, minimum = 1, maximum = 500)]
    limit: Limit,
    /// The `next` of the page before; empty for the first page.
    #[serde(default, deserialize_with = "or_first")]
    #[param(value_type = schemas::CursorText, inline, required = false)]
    cursor: Option<Cursor>,
}

impl Decisions {
    /// The source, the user and the page that are asked for.
    ///
    /// # Errors
    /// [`Problem::BadQuery`] if no user is named.
    pub(in crate::admin::api) fn split(self) -> Result<(Option<SourceId>, String, Paging), Problem> {
        let paging = Paging { limit: self.limit, cursor: self.cursor };
        match self.user.filter(|user| !user.is_empty()) {
            Some(user) => Ok((self.source, user, paging)),
            None => Err(Problem::BadQuery("say whose: write `user=<lasting id or login name>`".into())),
        }
    }
}

/// The query of the list of dead letters.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct DeadLetters {
    /// The source.
    #[param(value_type = schemas::Id, inline, required = false)]
    source: Option<SourceId>,
    /// Given up there.
    #[param(value_type = schemas::StageWord, inline, required = false)]
    stage: Option<StageName>,
    /// Words in the reason, in any case.
    #[param(value_type = String, required = false)]
    reason: Option<String>,
    /// Given up then or later.
    #[param(value_type = schemas::Time, inline, required = false)]
    since: Option<Timestamp>,
    /// About this user: the lasting id or the login name.
    #[param(value_type = String, required = false)]
    user: Option<String>,
    /// The state.
    #[param(value_type = LetterState, inline, required = false)]
    state: Option<LetterState>,
    /// Kept back (`true`), or given up (`false`).
    #[param(value_type = bool, required = false)]
    held: Option<bool>,
    /// The highest number of items; 50 by default.
    #[serde(default)]
    #[param(value_type = u16, required = false, minimum = 1, maximum = 500)]
    limit: Limit,
    /// The `next` of the page before; empty for the first page.
    #[serde(default, deserialize_with = "or_first")]
    #[param(value_type = schemas::CursorText, inline, required = false)]
    cursor: Option<Cursor>,
}

impl DeadLetters {
    pub(in crate::admin::api) fn split(self) -> (LetterFilter, Paging) {
        let Self { source, stage, reason, since, user, state, held, limit, cursor } = self;
        let stage = stage.map(|StageName(stage)| stage);
        (LetterFilter { source, stage, reason, since, user, state, held }, Paging { limit, cursor })
    }
}

/// The query of `explain`.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct Explain {
    /// The scheme's id.
    pub(in crate::admin::api) scheme: String,
    /// The lasting id or the login name.
    pub(in crate::admin::api) user: String,
}

/// The query of a preview.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct Preview {
    /// The highest number of named users; usher names 100,000 at most.
    #[serde(default)]
    #[param(value_type = schemas::Count, inline, required = false)]
    pub(in crate::admin::api) users: Count,
}

/// A number, however large.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(in crate::admin::api) struct Count(pub(in crate::admin::api) usize);

impl Default for Count {
    fn default() -> Self {
        Self(1_000)
    }
}

impl TryFrom<String> for Count {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() || text.contains(|c: char| !c.is_ascii_digit()) {
            return Err(format!("`{text}` is not a number; write one from 0 on"));
        }
        Ok(Self(text.parse().unwrap_or(usize::MAX))) // it has too many digits
    }
}

/// A cursor; none if it is empty: the first page.
fn or_first<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cursor>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    text.map(Cursor::try_from).transpose().map_err(D::Error::custom)
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

/// The stage that gave something up.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::admin::api) struct StageName(pub(in crate::admin::api) Stage);

impl TryFrom<String> for StageName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let known = Stage::ALL.into_iter().find(|stage| stage.as_str() == text);
        known.map(Self).ok_or_else(|| {
            let names = Stage::ALL.map(Stage::as_str).join(", ");
            format!("`{text}` is no stage; write one of {names}")
        })
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct ResultName(EntryResult);

impl TryFrom<String> for ResultName {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let known = EntryResult::all().find(|result| result.as_str() == text);
        known.map(Self).ok_or_else(|| {
            let names = EntryResult::all().map(EntryResult::as_str).collect::<Vec<_>>().join(", ");
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
