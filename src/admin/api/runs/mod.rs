//! Runs a scheme now, and takes orders about runs.

pub(super) mod delete;
pub(super) mod export;
pub(super) mod history;
pub(super) mod open;
pub(super) mod undo;

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Bytes, Data, Path, Query},
};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, Ref, RefOr, Schema, schema::AnyOfBuilder},
};

use super::{
    Problem, read,
    request::{headers::request_key, lookup, parameters, query},
};
use crate::{
    admin::{
        AdminState,
        audit::{Act, Entry, Object, Once},
        identity::Principal,
    },
    domain::{RunId, RunOrder, Scheme, SchemeId, SweepId, Timestamp},
    engine::{AdminCommands, HELD_TOO_LONG, RunQueries},
    log::RETENTION,
    settings::Contents,
    views::{Run, RunKind, RunState},
};

/// The time for which an answer waits until the request is visible. The request is durable by then, and answered in any
/// case.
const VISIBLE_TIMEOUT: Duration = Duration::from_secs(10);

type Nothing = Query<query::Nothing>;

/// A run with a request about it, which is in the log.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum AcceptedRow {
    /// The request is visible in the run.
    Shown(Box<Run>),
    /// The request is not visible yet; the run can be read a little later.
    Named { id: RunId },
}

impl utoipa::PartialSchema for AcceptedRow {
    /// Not one of the two but any: a run has an id as well.
    fn schema() -> RefOr<Schema> {
        let named = ObjectBuilder::new().property("id", <RunId as utoipa::PartialSchema>::schema()).required("id");
        let any = AnyOfBuilder::new().item(Ref::from_schema_name(Run::name())).item(named);
        any.description(Some("The run as it is now, or its id where it does not show yet.")).into()
    }
}

impl ToSchema for AcceptedRow {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Run::name().into_owned(), <Run as utoipa::PartialSchema>::schema()));
        Run::schemas(schemas);
    }
}

/// Runs a scheme now, over all users of its source.
#[utoipa::path(
    post, path = "/schemes/{id}/run", tag = "runs",
    params(("id" = String, Path), parameters::Named, parameters::Repeatable),
    responses(
        (status = 202, body = AcceptedRow),
        (status = 404, description = "There is no such scheme."),
        (status = 409, description = "It can't be run now: it waits for events, is not enabled, or is paused. Or something else was asked with the same key."),
        (status = 503, description = "It can't be written now."),
    )
)]
pub(super) async fn run_now(
    state: Data<AdminState>,
    caller: Principal,
    request: HttpRequest,
    id: Path<String>,
    _: Nothing,
    body: Result<Bytes, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let id = lookup::scheme(&state, &caller, &id)?.id;
    let body = lookup::text(body)?;
    let key = request_key(&request, &caller, &[b"scheme.run", id.as_str().as_bytes(), body.as_bytes()])?;
    if let Some(run) = state.asked_before(key.as_ref()).await? {
        return again(&state, &caller, &id, run).await;
    }
    let scheme = runnable(&state, &caller, id.as_str())?;
    let sweep = AdminCommands::new_sweep(&scheme);
    let run = RunId::of_sweep(&sweep, &scheme.id);
    match state.record_once(&caller, of_run_now(&scheme, &run).repeatable(key)).await? {
        Once::First => {
            ask_for(&state, sweep, &scheme, &caller).await?;
            accepted(&state, run, |_| true).await
        }
        Once::Again(earlier) => again(&state, &caller, &id, earlier).await,
    }
}

/// The answer to a request that was sent before, and began `run`.
async fn again(
    state: &Data<AdminState>,
    caller: &Principal,
    id: &SchemeId,
    run: RunId,
) -> Result<HttpResponse, Problem> {
    let has_begun = has_begun(state, &run).await?;
    // The process that recorded it may have ended before it was asked for. To ask twice makes one run.
    if let (false, Some(sweep)) = (has_begun, run.sweep(id)) {
        ask_for(state, sweep, &runnable(state, caller, id.as_str())?, caller).await?;
    }
    accepted(state, run, |_| true).await
}

/// Whether `run` shows.
pub(super) async fn has_begun(state: &AdminState, run: &RunId) -> Result<bool, Problem> {
    let (views, wanted) = (state.views.clone(), run.clone());
    read(state.runtime(), move || views.run(&wanted)).await.map(|run| run.is_some())
}

