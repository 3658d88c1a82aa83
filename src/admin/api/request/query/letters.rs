//! The queries of dead letters.

use serde::Deserialize;
use utoipa::IntoParams;

use super::{or_first, words::StageName};
use crate::{
    admin::api::schemas,
    domain::{SourceId, Timestamp},
    views::{Cursor, LetterFilter, LetterState, Limit, Paging},
};

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
        (
            LetterFilter { source, stage, reason, since, user, state, held, group, kept_to: None },
            Paging { limit, cursor },
        )
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
