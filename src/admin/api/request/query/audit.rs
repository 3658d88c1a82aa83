//! The queries of what administrators did.

use serde::Deserialize;
use utoipa::IntoParams;

use super::or_first;
use crate::{
    admin::api::schemas,
    domain::{SourceScope, Timestamp},
    views::{ActionFilter, Cursor, KeptTo, Limit, Paging},
};

/// The query of what administrators did.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct Audit {
    /// The name of the token or the person; with it, whatever it did for others.
    #[param(value_type = String, required = false)]
    by: Option<String>,
    /// A word like `scheme.pause`, or its first part: `scheme`.
    #[param(value_type = String, required = false)]
    action: Option<String>,
    /// The object: `scheme:leavers`, say.
    #[param(value_type = String, required = false)]
    on: Option<String>,
    /// Done then or later.
    #[param(value_type = schemas::Time, inline, required = false)]
    since: Option<Timestamp>,
    /// Done before then.
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

impl Audit {
    /// The filter for somebody kept to these sources, and the page.
    pub(in crate::admin::api) fn split(self, sources: &SourceScope) -> (ActionFilter, Paging) {
        let Self { by, action, on, since, until, limit, cursor } = self;
        let filter = ActionFilter { by, action, on, since, until, kept_to: KeptTo::of(sources) };
        (filter, Paging { limit, cursor })
    }
}

/// The query of an export of what administrators did: all that match, on one page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::admin::api) struct AuditCsv {
    /// The name of the token or the person; with it, whatever it did for others.
    #[param(value_type = String, required = false)]
    by: Option<String>,
    /// A word like `scheme.pause`, or its first part: `scheme`.
    #[param(value_type = String, required = false)]
    action: Option<String>,
    /// The object: `scheme:leavers`, say.
    #[param(value_type = String, required = false)]
    on: Option<String>,
    /// Done then or later.
    #[param(value_type = schemas::Time, inline, required = false)]
    since: Option<Timestamp>,
    /// Done before then.
    #[param(value_type = schemas::Time, inline, required = false)]
    until: Option<Timestamp>,
}

impl AuditCsv {
    /// The filter for somebody kept to these sources.
    pub(in crate::admin::api) fn filter(self, sources: &SourceScope) -> ActionFilter {
        let Self { by, action, on, since, until } = self;
        ActionFilter { by, action, on, since, until, kept_to: KeptTo::of(sources) }
    }
}