async fn ask_for(state: &AdminState, sweep: SweepId, scheme: &Scheme, caller: &Principal) -> Result<(), Problem> {
    let asked = state.commands.run_now(sweep, scheme, &caller.by()).await;
    asked.map_err(|error| lookup::unavailable(&error))
}

/// Runs the scheme `id` now, over all users of its source, and records it; gives the run, which may not show yet.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such scheme, [`Problem::Conflict`] if it can't be run now,
/// [`Problem::Unavailable`] if the request can't be written.
pub(crate) async fn run_scheme(state: &AdminState, caller: &Principal, id: &str) -> Result<RunId, Problem> {
    let scheme = runnable(state, caller, id)?;
    let sweep = AdminCommands::new_sweep(&scheme);
    let run = RunId::of_sweep(&sweep, &scheme.id);
    state.recorded(caller, of_run_now(&scheme, &run), ask_for(state, sweep, &scheme, caller)).await?;
    Ok(run)
}

/// The record of `run`, which an administrator asks for.
fn of_run_now(scheme: &Scheme, run: &RunId) -> Entry {
    let entry = Entry::new(Act::SchemeRun, Object::Scheme(scheme.id.clone())).about(&scheme.source);
    entry.changing(None, Some(scheme.reference().version)).beginning(run)
}

/// Releases a held run.
#[utoipa::path(
    post, path = "/runs/{id}/release", tag = "runs", params(("id" = String, Path), parameters::Named),
    responses(
        (status = 202, body = AcceptedRow),
        (status = 404, description = "There is no such run."),
        (status = 409, description = "It is not held, or can't go on: `detail` says why."),
        (status = 503, description = "It can't be written now."),
    )
)]
pub(super) async fn release(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    let id = release_run(&state, &caller, &id).await?;
    accepted(&state, id, |run| run.state != RunState::Held).await
}

/// Releases a held run, and records it.
///
/// # Errors
/// [`Problem::NotFound`] if `caller` sees no such run, [`Problem::Conflict`] if it is not held or can't go on,
/// [`Problem::Unavailable`] if it can't be recorded, or the order can't be written.
pub(crate) async fn release_run(state: &Data<AdminState>, caller: &Principal, id: &str) -> Result<RunId, Problem> {
    let (run, order) = of_sweep(state, caller, id).await?;
    if run.kind == RunKind::Undo {
        return Err(wrong_state(&run, "an undo is never held"));
    }
    if run.state != RunState::Held {
        return Err(wrong_state(&run, "only a run that is held can be released"));
    }
    releasable(state, &run, order.at)?;
    let releasing = async { state.commands.release(order).await.map_err(|error| lookup::unavailable(&error)) };
    state.recorded(caller, about(Act::RunRelease, &run), releasing).await?;
    Ok(run.id)
}

/// Ends a run of a sweep.
#[utoipa::path(
    post, path = "/runs/{id}/cancel", tag = "runs", params(("id" = String, Path), parameters::Named),
    responses(
        (status = 202, body = AcceptedRow),
        (status = 404, description = "There is no such run."),
        (status = 409, description = "It has ended, or is of one event."),
        (status = 503, description = "It can't be written now."),
    )
)]
pub(super) async fn cancel(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    let id = cancel_run(&state, &caller, &id).await?;
    accepted(&state, id, |run| run.state.is_final()).await
}

/// Ends a run of a sweep, and records it.
///
/// # Errors
/// [`Problem::NotFound`] if `caller` sees no such run, [`Problem::Conflict`] if it has ended or is of one event,
/// [`Problem::Unavailable`] if it can't be recorded, or the order can't be written.
pub(crate) async fn cancel_run(state: &Data<AdminState>, caller: &Principal, id: &str) -> Result<RunId, Problem> {
    let (run, order) = of_sweep(state, caller, id).await?;
    if run.state.is_final() {
        return Err(wrong_state(&run, "there is nothing left to cancel"));
    }
    let cancelling = async {
        // First where planners and executors look before each user and step; the rest is for the record.
        state.settings.cancel_run(run.id.clone(), caller.by()).await?;
        state.commands.cancel(order).await.map_err(|error| lookup::unavailable(&error))
    };
    state.recorded(caller, about(Act::RunCancel, &run), cancelling).await?;
    Ok(run.id)
}

/// The record of an order about a run.
fn about(act: Act, run: &Run) -> Entry {
    let state = Some(run.state.as_str().to_owned());
    Entry::new(act, Object::Run(run.id.clone())).about(&run.source).changing(state, None)
}

