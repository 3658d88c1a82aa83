//! Dead letters: events and steps that were given up. They are shown, taken up again or dismissed.

mod forms;
mod found;
mod held;

use std::time::Duration;

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path, Query},
};
use tokio::time::{sleep, timeout};

use super::{
    ApiResponse, Problem, read, read_out,
    request::{
        body::{Body, parsed},
        lookup, parameters, query,
    },
    schemas,
};
use crate::{
    admin::{
        AdminState,
        audit::{Act, Entry, Object},
        identity::{About, Permission, Principal},
    },
    clock::{Clock, SystemClock},
    domain::{DeadLetter, Timestamp},
    log::{Position, Stream},
    views::{DeadLetterRow, KeptTo, LetterFilter, LetterGroup, LetterState, Page},
};
pub(crate) use forms::{ChosenLetters, Redriven};
use forms::{DismissMany, Dismissal, Dismissed, Redrive};
pub(crate) use found::FoundLetters;
use found::{Purpose, found};
pub(crate) use held::count_held;
pub(super) use held::{is_any_held, order_held};

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
    caller: Principal,
    Query(query): Query<query::DeadLetters>,
) -> Result<ApiResponse, Problem> {
    let (filter, paging) = query.split();
    let filter = LetterFilter { kept_to: KeptTo::of(&caller.sources), ..filter };
    read_out(state.runtime(), move || state.views.dead_letters(&filter, &paging)).await
}

/// Dead letters grouped by their step and reason, so that one cause is one line.
#[utoipa::path(
    get, path = "/dead-letters/groups", tag = "dead letters", params(query::LetterGroups),
    responses((status = 200, body = Page<LetterGroup>))
)]
pub(super) async fn groups(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::LetterGroups>,
) -> Result<ApiResponse, Problem> {
    let (letter_state, paging) = query.split();
    let kept_to = KeptTo::of(&caller.sources);
    read_out(state.runtime(), move || state.views.letter_groups(letter_state, kept_to.as_ref(), &paging)).await
}

/// One dead letter.
#[utoipa::path(
    get, path = "/dead-letters/{id}", tag = "dead letters", params(("id" = String, Path)),
    responses((status = 200, body = DeadLetterRow), (status = 404, description = "There is no such dead letter."))
)]
pub(super) async fn one(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    _: Nothing,
) -> Result<Json<DeadLetterRow>, Problem> {
    known(&state, &caller, &id).await.map(|(row, _)| Json(row))
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
    caller: Principal,
    _: Nothing,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let order: Redrive = parsed(state.runtime(), body).await?;
    let found = letters_to_redrive(&state, &caller, order.checked()?).await?;
    redrive_letters(&state, &caller, found).await.map(|redriven| HttpResponse::Accepted().json(redriven))
}

/// The chosen letters that `caller` may take up again and that can be, and why the others can't.
///
/// # Errors
/// A [`Problem`] if the views can't be read.
pub(crate) async fn letters_to_redrive(
    state: &Data<AdminState>,
    caller: &Principal,
    chosen: ChosenLetters,
) -> Result<FoundLetters, Problem> {
    found(state, caller, chosen, Purpose::Redrive).await
}

/// Takes letters up again, and records it.
///
/// # Errors
/// [`Problem::Unavailable`] if it can't be recorded or written; some may be taken up again all the same.
pub(crate) async fn redrive_letters(
    state: &Data<AdminState>,
    caller: &Principal,
    found: FoundLetters,
) -> Result<Redriven, Problem> {
    let FoundLetters { letters, refused, more } = found;
    let redriven = letters.len();
    if let Some(entry) = about_all(Act::LettersRedrive, &letters) {
        let redriving = async {
            let positions = state.commands.letters().redrive(letters, &caller.by()).await;
            positions.map_err(|error| lookup::unavailable(&error))
        };
        let positions = state.recorded(caller, entry, redriving).await?;
        shown(state, &positions).await;
    }
    Ok(Redriven { redriven, refused, more })
}

