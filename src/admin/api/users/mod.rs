//! Users: found over all sources, read one by one, explained, with what usher did about them.

pub(super) mod csv;
pub(super) mod explain;
pub(super) mod one;
pub(super) mod query;
pub(super) mod timeline;

use actix_web::{
    http::StatusCode,
    web::{Data, Path, Query},
};

use super::{
    ApiResponse, Problem,
    request::{lookup, query::Nothing, work::answered},
};
use crate::{
    admin::{AdminState, identity::Principal},
    domain::SourceId,
    users::{self, NotBegun, RefreshState, UsersPage},
};

impl From<users::Error> for Problem {
    fn from(error: users::Error) -> Self {
        Self::internal(&error)
    }
}

/// The users of all sources, or of one, by the last list of each source.
#[utoipa::path(
    get, path = "/users", tag = "users", params(query::Find),
    responses(
        (status = 200, body = UsersPage),
        (status = 404, description = "There is no such source."),
        (status = 409, description = "`console.roster` is `off`."),
    )
)]
pub(super) async fn list(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::Find>,
) -> Result<ApiResponse, Problem> {
    answered(state.runtime(), move || {
        let (source, filter, sort, paging) = query.split()?;
        let sources = sources(&state, &caller, source.as_ref())?;
        Ok(state.users.page(&sources, &filter, sort, &paging)?)
    })
    .await
}

/// Lists the users of a source anew, in the background, at the pace of all calls. `GET /sources/{id}` shows how far it is.
#[utoipa::path(
    post, path = "/sources/{id}/roster/refresh", tag = "users", params(("id" = String, Path)),
    responses(
        (status = 202, body = RefreshState),
        (status = 404, description = "There is no such source."),
        (status = 409, description = "The users are being listed already, the source is paused, or `console.roster` is `off`."),
    )
)]
pub(super) async fn refresh(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<ApiResponse, Problem> {
    let begun = refresh_roster(&state, &lookup::source(&state, &caller, &id)?)?;
    ApiResponse::json(StatusCode::ACCEPTED, &begun)
}

/// Begins to list the users of `source` anew, in the background.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such source; [`Problem::Conflict`] if no list can be begun now.
pub(crate) fn refresh_roster(state: &AdminState, source: &SourceId) -> Result<RefreshState, Problem> {
    state.users.refresh(source).map_err(|error| match error {
        NotBegun::NoSuchSource(id) => Problem::NotFound { kind: "source", id: id.to_string() },
        NotBegun::Off | NotBegun::UnderWay(_) | NotBegun::NotRunning(_) => Problem::Conflict(error.to_string()),
    })
}

/// The asked source, or all of `caller`. Refused where users are not kept.
fn sources(state: &AdminState, caller: &Principal, asked: Option<&SourceId>) -> Result<Vec<SourceId>, Problem> {
    if !state.users.are_kept() {
        let why =
            "`console.roster` is `off`, so usher keeps no list of users; set `console.roster.keep` to search them";
        return Err(Problem::Conflict(why.into()));
    }
    match asked {
        Some(asked) => Ok(vec![lookup::source(state, caller, asked.as_str())?]),
        None => Ok(state.source_ids().into_iter().filter(|source| caller.sees(source)).collect()),
    }
}
