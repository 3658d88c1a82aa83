//! The plan of a bulk action: how many users each step would change.

use std::time::Duration;

use actix_web::{
    http::StatusCode,
    web::{Data, Query},
};
use serde_json::Value;

use super::{
    forms::{BulkPlan, BulkStep, PlanText},
    is_irreversible, pick, planned,
};
use crate::{
    admin::{
        AdminState,
        api::{
            ApiResponse, Problem,
            request::{
                body::{Body, parsed},
                query,
                work::{done, waited},
            },
        },
        identity::Principal,
    },
    domain::{Action, Pick, Scheme, Undoable},
};

/// The users who are read for a plan. The others are counted by the last list.
const READ: usize = 200;
/// The time for reading them. Somebody waits for the answer.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// The effect that actions would have on the users of a pick. The first 200 are read, for at most 20 seconds; the others are counted by
/// the last list of their source, in which groups are not known. Nothing is changed.
#[utoipa::path(
    post, path = "/bulk/plan", tag = "bulk", request_body = PlanText,
    responses(
        (status = 200, body = BulkPlan),
        (status = 404, description = "You have no such pick."),
        (status = 409, description = "The pick has no users."),
        (status = 413, description = "The body is too long."),
        (status = 422, description = "The actions can't be carried out; `problems` says why."),
    )
)]
pub(in crate::admin::api) async fn plan(
    state: Data<AdminState>,
    caller: Principal,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Body,
) -> Result<ApiResponse, Problem> {
    let PlanText { pick, actions } = parsed(state.runtime(), body).await?;
    waited(state.runtime(), move || async move {
        let plan = plan_bulk(&state, &caller, &pick, &actions).await?;
        ApiResponse::json(StatusCode::OK, &plan)
    })
    .await
}

/// The effect that `actions` would have on the users of the pick `id`; it may take long.
///
/// # Errors
/// [`Problem::NotFound`] if `caller` has no such pick, [`Problem::Conflict`] if it has no users,
/// [`Problem::InvalidActions`] if the actions can't be carried out.
pub(crate) async fn plan_bulk(
    state: &Data<AdminState>,
    caller: &Principal,
    id: &str,
    actions: &Value,
) -> Result<BulkPlan, Problem> {
    let pick = pick(state, caller, id)?;
    let (scheme, plan) = planned(state, &pick, actions).await?;
    let missing = |_| Problem::NotFound { kind: "source", id: pick.source.to_string() };
    let mut foreseeing = state.explainer.foreseeing(&scheme).map_err(missing)?;
    let (first, others) = pick.users.split_at(pick.users.len().min(READ));
    foreseeing.read(first, READ_TIMEOUT).await;
    let (users, source, others) = (state.users.clone(), pick.source.clone(), others.to_vec());
    let foresight = done(state.runtime(), move || {
        users.listed(&source, &others, |user, facts, is_protected| foreseeing.listed(user, facts, is_protected))?;
        Ok(foreseeing.end())
    })
    .await?;
    let number = pick.users.len() as u64;
    let (calls, read) = (number + foresight.changes(), foresight.read);
    Ok(BulkPlan {
        plan,
        users: number,
        read,
        steps: BulkStep::of(foresight),
        calls,
        seconds: pace(state, &pick).map(|pace| (calls as f64 / pace.max(0.001)).ceil() as u64),
        irreversible: words(&scheme, is_irreversible),
        undone_in_part: words(&scheme, is_undone_in_part),
    })
}

/// The highest number of calls a second to the source of `pick`.
fn pace(state: &AdminState, pick: &Pick) -> Option<f64> {
    state.register.get(&pick.source)?.connection.calls_per_second()
}

fn words(scheme: &Scheme, wanted: fn(&Action) -> bool) -> Vec<&'static str> {
    scheme.actions.iter().filter(|action| wanted(action)).map(|action| action.kind().as_str()).collect()
}

/// Whether an undo needs the groups before, which not every product tells.
fn is_undone_in_part(action: &Action) -> bool {
    action.kind().undoable() == Undoable::InPart
}
