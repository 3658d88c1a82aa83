//! How many users a scheme would select, by the last list of its source's users.

use actix_web::web::{Bytes, Data, Query};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ApiResponse, Problem,
    request::{lookup, query, work::answered},
    schemas::SchemeText,
};
use crate::{
    admin::{AdminState, identity::Principal},
    domain::Timestamp,
};

/// How many users a scheme would select.
#[derive(Serialize, ToSchema)]
pub(crate) struct EstimateRow {
    /// The users whom it would select.
    pub(crate) selected: u64,
    /// Those for whom the list is not enough: it has no groups, for example.
    pub(crate) unknown: u64,
    /// The users in the list.
    pub(crate) seen: u64,
    /// When the list was begun; null if there is none here.
    pub(crate) as_of: Option<Timestamp>,
    /// Whether the list is known to be whole.
    pub(crate) whole: Option<bool>,
    /// Why users may be missing.
    pub(crate) why: Option<String>,
}

/// How many users the scheme would select, by the last list of its source's users and what usher has seen of them. No
/// product is called. What the list does not contain (groups, applications) is unknown, and counted so.
#[utoipa::path(
    post, path = "/schemes/estimate", tag = "schemes", request_body = SchemeText,
    responses(
        (status = 200, body = EstimateRow),
        (status = 409, description = "`console.roster` is `off`."),
        (status = 413, description = "The scheme is too long."),
        (status = 422, description = "The scheme can't be used; `problems` says where and why."),
    )
)]
pub(super) async fn estimate(
    state: Data<AdminState>,
    caller: Principal,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<ApiResponse, Problem> {
    let text = lookup::text(body)?;
    answered(state.runtime(), move || estimated(&state, &caller, &text)).await
}

/// How many users the scheme in `text` would select, by what is at hand; it may take long.
///
/// # Errors
/// [`Problem::InvalidScheme`] if the scheme can't be used, [`Problem::Conflict`] if no list of users is kept.
pub(crate) fn estimated(state: &AdminState, caller: &Principal, text: &str) -> Result<EstimateRow, Problem> {
    let checked = state.settings.check(text)?;
    lookup::own(caller, &checked.scheme)?;
    if !state.users.are_kept() {
        let why = "`console.roster` is `off`, so usher keeps no list of users; use a preview, which reads the product";
        return Err(Problem::Conflict(why.into()));
    }
    let mut estimator = state.explainer.estimator(&checked.scheme);
    let roster = state.users.estimate(&mut estimator)?;
    let (selected, unknown, seen) = (estimator.selected, estimator.unknown, estimator.seen);
    Ok(EstimateRow { selected, unknown, seen, as_of: roster.as_of, whole: roster.whole, why: roster.why })
}
