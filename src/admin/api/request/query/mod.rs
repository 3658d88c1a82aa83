//! The allowed parameters of queries. Anything else is refused, with what to write.

mod audit;
mod letters;
mod preview;
mod runs;
mod words;

use actix_web::error::QueryPayloadError;
use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::IntoParams;

pub(in crate::admin::api) use self::{
    audit::{Audit, AuditCsv},
    letters::{DeadLetters, LetterGroups},
    preview::Preview,
    runs::{DeletedRuns, Diff, Entries, RunGroups, Runs},
    words::StageName,
};
use crate::{
    admin::api::{Problem, schemas},
    domain::SourceId,
    views::{Cursor, Limit, Paging},
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

/// A cursor; none if it is empty: the first page.
pub(in crate::admin::api) fn or_first<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cursor>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.is_empty());
    text.map(Cursor::try_from).transpose().map_err(D::Error::custom)
}

/// The problem with a query that is none of these.
pub(crate) fn bad_query(error: &QueryPayloadError) -> Problem {
    match error {
        QueryPayloadError::Deserialize(why) => Problem::BadQuery(why.to_string()),
        other => Problem::BadQuery(other.to_string()),
    }
}
