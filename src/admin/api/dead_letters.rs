//! Dead letters: events and steps that were given up. They are shown, taken up again or dismissed.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes, Data, Json, Path, Query},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};
use utoipa::ToSchema;

use super::{
    ApiResponse, Problem, read, read_out,
    request::{headers::actor, lookup, parameters, query, work},
    schemas::{self, MAX_LETTERS},
};
use crate::{
    admin::AdminState,
    clock::{Clock, SystemClock},
    domain::{Actor, DeadLetter, SourceId, Timestamp},
    log::{Position, Stream},
    source::Controls,
    views::{DeadLetterRow, LetterFilter, LetterState, Limit, Page, Paging},
};

/// The longest body: as many ids, and room for long ones.
pub(super) const MAX_BODY_BYTES: usize = 512 * 1024;
/// The number of refusals that an answer names.
const REFUSALS_NAMED: usize = 1_000;
/// The time for which an answer waits until the order is visible. The order is durable by then, and answered in any
/// case.
const VISIBLE_TIMEOUT: Duration = Duration::from_secs(10);
/// The interval for checking whether it is visible.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

type Nothing = Query<query::Nothing>;
type Body = Result<Bytes, actix_web::Error>;

/// The letters to take up again: the given ones, or those that match a filter.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Redrive {
    /// These letters, at most 1,000.
    ids: Option<Vec<String>>,
    /// A filter; the newest letters first.
    filter: Option<Which>,
    /// With a filter: the highest number of letters, up to 1,000.
    limit: Option<usize>,
}

/// A missing part matches all; the default of `state` is `open`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// The source.
    source: Option<SourceId>,
    /// Given up there: `planner`, `executor` or `sweeper`.
    stage: Option<query::StageName>,
    /// Words in the reason.
    reason: Option<String>,
    /// Given up then or later.
    since: Option<Timestamp>,
    /// About this user: the lasting id or the login name.
    user: Option<String>,
    /// The state.
    state: Option<LetterState>,
    /// Kept back (true), or given up (false).
    held: Option<bool>,
}

/// The reason why a letter is dismissed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dismissal {
    /// Shown with the letter; at most 1,000 characters.
    reason: Option<String>,
}

/// The result of a redrive.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Redriven {
    /// The number of letters that are taken up again.
    redriven: usize,
    /// The letters that can't be taken up again, with the reason; the first 1,000.
    refused: Vec<RefusedLetter>,
    /// Whether the filter lets more through that can be taken up again.
    more: bool,
}

/// A letter that can't be taken up again.
#[derive(Debug, Serialize, ToSchema)]
struct RefusedLetter {
    id: String,
    why: String,
}

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

enum Chosen {
    Ids(Vec<String>),
    Filter(LetterFilter, usize),
}

impl Redrive {
    fn checked(self) -> Result<Chosen, Problem> {
        let bad = |what: &str| Err(Problem::BadRequest(what.into()));
        match self {
            Self { ids: Some(ids), filter: None, limit: None } if (1..=MAX_LETTERS).contains(&ids.len()) => {
                Ok(Chosen::Ids(ids))
            }
            Self { ids: Some(_), filter: None, limit: None } => bad("write 1 to 1,000 `ids`"),
            Self { ids: None, filter: Some(which), limit } => match limit.unwrap_or(MAX_LETTERS) {
                limit @ 1..=MAX_LETTERS => Ok(Chosen::Filter(which.filter(), limit)),
                _ => bad("write a `limit` from 1 to 1,000"),
            },
            Self { .. } => bad("write `ids`, or a `filter` and perhaps a `limit`; `filter: {}` lets all through"),
        }
    }
}

impl Which {
    fn filter(self) -> LetterFilter {
        let Self { source, stage, reason, since, user, state, held } = self;
        let (stage, state) = (stage.map(|query::StageName(stage)| stage), Some(state.unwrap_or(LetterState::Open)));
        LetterFilter { source, stage, reason, since, user, state, held }
    }
}

/// The requested letters.
#[derive(Default)]
struct FoundLetters {
    letters: Vec<DeadLetter>,
    refused: Vec<RefusedLetter>,
    more: bool,
}

impl FoundLetters {
    fn refuse(&mut self, id: String, why: String) {
        if self.refused.len() < REFUSALS_NAMED {
            self.refused.push(RefusedLetter { id, why });
        }
    }
}

