//! Dead letters: events and steps that were given up. They are shown, taken up again or dismissed.

mod forms;
mod found;
mod held;

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path, Query},
};
use tokio::time::{sleep, timeout};

use super::{
    ApiResponse, Problem, read, read_out,
    request::{
        body::{Body, parsed},
        headers::actor,
        lookup, parameters, query,
    },
    schemas,
};
use crate::{
    admin::AdminState,
    clock::{Clock, SystemClock},
    domain::{DeadLetter, Timestamp},
    log::{Position, Stream},
    views::{DeadLetterRow, LetterGroup, LetterState, Page},
};
use forms::{Chosen, Dismissal, Redrive, Redriven};
use found::{by_filter, by_ids};
pub(super) use held::order_held;

/// The longest body: as many ids, and room for long ones.
pub(super) const MAX_BODY_BYTES: usize = 512 * 1024;
/// The time for which an answer waits until the order is visible. The order is durable by then, and answered in any
/// case.
const VISIBLE_TIMEOUT: Duration = Duration::from_secs(10);
/// The interval for checking whether it is visible.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

type Nothing = Query<query::Nothing>;

/// Dead letters, newest first.
#[utoipa::path(
    get, path = "/dead-letters", tag = "dead letters", params(query::DeadLetters),
    responses((status = 200, body = Page<DeadLetterRow>))
)]
pub(super) async fn list(
    state: Data<AdminState>,
    Query(query): Query<query::DeadLetters>,
) -> Result<ApiResponse, Problem> {
    let (filter, paging) = query.split();
    read_out(state.runtime(), move || state.views.dead_letters(&filter, &paging)).await
}

/// Dead letters grouped by their step and reason, so that one cause is one line.
#[utoipa::path(
    get, path = "/dead-letters/groups", tag = "dead letters", params(query::LetterGroups),
    responses((status = 200, body = Page<LetterGroup>))
)]
pub(super) async fn groups(
    state: Data<AdminState>,
    Query(query): Query<query::LetterGroups>,
) -> Result<ApiResponse, Problem> {
    let (letter_state, paging) = query.split();
    read_out(state.runtime(), move || state.views.letter_groups(letter_state, &paging)).await
}

/// One dead letter.
#[utoipa::path(
    get, path = "/dead-letters/{id}", tag = "dead letters", params(("id" = String, Path)),
    responses((status = 200, body = DeadLetterRow), (status = 404, description = "There is no such dead letter."))
)]
pub(super) async fn one(state: Data<AdminState>, id: Path<String>, _: Nothing) -> Result<Json<DeadLetterRow>, Problem> {
    known(&state, &id).await.map(|(row, _)| Json(row))
}

/// Takes dead letters up again: each goes through the planner or the executor once more, under the same keys.
#[utoipa::path(
    post, path = "/dead-letters/redrive", tag = "dead letters", params(parameters::Named), request_body = schemas::Redrive,
    responses(
        (status = 202, description = "What can be is being taken up again; the rest is named.", body = Redriven),
        (status = 413, description = "The body is too long."),
        (status = 503, description = "It can't be written now; some may be taken up again all the same."),
    )
)]
pub(super) async fn redrive(
    state: Data<AdminState>,
    request: HttpRequest,
    _: Nothing,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let (order, by): (Redrive, _) = (parsed(state.runtime(), body).await?, actor(&request)?);
    let chosen = match order.checked()? {
        Chosen::Ids(ids) => by_ids(&state, ids).await?,
        Chosen::Filter(filter, limit) => by_filter(&state, filter, limit).await?,
    };
    let redriven = chosen.letters.len();
    let positions = state.commands.letters().redrive(chosen.letters, &by).await;
    shown(&state, &positions.map_err(|error| lookup::unavailable(&error))?).await;
    Ok(HttpResponse::Accepted().json(Redriven { redriven, refused: chosen.refused, more: chosen.more }))
}

/// Dismisses a dead letter.
#[utoipa::path(
    post, path = "/dead-letters/{id}/dismiss", tag = "dead letters", params(("id" = String, Path), parameters::Named),
    request_body = Option<schemas::Dismissal>,
    responses(
        (status = 200, body = DeadLetterRow),
        (status = 404, description = "There is no such dead letter."),
        (status = 409, description = "It is being taken up again, or was."),
        (status = 413, description = "The body is too long."),
        (status = 503, description = "It can't be written now."),
    )
)]
pub(super) async fn dismiss(
    state: Data<AdminState>,
    request: HttpRequest,
    id: Path<String>,
    _: Nothing,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let (dismissal, by): (Option<Dismissal>, _) = (parsed(state.runtime(), body).await?, actor(&request)?);
    let Dismissal { reason } = dismissal.unwrap_or_default();
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > 1_000) {
        return Err(Problem::BadRequest("`reason` is longer than 1,000 characters; write less".into()));
    }
    let (row, letter) = known(&state, &id).await?;
    match row.state {
        LetterState::Open => {
            let said = state.commands.letters().dismiss(&letter, reason, &by).await;
            shown(&state, &[said.map_err(|error| lookup::unavailable(&error))?]).await;
        }
        LetterState::Dismissed => {}
        LetterState::Redriven | LetterState::Resolved => {
            let why = row.obstacle(now()).unwrap_or_default();
            return Err(Problem::Conflict(format!("the dead letter `{}` can't be dismissed: {why}", row.id)));
        }
    }
    known(&state, &id).await.map(|(row, _)| HttpResponse::Ok().json(row))
}

fn now() -> Timestamp {
    SystemClock.now()
}

async fn known(state: &AdminState, id: &str) -> Result<(DeadLetterRow, DeadLetter), Problem> {
    let (views, wanted) = (state.views.clone(), id.to_owned());
    let found = read(state.runtime(), move || views.dead_letter(&wanted)).await?;
    found.ok_or_else(|| Problem::NotFound { kind: "dead letter", id: id.to_owned() })
}

/// Waits until the views have read the orders at `positions`, for a limited time.
async fn shown(state: &AdminState, positions: &[Position]) {
    let is_shown =
        |position: &Position| state.views.read_until(Stream::DeadLetters, position.partition) > position.offset;
    let all = async {
        while !positions.iter().all(is_shown) {
            sleep(POLL_INTERVAL).await;
        }
    };
    let _shown_or_not = timeout(VISIBLE_TIMEOUT, all).await;
}
