//! Pausing and resuming sources and schemes.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Query},
};

use super::{
    Problem,
    request::{headers::actor, lookup, parameters, query},
};
use crate::{
    admin::AdminState,
    domain::{Pausable, SourceId},
};

type Nothing = Query<query::Nothing>;

/// Pauses a source: usher does not call it until it is resumed.
#[utoipa::path(
    post, path = "/sources/{id}/pause", tag = "sources", params(("id" = String, Path), parameters::Named),
    responses(
        (status = 204, description = "It is so."),
        (status = 404, description = "There is no such source."),
        (status = 503, description = "It can't be written now."),
    )
)]
pub(super) async fn pause_source(
    state: Data<AdminState>,
    request: HttpRequest,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    source(&state, &request, &id, true).await
}

/// Resumes a source: its waiting events continue.
#[utoipa::path(
    post, path = "/sources/{id}/resume", tag = "sources", params(("id" = String, Path), parameters::Named),
    responses(
        (status = 204, description = "It is so."),
        (status = 404, description = "There is no such source."),
        (status = 503, description = "It can't be written now."),
    )
)]
pub(super) async fn resume_source(
    state: Data<AdminState>,
    request: HttpRequest,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    source(&state, &request, &id, false).await
}

/// Pauses a scheme: it is not asked until it is resumed.
#[utoipa::path(
    post, path = "/schemes/{id}/pause", tag = "schemes", params(("id" = String, Path), parameters::Named),
    responses(
        (status = 204, description = "It is so."),
        (status = 404, description = "There is no such scheme."),
        (status = 503, description = "It can't be written now."),
    )
)]
pub(super) async fn pause_scheme(
    state: Data<AdminState>,
    request: HttpRequest,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    scheme(&state, &request, &id, true).await
}

/// Resumes a scheme: it is asked again, for later events.
#[utoipa::path(
    post, path = "/schemes/{id}/resume", tag = "schemes", params(("id" = String, Path), parameters::Named),
    responses(
        (status = 204, description = "It is so."),
        (status = 404, description = "There is no such scheme."),
        (status = 503, description = "It can't be written now."),
    )
)]
pub(super) async fn resume_scheme(
    state: Data<AdminState>,
    request: HttpRequest,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    scheme(&state, &request, &id, false).await
}

async fn source(state: &AdminState, request: &HttpRequest, id: &str, paused: bool) -> Result<HttpResponse, Problem> {
    let known = |id: &SourceId| state.sources().iter().any(|source| source.id() == id);
    let id = id.parse().ok().filter(known).ok_or_else(|| Problem::NotFound { kind: "source", id: id.to_owned() })?;
    state.settings.pause(Pausable::Source(id), paused, actor(request)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn scheme(state: &AdminState, request: &HttpRequest, id: &str, paused: bool) -> Result<HttpResponse, Problem> {
    let id = lookup::known(id)?;
    if state.settings.get(&id).is_none() {
        return Err(lookup::no_such(id.as_str()));
    }
    state.settings.pause(Pausable::Scheme(id), paused, actor(request)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
