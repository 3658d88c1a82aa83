//! The allowed parameters of queries. Anything else is refused, with what to write.

use std::time::Duration;

use actix_web::error::QueryPayloadError;
use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::{IntoParams, ToSchema};

use crate::{
    admin::api::{Problem, schemas},
    domain::{ActionKind, Matching, RunId, SchemeId, SourceId, Stage, Timestamp},
    views::{
        Cursor, EntryFilter, EntryResult, Filter, GroupFilter, LetterFilter, LetterState, Limit, Paging, RunKind,
        RunState,
    },
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
    /// What set it off.
    #[param(value_type = RunKind, inline, required = false)]
    kind: Option<RunKind>,
    /// The requester: a name, or `schedule`.
    #[param(value_type = String, required = false)]
    by: Option<String>,
    /// `test`: nothing was to be changed; `active`: the others.
    #[param(value_type = RunMode, inline, required = false)]
    mode: Option<RunMode>,
    /// With an entry about this user: the lasting id or the login name.
    #[param(value_type = String, required = false)]
    user: Option<String>,
    /// A part of the run's id, scheme, source or user, in any case.
    #[param(value_type = String, required = false)]
    q: Option<String>,
    /// The earliest start.
    #[param(value_type = schemas::Time, inline, required = false)]
    since: Option<Timestamp>,
    /// The latest start.
    #[param(value_type = schemas::Time, inline, required = false)]
    until: Option<Timestamp>,
    /// The highest number of items; 50 by default.
    #[serde(default)]
    #[param(value_type = u16, required = false, minimum = 1, maximum = 500)]
    limit: Limit,
    /// The `next` of the page before; empty for the first page.
    #[serde(default, deserialize_with = "or_first")]
    #[param(value_type = schemas::CursorText, inline, required = false)]
    cursor: Option<Cursor>,
}

/// Whether a run was to change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::admin::api) enum RunMode {
    /// Nothing was to be changed.
    Test,
    /// Changes were made.
    Active,
}

impl Runs {
    /// The filter, the user that it names, and the page.
    pub(in crate::admin::api) fn split(self) -> (Filter, Option<String>, Paging) {
        let Self { scheme, source, action, result, state, kind, by, mode, user, q, since, until, limit, cursor } = self;
        let (action, result) = (action.map(|ActionName(name)| name), result.map(|ResultName(result)| result));
        let (test_mode, text) = (mode.map(|mode| mode == RunMode::Test), lower(q));
        let filter =
            Filter { scheme, source, action, result, state, since, until, kind, by, test_mode, user: None, text };
        (filter, user.filter(|user| !user.is_empty()), Paging { limit, cursor })
    }
}

/// A text to be looked for; none if it is blank.
fn lower(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty())
}

/// The query that selects runs to be removed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct DeletedRuns {
    /// Started before then; needed, unless the body names runs.
    #[param(value_type = schemas::Time, inline, required = false)]
    before: Option<Timestamp>,
    /// The scheme.
    #[param(value_type = schemas::Id, inline, required = false)]
    scheme: Option<SchemeId>,
    /// The source.
    #[param(value_type = schemas::Id, inline, required = false)]
    source: Option<SourceId>,
    /// What set it off.
    #[param(value_type = RunKind, inline, required = false)]
    kind: Option<RunKind>,
    /// The state.
    #[param(value_type = RunState, inline, required = false)]
    state: Option<RunState>,
    /// `test`: nothing was to be changed; `active`: the others.
    #[param(value_type = RunMode, inline, required = false)]
    mode: Option<RunMode>,
}

impl DeletedRuns {
    /// What runs match; none if there is no filter.
    ///
    /// # Errors
    /// [`Problem::BadQuery`] if there is a filter without `before`.
    pub(in crate::admin::api) fn checked(self) -> Result<Option<Matching>, Problem> {
        let Self { before, scheme, source, kind, state, mode } = self;
        let is_filter = scheme.is_some() || source.is_some() || kind.is_some() || state.is_some() || mode.is_some();
        let (kind, state) =
            (kind.map(RunKind::as_str).map(str::to_owned), state.map(RunState::as_str).map(str::to_owned));
        let test_mode = mode.map(|mode| mode == RunMode::Test);
        match before {
            Some(before) => Ok(Some(Matching { before, scheme, source, kind, state, test_mode })),
            None if is_filter => Err(Problem::BadQuery("say until when: write `before=<time>` too".into())),
            None => Ok(None),
        }
    }
}

/// The query of the folded list of runs.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct RunGroups {
    /// How they are folded: `scheme,hour`, which is the only way.
    #[serde(default)]
    #[param(value_type = schemas::Folded, inline, required = false)]
    by: Folded,
    /// The scheme.
    #[param(value_type = schemas::Id, inline, required = false)]
    scheme: Option<SchemeId>,
    /// The source.
    #[param(value_type = schemas::Id, inline, required = false)]
    source: Option<SourceId>,
    /// The earliest hour, by a time in it.
    #[param(value_type = schemas::Time, inline, required = false)]
    since: Option<Timestamp>,
    /// The latest hour, by a time in it.
    #[param(value_type = schemas::Time, inline, required = false)]
    until: Option<Timestamp>,
    /// The highest number of items; 50 by default.
    #[serde(default)]
    #[param(value_type = u16, required = false, minimum = 1, maximum = 500)]
    limit: Limit,
    /// The `next` of the page before; empty for the first page.
    #[serde(default, deserialize_with = "or_first")]
    #[param(value_type = schemas::CursorText, inline, required = false)]
    cursor: Option<Cursor>,
}

