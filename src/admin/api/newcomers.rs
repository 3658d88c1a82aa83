//! Newcomers of a source: the state of the comparison, and the orders about held users.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    web::{Data, Path, Query},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Problem, dead_letters, read,
    request::{lookup, parameters, query},
};
use crate::{
    admin::{
        AdminState,
        audit::{Act, Entry, Object},
        identity::Principal,
    },
    domain::{Comparison, SourceId, Timestamp},
    views::NewcomersOrder,
};

type Nothing = Query<query::Nothing>;

/// The state of the comparison of a source's users with the known users.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReconciliationRow {
    state: ReconciliationState,
    every_seconds: Option<u64>,
    /// Since when newcomers count as created.
    pub(crate) baseline: Option<Timestamp>,
    known: u64,
    pub(crate) held: u64,
    why: Option<String>,
    /// The time of this record; if nothing changes, it is written every five minutes.
    pub(crate) as_of: Option<Timestamp>,
    /// The last order about held newcomers, and its author.
    pub(crate) last_order: Option<NewcomersOrder>,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReconciliationState {
    /// The configuration says so.
    Off,
    /// No scheme waits for creations.
    Idle,
    /// usher gets to know who was there before it.
    Baseline,
    /// Newcomers count as created.
    Comparing,
    /// Newcomers wait for an administrator.
    Held,
    /// The users can't be listed.
    Failed,
}

impl ReconciliationRow {
    /// From the beginning of one comparison to that of the next; none if the users are not compared.
    pub(crate) fn every(&self) -> Option<Duration> {
        self.every_seconds.map(Duration::from_secs)
    }

    pub(super) fn new(
        every: Option<Duration>,
        is_waited: bool,
        stands: Option<(Timestamp, Comparison)>,
        last_order: Option<NewcomersOrder>,
    ) -> Self {
        let (as_of, comparison) = stands.map_or((None, Comparison::default()), |(at, stands)| (Some(at), stands));
        let state = match &comparison {
            _ if every.is_none() => ReconciliationState::Off,
            _ if !is_waited => ReconciliationState::Idle,
            Comparison { failed: Some(_), .. } => ReconciliationState::Failed,
            Comparison { held: 1.., .. } => ReconciliationState::Held,
            Comparison { baseline: Some(_), .. } => ReconciliationState::Comparing,
            Comparison { .. } => ReconciliationState::Baseline,
        };
        let Comparison { baseline, known, held, failed: why, list: _ } = comparison;
        Self { state, every_seconds: every.map(|every| every.as_secs()), baseline, known, held, why, as_of, last_order }
    }
}

/// The held users and steps.
#[derive(Serialize, ToSchema)]
pub(crate) struct Held {
    /// The number of newcomers.
    pub(crate) users: u64,
    /// The number of steps of mass creations.
    pub(crate) steps: usize,
    /// Whether more steps are held: one request handles at most 1,000.
    pub(crate) more: bool,
}

/// `POST sources/{id}/newcomers/release`: they count as created.
#[utoipa::path(
    post, path = "/sources/{id}/newcomers/release", tag = "sources", params(("id" = String, Path), parameters::Named),
    responses(
        (status = 202, description = "It is asked for; `users` are held.", body = Held),
        (status = 404, description = "There is no such source."),
        (status = 409, description = "No newcomers of it are held."),
        (status = 503, description = "It can't be written now."),
    )
)]
pub(super) async fn release(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    decide(&state, &caller, &id, true).await.map(|held| HttpResponse::Accepted().json(held))
}

/// `POST sources/{id}/newcomers/dismiss`: they count as having been there before.
#[utoipa::path(
    post, path = "/sources/{id}/newcomers/dismiss", tag = "sources", params(("id" = String, Path), parameters::Named),
    responses(
        (status = 202, description = "It is asked for; `users` are held.", body = Held),
        (status = 404, description = "There is no such source."),
        (status = 409, description = "No newcomers of it are held."),
        (status = 503, description = "It can't be written now."),
    )
)]
pub(super) async fn dismiss(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    _: Nothing,
) -> Result<HttpResponse, Problem> {
    decide(&state, &caller, &id, false).await.map(|held| HttpResponse::Accepted().json(held))
}

/// Releases or dismisses what is held in the source `id`, and records it.
///
/// # Errors
/// [`Problem::NotFound`] if `caller` sees no such source, [`Problem::Conflict`] if nothing is held,
/// [`Problem::Unavailable`] if it can't be recorded, or the orders can't be written.
pub(crate) async fn decide(
    state: &Data<AdminState>,
    caller: &Principal,
    id: &str,
    release: bool,
) -> Result<Held, Problem> {
    let id = lookup::source(state, caller, id)?;
    let (views, source) = (state.views.clone(), id.clone());
    let held =
        read(state.runtime(), move || views.comparison(&source)).await?.map_or(0, |(_, comparison)| comparison.held);
    if held == 0 && !dead_letters::is_any_held(state, &id).await? {
        return Err(none_held(&id));
    }
    let act = if release { Act::NewcomersRelease } else { Act::NewcomersDismiss };
    let entry = Entry::new(act, Object::Source(id.clone())).changing(Some(format!("{held} held")), None);
    let ordering = async {
        let (steps, more) = dead_letters::order_held(state, &id, release, caller).await?;
        if held == 0 && steps == 0 {
            return Err(none_held(&id));
        }
        if held > 0 {
            let ordered = state.commands.newcomers(id.clone(), release, held, caller.by()).await;
            ordered.map_err(|error| lookup::unavailable(&error))?;
        }
        Ok(Held { users: held, steps, more })
    };
    state.recorded(caller, entry, ordering).await
}

fn none_held(id: &SourceId) -> Problem {
    Problem::Conflict(format!("no newcomers of the source `{id}` are held"))
}
