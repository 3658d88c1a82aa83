//! Undoing a run: what it would do, and the request for it.

use actix_web::{
    HttpResponse,
    web::{Data, Path, Query},
};

use super::{Nothing, about, accepted, wrong_state};
use crate::{
    admin::{
        AdminState,
        api::{
            ApiResponse, Problem, read,
            request::{
                body::{Body, Reason, parsed},
                lookup, parameters, query,
                work::answered,
            },
            schemas,
        },
        audit::Act,
        identity::Principal,
    },
    domain::{Product, RunId, SchemeRef, SourceId},
    engine::UndoRequest,
    views::{self, Paging, Run, RunKind, RunState, UndoPlan},
};

/// The effect that an undo of a run would have, as far as usher's log tells.
#[utoipa::path(
    get, path = "/runs/{id}/undo", tag = "runs", params(("id" = String, Path), query::List),
    responses((status = 200, body = UndoPlan), (status = 404, description = "There is no such run."))
)]
pub(in crate::admin::api) async fn plan(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query): Query<query::List>,
) -> Result<ApiResponse, Problem> {
    let (id, paging) = (RunId::new(id.into_inner()), query.paging());
    let runtime = state.runtime();
    answered(runtime, move || undo_plan(&state, &caller, &id, &paging)).await
}

/// Undoes a run: a run of the kind `undo` puts back what it changed.
#[utoipa::path(
    post, path = "/runs/{id}/undo", tag = "runs", params(("id" = String, Path), parameters::Named),
    request_body = Option<schemas::Reason>,
    responses(
        (status = 202, description = "The run that undoes it. Asked for twice, it is the same one.", body = super::AcceptedRow),
        (status = 404, description = "There is no such run."),
        (status = 409, description = "It has not ended, has changed nothing, or later runs were removed: `detail` says why."),
        (status = 413, description = "The body is too long."),
        (status = 503, description = "It can't be written now."),
    )
)]
pub(in crate::admin::api) async fn undo(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    _: Nothing,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let reason: Reason = parsed(state.runtime(), body).await?;
    let undo = undo_run(&state, &caller, &RunId::new(id.into_inner()), reason.checked()?).await?;
    accepted(&state, undo, |_| true).await
}

/// The effect that an undo of the run `id` would have. It waits for the disk.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such run; an internal [`Problem`] if the views can't be read.
pub(crate) fn undo_plan(
    state: &AdminState,
    caller: &Principal,
    id: &RunId,
    paging: &Paging,
) -> Result<UndoPlan, Problem> {
    let run = lookup::run(state, caller, id)?;
    let product = product_of(state, &run.source);
    let plan = state.views.undo_plan(id, product, paging).map_err(|error| Problem::internal(&error))?;
    plan.ok_or_else(|| lookup::no_such_run(state, id))
}

/// Asks for the undo of the run `id`, unless it is asked for already, and records it. Gives the run of the undo.
///
/// # Errors
/// [`Problem::NotFound`] if `caller` sees no such run, [`Problem::Conflict`] if it can't be undone now,
/// [`Problem::Unavailable`] if it can't be recorded, or the request can't be written.
pub(crate) async fn undo_run(
    state: &Data<AdminState>,
    caller: &Principal,
    id: &RunId,
    reason: Option<String>,
) -> Result<RunId, Problem> {
    let (views, wanted) = (state.views.clone(), id.clone());
    let of = Data::clone(state);
    let found = read(state.runtime(), move || {
        let Some(run) = views.run(&wanted)? else { return Ok(None) };
        Ok(Some((undo_obstacle(&of, &run)?, views.undos(&wanted)?, run)))
    });
    let found = found.await?.filter(|(_, _, run)| caller.sees(&run.source));
    let (obstacle, undos, run) = found.ok_or_else(|| lookup::no_such_run(state, id))?;
    if let Some(undo) = undos.iter().find(|undo| !came_to_nothing(undo)) {
        return Ok(undo.id.clone());
    }
    if let Some(why) = obstacle {
        return Err(wrong_state(&run, &why));
    }
    let entry = about(Act::RunUndo, &run).because(reason.clone());
    let request = UndoRequest {
        of: run.id,
        scheme: SchemeRef { id: run.scheme, version: run.scheme_version },
        source: run.source,
        round: undos.len() as u64,
        by: caller.by(),
        reason,
    };
    let asking = async { state.commands.undo(request).await.map_err(|error| lookup::unavailable(&error)) };
    state.recorded(caller, entry, asking).await
}

/// Whether a run may be undone once more after the undo `undo`: it has ended, and put nothing back.
fn came_to_nothing(undo: &Run) -> bool {
    match undo.state {
        RunState::Cancelled => true,
        RunState::Done | RunState::Failed => undo.test_mode || undo.counts.selected == 0,
        RunState::Running | RunState::Held => false,
    }
}

/// Why `run` can't be undone now. It waits for the disk.
///
/// # Errors
/// Those of reading; see [`views::Error`].
pub(crate) fn undo_obstacle(state: &AdminState, run: &Run) -> Result<Option<String>, views::Error> {
    if let Some(why) = obstacle(state, run) {
        return Ok(Some(why));
    }
    let why = "later runs of its source were removed from the run log, so usher does not know which users are \
        meant to be as they are now; put them back by a scheme";
    Ok(state.views.later_was_removed(run)?.then(|| why.to_owned()))
}

/// Why `run` can't be undone, as far as it tells itself.
fn obstacle(state: &AdminState, run: &Run) -> Option<String> {
    if !run.state.is_final() {
        return Some("only a run that has ended can be undone; cancel it first, or wait".to_owned());
    }
    if run.counts.changed == 0 {
        let kind = if run.kind == RunKind::Undo { "it put nothing back" } else { "it changed nothing" };
        return Some(format!("{kind}, so there is nothing to undo"));
    }
    if product_of(state, &run.source).is_none() {
        return Some(format!("the source `{}` is not in the configuration any more", run.source));
    }
    None
}

fn product_of(state: &AdminState, source: &SourceId) -> Option<Product> {
    state.sources().iter().find(|row| row.id() == source).map(|row| row.product())
}