/// The scheme, if it can be run now.
///
/// # Errors
/// [`Problem::NotFound`] if `caller` sees no such scheme, [`Problem::Conflict`] with the reason if it can't.
pub(crate) fn runnable(state: &AdminState, caller: &Principal, id: &str) -> Result<Scheme, Problem> {
    let listed = lookup::scheme(state, caller, id)?;
    let refuse = |why: String| Err(Problem::Conflict(format!("the scheme `{id}` {why}")));
    let Contents::Readable(scheme) = listed.contents else {
        return refuse("can't be used as it is; read it to see why".into());
    };
    let trigger = scheme.trigger.kind();
    if !trigger.is_sweep() {
        let why =
            format!("waits for `{trigger}`; only a scheme with a schedule or the trigger `manual` can be run by hand");
        return refuse(why);
    }
    if !scheme.enabled {
        return refuse("is not enabled; write `enabled: true` first".into());
    }
    if listed.paused.is_some() {
        return refuse("is paused; resume it first".into());
    }
    Ok(*scheme)
}

/// Checks whether usher still has the count of a held run, and whether its scheme is unchanged and may select. A
/// release asks the scheme again about each of the users. Otherwise nothing would be done, and the run would be over.
fn releasable(state: &AdminState, run: &Run, now: Timestamp) -> Result<(), Problem> {
    let refuse = |why: &str| Err(wrong_state(run, why));
    if run.held_since.is_some_and(|since| since.until(now) > RETENTION) {
        return refuse(HELD_TOO_LONG);
    }
    let Some(listed) = state.settings.get(&run.scheme) else {
        return refuse("its scheme was deleted; cancel the run");
    };
    let Contents::Readable(scheme) = listed.contents else {
        return refuse("its scheme can't be used as it is; read the scheme to see why, or cancel the run");
    };
    if !scheme.enabled {
        return refuse("its scheme is not enabled any more; cancel the run, or enable the scheme as it was");
    }
    if scheme.reference().version != run.scheme_version {
        return refuse("its scheme was changed since the run began; cancel the run, and run the scheme as it is now");
    }
    if listed.paused.is_some() {
        return refuse("its scheme is paused; resume it first");
    }
    Ok(())
}

/// A run that is part of a sweep, and an order about it.
async fn of_sweep(state: &Data<AdminState>, caller: &Principal, id: &str) -> Result<(Run, RunOrder), Problem> {
    let (views, wanted) = (state.views.clone(), RunId::new(id));
    let run = read(state.runtime(), move || views.run(&wanted)).await?;
    let run = run.filter(|run| caller.sees(&run.source));
    let run = run.ok_or_else(|| lookup::no_such_run(state, &RunId::new(id)))?;
    let Some(sweep) = &run.sweep else {
        return Err(wrong_state(&run, "one event about one user set it off; there is nothing to release or cancel"));
    };
    let order = state.commands.order(sweep, &run.scheme, &run.source, caller.by());
    Ok((run, order))
}

/// The answer to a request that is in the log: the run, as soon as it shows the request.
pub(super) async fn accepted(
    state: &Data<AdminState>,
    id: RunId,
    shows: impl Fn(&Run) -> bool,
) -> Result<HttpResponse, Problem> {
    let run = once_shown(state, &id, shows).await?;
    let mut response = HttpResponse::Accepted();
    response.insert_header((header::LOCATION, format!("/api/v1/runs/{id}")));
    Ok(response.json(match run {
        Some(run) => AcceptedRow::Shown(Box::new(run)),
        None => AcceptedRow::Named { id },
    }))
}

/// The run, as soon as it shows a request that is in the log; none if that takes too long.
///
/// # Errors
/// An internal [`Problem`] if the views can't be read.
pub(crate) async fn once_shown(
    state: &Data<AdminState>,
    id: &RunId,
    shows: impl Fn(&Run) -> bool,
) -> Result<Option<Run>, Problem> {
    let mut progress = state.views.progress();
    let look = async {
        loop {
            progress.mark_unchanged();
            let (views, wanted) = (state.views.clone(), id.clone());
            match read(state.runtime(), move || views.run(&wanted)).await? {
                Some(run) if shows(&run) => return Ok::<_, Problem>(Some(run)),
                _ if progress.changed().await.is_err() => return Ok(None),
                _ => {}
            }
        }
    };
    timeout(VISIBLE_TIMEOUT, look).await.unwrap_or(Ok(None))
}

fn wrong_state(run: &Run, why: &str) -> Problem {
    Problem::Conflict(format!("the run `{}` is {}: {why}", run.id, run.state.as_str()))
}