#[derive(Default, Deserialize)]
#[serde(try_from = "String")]
struct Folded;

impl TryFrom<String> for Folded {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text == schemas::FOLDED {
            Ok(Self)
        } else {
            Err(format!("`{text}` is no way to fold runs; write `{}`", schemas::FOLDED))
        }
    }
}

impl RunGroups {
    pub(in crate::admin::api) fn split(self) -> (GroupFilter, Paging) {
        let Self { by: Folded, scheme, source, since, until, limit, cursor } = self;
        (GroupFilter { scheme, source, since, until }, Paging { limit, cursor })
    }
}

/// The query of a comparison of two runs.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct Diff {
    /// The other run.
    pub(in crate::admin::api) to: String,
    /// The highest number of items; 50 by default.
    #[serde(default)]
    #[param(value_type = u16, required = false, minimum = 1, maximum = 500)]
    limit: Limit,
    /// The `next` of the page before; empty for the first page.
    #[serde(default, deserialize_with = "or_first")]
    #[param(value_type = schemas::CursorText, inline, required = false)]
    cursor: Option<Cursor>,
}

impl Diff {
    pub(in crate::admin::api) fn split(self) -> (RunId, Paging) {
        (RunId::new(self.to), Paging { limit: self.limit, cursor: self.cursor })
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
    /// The action.
    #[param(value_type = schemas::ActionWord, inline, required = false)]
    action: Option<ActionName>,
    /// The user: the lasting id or the login name.
    #[param(value_type = String, required = false)]
    user: Option<String>,
    /// A part of the user, the target, the reason or the error, in any case.
    #[param(value_type = String, required = false)]
    q: Option<String>,
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
    /// The filter, the user that it names, and the page.
    pub(in crate::admin::api) fn split(self) -> (EntryFilter, Option<String>, Paging) {
        let Self { result, action, user, q, limit, cursor } = self;
        let (result, action) = (result.map(|ResultName(result)| result), action.map(|ActionName(name)| name));
        let filter = EntryFilter { result, action, user: None, text: lower(q) };
        (filter, user.filter(|user| !user.is_empty()), Paging { limit, cursor })
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
    /// The group, by its id.
    #[param(value_type = String, required = false)]
    group: Option<String>,
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
        let Self { source, stage, reason, since, user, state, held, group, limit, cursor } = self;
        let stage = stage.map(|StageName(stage)| stage);
        (LetterFilter { source, stage, reason, since, user, state, held, group }, Paging { limit, cursor })
    }
}

/// The query of the groups of dead letters.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct LetterGroups {
    /// The state; `open` by default.
    #[param(value_type = LetterState, inline, required = false)]
    state: Option<LetterState>,
    /// The highest number of items; 50 by default.
    #[serde(default)]
    #[param(value_type = u16, required = false, minimum = 1, maximum = 500)]
    limit: Limit,
    /// The `next` of the page before; empty for the first page.
    #[serde(default, deserialize_with = "or_first")]
    #[param(value_type = schemas::CursorText, inline, required = false)]
    cursor: Option<Cursor>,
}

impl LetterGroups {
    pub(in crate::admin::api) fn split(self) -> (LetterState, Paging) {
        (self.state.unwrap_or(LetterState::Open), Paging { limit: self.limit, cursor: self.cursor })
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

/// The query of the difference between two versions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct Versions {
    /// The earlier one: its `revision` or `version`; by default the one before `to`.
    #[param(required = false)]
    pub(in crate::admin::api) from: Option<String>,
    /// The later one; by default the latest.
    #[param(required = false)]
    pub(in crate::admin::api) to: Option<String>,
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
    /// The time for which the answer waits for the end, from `0s` to `60s`; `5s` by default.
    #[serde(default)]
    #[param(value_type = schemas::Seconds, inline, required = false)]
    pub(in crate::admin::api) wait: Wait,
}

/// The time for which an answer waits, in whole seconds.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(in crate::admin::api) struct Wait(pub(in crate::admin::api) Duration);

impl Default for Wait {
    fn default() -> Self {
        Self(Duration::from_secs(5))
    }
}

impl TryFrom<String> for Wait {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let seconds = text.strip_suffix('s').filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        match seconds.and_then(|number| number.parse().ok()) {
            Some(seconds @ 0..=60) => Ok(Self(Duration::from_secs(seconds))),
            _ => Err(format!("`{text}` is no time to wait; write one from `0s` to `60s`")),
        }
    }
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
pub(in crate::admin::api) fn or_first<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cursor>, D::Error> {
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
