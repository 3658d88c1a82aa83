//! Running a scheme now, and saying what becomes of a run.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path, Query},
};
use tokio::time::timeout;

use super::{Problem, headers::actor, query, read, schemes};
use crate::{
    admin::AdminState,
    domain::{RunId, RunOrder, Scheme},
    engine::Overview,
    log::{self, RETENTION},
    settings::Contents,
    views::{Run, RunState},
};

/// How long an answer waits until what was asked for shows. It is durable by then, and answered all the same.
const SHOWN_WITHIN: Duration = Duration::from_secs(10);

type Nothing = Query<query::Nothing>;

/// `POST schemes/{id}/run`.
pub(super) async fn run_now(
    state: Data<AdminState>,
    request: HttpRequest,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    let scheme = runnable(&state, &id)?;
    let run = state.desk.run_now(&scheme, &actor(&request)?).await.map_err(|error| unavailable(&error))?;
    accepted(&state, run, |_| true).await
}

/// `POST runs/{id}/release`.
pub(super) async fn release(
    state: Data<AdminState>,
    request: HttpRequest,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    let (run, order) = of_sweep(&state, &id).await?;
    if run.state != RunState::Held {
        return Err(wrong_state(&run, "only a run that is held can be released"));
    }
    if run.held_since.is_some_and(|since| since.until(order.at) > RETENTION) {
        let why = "it was held for longer than 30 days, and what it counted is too old to go by; cancel the run, and run \
                   the scheme again";
        return Err(wrong_state(&run, why));
    }
    releasable(&state, &run)?;
    state.desk.release(order, &actor(&request)?).await.map_err(|error| unavailable(&error))?;
    accepted(&state, run.id, |run| run.state != RunState::Held).await
}

/// `POST runs/{id}/cancel`.
pub(super) async fn cancel(
    state: Data<AdminState>,
    request: HttpRequest,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    let (run, order) = of_sweep(&state, &id).await?;
    if run.state.is_final() {
        return Err(wrong_state(&run, "there is nothing left to cancel"));
    }
    // First where planners and executors look before each user and step; the rest is for the books.
    state.settings.cancel_run(run.id.clone(), actor(&request)?).await?;
    state.desk.cancel(order).await.map_err(|error| unavailable(&error))?;
    accepted(&state, run.id, |run| run.state.is_final()).await
}

/// The scheme, where it can be run now.
fn runnable(state: &AdminState, id: &str) -> Result<Scheme, Problem> {
    let id = schemes::known(id)?;
    let listed = state.settings.get(&id).ok_or_else(|| schemes::no_such(id.as_str()))?;
    let refuse = |why: String| Err(Problem::Conflict(format!("the scheme `{id}` {why}")));
    let Contents::Readable(scheme) = listed.contents else {
        return refuse("can't be used as it is; read it to see why".into());
    };
    let trigger = scheme.trigger.kind();
    if !trigger.is_sweep() {
        let why = format!("waits for `{trigger}`; give it the trigger `manual` or a schedule, or a twin that has one");
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

/// Whether the scheme of a run that is held is what it was when its users were counted, and may select. A release asks
/// it once more about each of them: otherwise nothing would be done, and the run would be over.
fn releasable(state: &AdminState, run: &Run) -> Result<(), Problem> {
    let refuse = |why: &str| Err(wrong_state(run, why));
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
async fn of_sweep(state: &Data<AdminState>, id: &str) -> Result<(Run, RunOrder), Problem> {
    let (views, wanted) = (state.views.clone(), RunId::new(id));
    let run = read(move || views.run(&wanted)).await?;
    let run = run.ok_or_else(|| Problem::NotFound { kind: "run", id: id.to_owned() })?;
    let Some(sweep) = &run.sweep else {
        return Err(wrong_state(&run, "one event about one user set it off; there is nothing to release or cancel"));
    };
    let order = state.desk.order(sweep, &run.scheme, &run.source);
    Ok((run, order))
}

/// The answer to what is in the log now: with the run, as soon as it shows what was asked for.
async fn accepted(state: &Data<AdminState>, id: RunId, shows: impl Fn(&Run) -> bool) -> Result<HttpResponse, Problem> {
    let mut progress = state.views.progress();
    let look = async {
        loop {
            progress.mark_unchanged();
            let (views, wanted) = (state.views.clone(), id.clone());
            match read(move || views.run(&wanted)).await? {
                Some(run) if shows(&run) => return Ok::<_, Problem>(Some(run)),
                _ if progress.changed().await.is_err() => return Ok(None),
                _ => {}
            }
        }
    };
    let run = timeout(SHOWN_WITHIN, look).await.unwrap_or(Ok(None))?;
    let mut response = HttpResponse::Accepted();
    response.insert_header((header::LOCATION, format!("/api/v1/runs/{id}")));
    Ok(match run {
        Some(run) => response.json(run),
        None => response.json(serde_json::json!({ "id": id })),
    })
}

fn wrong_state(run: &Run, why: &str) -> Problem {
    Problem::Conflict(format!("the run `{}` is {}: {why}", run.id, run.state.as_str()))
}

fn unavailable(error: &log::Error) -> Problem {
    Problem::Unavailable(error.to_string())
}
