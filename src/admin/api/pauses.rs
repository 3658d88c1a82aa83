//! Pausing and resuming sources and schemes.

use actix_web::{
    HttpResponse,
    web::{Data, Path, Query},
};

use super::{
    Problem,
    request::{lookup, parameters, query},
};
use crate::{
    admin::{
        AdminState,
        audit::{Act, Entry, Object},
        identity::Principal,
    },
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
    caller: Principal,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    source(&state, &caller, &id, true).await
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
    caller: Principal,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    source(&state, &caller, &id, false).await
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
    caller: Principal,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    scheme(&state, &caller, &id, true).await
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
    caller: Principal,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    scheme(&state, &caller, &id, false).await
}

async fn source(state: &AdminState, caller: &Principal, id: &str, paused: bool) -> Result<HttpResponse, Problem> {
    pause_source_now(state, caller, &lookup::source(state, caller, id)?, paused).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Pauses or resumes the source `id`, and records it.
///
/// # Errors
/// [`Problem::Unavailable`] if it can't be recorded, or can't be written.
pub(crate) async fn pause_source_now(
    state: &AdminState,
    caller: &Principal,
    id: &SourceId,
    paused: bool,
) -> Result<(), Problem> {
    let act = if paused { Act::SourcePause } else { Act::SourceResume };
    set(state, caller, Entry::new(act, Object::Source(id.clone())), Pausable::Source(id.clone()), paused).await
}

async fn scheme(state: &AdminState, caller: &Principal, id: &str, paused: bool) -> Result<HttpResponse, Problem> {
    pause_scheme_now(state, caller, id, paused).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Pauses or resumes the scheme `id`, and records it.
///
/// # Errors
/// [`Problem::NotFound`] if `caller` sees no such scheme, [`Problem::Unavailable`] if it can't be recorded, or can't be
/// written.
pub(crate) async fn pause_scheme_now(
    state: &AdminState,
    caller: &Principal,
    id: &str,
    paused: bool,
) -> Result<(), Problem> {
    let listed = lookup::scheme(state, caller, id)?;
    let act = if paused { Act::SchemePause } else { Act::SchemeResume };
    let entry = Entry::new(act, Object::Scheme(listed.id.clone())).about_scheme(&listed);
    set(state, caller, entry, Pausable::Scheme(listed.id), paused).await
}

async fn set(state: &AdminState, caller: &Principal, entry: Entry, of: Pausable, paused: bool) -> Result<(), Problem> {
    let word = |paused| Some(if paused { "paused" } else { "running" }.to_owned());
    let entry = entry.changing(word(state.settings.pause_of(&of).is_some()), word(paused));
    let pausing = async { state.settings.pause(of, paused, caller.by()).await.map_err(Problem::from) };
    state.recorded(caller, entry, pausing).await
}
