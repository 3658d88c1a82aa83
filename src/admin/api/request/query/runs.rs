//! The queries of runs and their entries.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    or_first,
    words::{ActionName, ResultName},
};
use crate::{
    admin::api::{Problem, schemas},
    domain::{Matching, RunId, SchemeId, SourceId, Timestamp},
    views::{Cursor, EntryFilter, Filter, GroupFilter, Limit, Paging, RunKind, RunState},
};

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
    /// The cause of the run.
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
        let filter = Filter {
            scheme,
            source,
            action,
            result,
            state,
            since,
            until,
            kind,
            by,
            test_mode,
            text,
            ..Filter::default()
        };
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
    /// The cause of the run.
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
    /// The runs that match; none if there is no filter.
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
        (GroupFilter { scheme, source, since, until, kept_to: None }, Paging { limit, cursor })
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