/// Dismisses all of `letters`, and records it. Gives how many.
///
/// # Errors
/// [`Problem::Forbidden`] if `caller` may not decide about one of them; [`Problem::Unavailable`] if it can't be recorded
/// or written; some may be dismissed all the same.
pub(crate) async fn dismiss_letters(
    state: &Data<AdminState>,
    caller: &Principal,
    letters: Vec<DeadLetter>,
    reason: Option<String>,
) -> Result<usize, Problem> {
    letters.iter().try_for_each(|letter| decides(caller, letter))?;
    let Some(entry) = about_all(Act::LetterDismiss, &letters) else { return Ok(0) };
    let dismissing = async {
        let said = state.commands.letters().dismiss_all(letters, reason.clone(), &caller.by()).await;
        said.map_err(|error| lookup::unavailable(&error))
    };
    let positions = state.recorded(caller, entry.because(reason.clone()), dismissing).await?;
    shown(state, &positions).await;
    Ok(positions.len())
}

/// Dismisses dead letters: nothing more is to be done about them.
#[utoipa::path(
    post, path = "/dead-letters/dismiss", tag = "dead letters", params(parameters::Named),
    request_body = schemas::DismissMany,
    responses(
        (status = 200, description = "What can be is dismissed; the rest is named.", body = Dismissed),
        (status = 413, description = "The body is too long."),
        (status = 503, description = "It can't be written now; some may be dismissed all the same."),
    )
)]
pub(super) async fn dismiss_many(
    state: Data<AdminState>,
    caller: Principal,
    _: Nothing,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let order: DismissMany = parsed(state.runtime(), body).await?;
    let (chosen, reason) = order.checked()?;
    let FoundLetters { letters, refused, more } = found(&state, &caller, chosen, Purpose::Dismiss).await?;
    let dismissed = dismiss_letters(&state, &caller, letters, reason).await?;
    Ok(HttpResponse::Ok().json(Dismissed { dismissed, refused, more }))
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
    caller: Principal,
    id: Path<String>,
    _: Nothing,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let dismissal: Option<Dismissal> = parsed(state.runtime(), body).await?;
    let Dismissal { reason } = dismissal.unwrap_or_default();
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > 1_000) {
        return Err(Problem::BadRequest("`reason` is longer than 1,000 characters; write less".into()));
    }
    let (row, letter) = known(&state, &caller, &id).await?;
    match row.state {
        LetterState::Open => {
            decides(&caller, &letter)?;
            let entry = Entry::new(Act::LetterDismiss, Object::Other("dead-letter", row.id.clone()));
            let dismissing = async {
                let said = state.commands.letters().dismiss(&letter, reason.clone(), &caller.by()).await;
                said.map_err(|error| lookup::unavailable(&error))
            };
            let entry = entry.about(&letter.source).because(reason.clone());
            let position = state.recorded(&caller, entry, dismissing).await?;
            shown(&state, &[position]).await;
        }
        LetterState::Dismissed => {}
        LetterState::Redriven | LetterState::Resolved => {
            let why = row.obstacle(now()).unwrap_or_default();
            return Err(Problem::Conflict(format!("the dead letter `{}` can't be dismissed: {why}", row.id)));
        }
    }
    known(&state, &caller, &id).await.map(|(row, _)| HttpResponse::Ok().json(row))
}

fn now() -> Timestamp {
    SystemClock.now()
}

/// Whether `caller` may decide about a letter. What many creations at once hold is for administrators alone.
///
/// # Errors
/// [`Problem::Forbidden`] if they may not.
fn decides(caller: &Principal, letter: &DeadLetter) -> Result<(), Problem> {
    if letter.held {
        caller.may(Permission::DecideNewcomers, About::Source(&letter.source))?;
    }
    Ok(())
}

/// The record of an act about letters; none if there are none.
fn about_all(act: Act, letters: &[DeadLetter]) -> Option<Entry> {
    let first = letters.first()?;
    let object = match letters {
        [one] => Object::Other("dead-letter", one.id.clone()),
        several => Object::Other("dead-letters", several.len().to_string()),
    };
    let ids = letters.iter().map(|letter| letter.id.as_str()).collect::<Vec<_>>().join(" ");
    let entry = Entry::new(act, object).changing(None, Some(ids));
    let is_of_one = letters.iter().all(|letter| letter.source == first.source);
    Some(if is_of_one { entry.about(&first.source) } else { entry })
}

async fn known(state: &AdminState, caller: &Principal, id: &str) -> Result<(DeadLetterRow, DeadLetter), Problem> {
    let (views, wanted) = (state.views.clone(), id.to_owned());
    let found = read(state.runtime(), move || views.dead_letter(&wanted)).await?;
    found
        .filter(|(_, letter)| caller.sees(&letter.source))
        .ok_or_else(|| lookup::not_in_views(state, "dead letter", id))
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