async fn by_ids(state: &Data<AdminState>, mut ids: Vec<String>) -> Result<FoundLetters, Problem> {
    ids.sort_unstable();
    ids.dedup();
    let state = state.clone();
    read(state.runtime(), move || {
        let mut found = FoundLetters::default();
        for id in ids {
            match state.views.dead_letter(&id)? {
                None => found.refuse(id, "there is no such dead letter".into()),
                Some((row, letter)) => match obstacle(&state, &row, &letter) {
                    Some(why) => found.refuse(id, why),
                    None => found.letters.push(letter),
                },
            }
        }
        Ok(found)
    })
    .await
}

async fn by_filter(state: &Data<AdminState>, filter: LetterFilter, limit: usize) -> Result<FoundLetters, Problem> {
    let state = state.clone();
    read(state.runtime(), move || {
        let mut found = FoundLetters::default();
        let mut paging = Paging { limit: Limit::MAX, cursor: None };
        loop {
            let page = state.views.whole_dead_letters(&filter, &paging)?;
            for (row, letter) in page.items {
                match obstacle(&state, &row, &letter) {
                    Some(why) => found.refuse(row.id, why),
                    None if found.letters.len() == limit => return Ok(FoundLetters { more: true, ..found }),
                    None => found.letters.push(letter),
                }
            }
            match page.next {
                Some(next) => paging.cursor = Some(next),
                None => return Ok(found),
            }
        }
    })
    .await
}

/// Takes up, or dismisses, the steps in `source` that are kept back because many users were created at once. Gives how
/// many, and whether there are more.
pub(super) async fn order_held(
    state: &Data<AdminState>,
    source: &SourceId,
    release: bool,
    by: &Actor,
) -> Result<(usize, bool), Problem> {
    let open = Some(LetterState::Open);
    let filter = LetterFilter { source: Some(source.clone()), held: Some(true), state: open, ..Default::default() };
    let letters = state.commands.letters();
    let (count, more, said) = if release {
        let found = by_filter(state, filter, MAX_LETTERS).await?;
        (found.letters.len(), found.more, letters.redrive(found.letters, by).await)
    } else {
        let (views, paging) = (state.views.clone(), Paging { limit: Limit::MAX, cursor: None });
        let page = read(state.runtime(), move || views.whole_dead_letters(&filter, &paging)).await?;
        let (count, more) = (page.items.len(), page.next.is_some());
        let held = page.items.into_iter().map(|(_, letter)| letter);
        (count, more, letters.dismiss_all(held.collect(), by).await)
    };
    shown(state, &said.map_err(|error| lookup::unavailable(&error))?).await;
    Ok((count, more))
}

/// Why `letter` can't be taken up again now.
fn obstacle(state: &AdminState, row: &DeadLetterRow, letter: &DeadLetter) -> Option<String> {
    if let Some(why) = row.obstacle(now()) {
        return Some(why);
    }
    if !state.sources().iter().any(|source| *source.id() == letter.source) {
        return Some(format!("the source `{}` is not in the configuration any more", letter.source));
    }
    let step = letter.step.as_ref()?;
    let settings = &state.settings;
    if !settings.scheme_stands(&step.scheme) {
        let scheme = &step.scheme.id;
        return Some(format!(
            "the scheme `{scheme}` was changed, disabled or deleted since; bring it back as it was, or dismiss the letter"
        ));
    }
    if settings.scheme_paused(&step.scheme.id) {
        return Some(format!("the scheme `{}` is paused; resume it first", step.scheme.id));
    }
    settings.run_cancelled(&step.run).then(|| "its run was cancelled".to_owned())
}

fn now() -> Timestamp {
    SystemClock.now()
}

async fn known(state: &AdminState, id: &str) -> Result<(DeadLetterRow, DeadLetter), Problem> {
    let (views, wanted) = (state.views.clone(), id.to_owned());
    let found = read(state.runtime(), move || views.dead_letter(&wanted)).await?;
    found.ok_or_else(|| Problem::NotFound { kind: "dead letter", id: id.to_owned() })
}

/// The JSON in `body`; the default if `body` is empty.
async fn parsed<T: DeserializeOwned + Default + Send + 'static>(runtime: Handle, body: Body) -> Result<T, Problem> {
    let text = lookup::text(body)?;
    if text.trim().is_empty() {
        return Ok(T::default());
    }
    let unreadable = |error| Problem::BadRequest(format!("the body can't be understood: {error}"));
    work::done(runtime, move || serde_json::from_str(&text).map_err(unreadable)).await
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
