//! The order of a bulk action, bound to the plan that was seen.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Query},
};
use sha2::{Digest, Sha256};

use super::{BulkOrder, is_irreversible, pick, planned};
use crate::{
    admin::{
        AdminState,
        api::{
            Problem,
            request::{
                body::{Body, checked_reason},
                headers::request_key,
                lookup, parameters, query,
            },
            runs::{self, AcceptedRow, has_begun},
        },
        audit::{Act, Entry, Object, Once},
        identity::{About, Permission, Principal},
    },
    clock::{Clock, SystemClock},
    domain::{Bulk, Pick, RequestKey, RunId, Scheme, SchemeId},
    engine::RunQueries,
};

/// Does actions to the users of a pick, once: a run of the kind `bulk`. The users are those of the plan.
#[utoipa::path(
    post, path = "/bulk", tag = "bulk", request_body = BulkOrder, params(parameters::Repeatable),
    responses(
        (status = 202, description = "The run. Asked for twice with one key, it is the same one.", body = AcceptedRow),
        (status = 404, description = "You have no such pick."),
        (status = 409, description = "The plan has changed (`plan-changed`), or too many bulk actions are not over, or something else was asked with the same key."),
        (status = 413, description = "The body is too long."),
        (status = 422, description = "The actions can't be carried out; `problems` says why."),
        (status = 503, description = "It can't be written now."),
    )
)]
pub(in crate::admin::api) async fn order(
    state: Data<AdminState>,
    caller: Principal,
    request: HttpRequest,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let text = lookup::text(body)?;
    let key = request_key(&request, &caller, &[b"bulk", text.as_bytes()])?;
    if let Some(run) = state.asked_before(key.as_ref()).await?
        && has_begun(&state, &run).await?
    {
        return runs::accepted(&state, run, |_| true).await;
    }
    let order = serde_json::from_str(&text)
        .map_err(|error| Problem::BadRequest(format!("the body can't be understood: {error}")))?;
    let run = order_bulk(&state, &caller, order, key).await?;
    runs::accepted(&state, run, |_| true).await
}

/// Orders a bulk action and records it. Gives its run, which may not show yet.
///
/// # Errors
/// [`Problem::NotFound`] if `caller` has no such pick; [`Problem::PlanChanged`] if the pick or the actions are not those of
/// the plan; [`Problem::InvalidActions`] if they can't be carried out; [`Problem::Forbidden`] if the caller may not;
/// [`Problem::BadRequest`] if a reason is needed; [`Problem::Conflict`] if too many bulk actions are not over;
/// [`Problem::Unavailable`] if it can't be written now.
pub(crate) async fn order_bulk(
    state: &Data<AdminState>,
    caller: &Principal,
    order: BulkOrder,
    key: Option<RequestKey>,
) -> Result<RunId, Problem> {
    let BulkOrder { pick: id, actions, plan, test_mode, reason } = order;
    let (pick, reason) = (pick(state, caller, &id)?, checked_reason(reason)?);
    let (scheme, planned) = planned(state, &pick, &actions).await?;
    if plan != planned {
        return Err(Problem::PlanChanged);
    }
    let needed = permission(&scheme, test_mode);
    state.permitted(caller, needed, About::Source(&pick.source), Object::Source(pick.source.clone())).await?;
    if needed == Permission::Irreversible && reason.is_none() {
        return Err(Problem::BadRequest("an action of it can't be undone: say why in `reason`".into()));
    }
    let bulk = Bulk {
        id: Bulk::new_id(nonce(key.as_ref())),
        source: pick.source.clone(),
        actions: actions.to_string(),
        test_mode,
        users: pick.users.clone(),
        by: caller.by(),
        at: SystemClock.now(),
    };
    let run = RunId::of_bulk(&bulk.id);
    let entry = entry(&pick, &scheme, test_mode).because(reason.clone()).beginning(&run).repeatable(key);
    match state.record_once(caller, entry).await? {
        Once::First => begin(state, caller, bulk, reason).await.map(|()| run),
        // The process that recorded it may have ended before it was asked for. To ask twice makes one run.
        Once::Again(earlier) if earlier == run && !has_begun(state, &run).await? => {
            begin(state, caller, bulk, reason).await.map(|()| run)
        }
        Once::Again(earlier) => Ok(earlier),
    }
}

/// The run of the bulk action that is ordered with `key`. Nobody finds another order with the same one.
pub(crate) fn run_of(key: &RequestKey) -> RunId {
    RunId::of_bulk(&Bulk::new_id(nonce(Some(key))))
}

/// The part of a bulk action's id that tells it from others: the same for each request with one key.
fn nonce(key: Option<&RequestKey>) -> [u8; 8] {
    let Some(key) = key else { return rand::random() };
    let digest = Sha256::digest(format!("{}\n{}", key.key, key.request));
    let mut nonce = [0; 8];
    nonce.copy_from_slice(&digest[..8]);
    nonce
}

/// The permission for a bulk action that is carried out as `scheme`.
fn permission(scheme: &Scheme, test_mode: bool) -> Permission {
    match test_mode {
        true => Permission::TestRun,
        false if scheme.actions.iter().any(is_irreversible) => Permission::Irreversible,
        false => Permission::Bulk,
    }
}

/// The record of it: the actions, and how many users.
fn entry(pick: &Pick, scheme: &Scheme, test_mode: bool) -> Entry {
    let actions: Vec<_> = scheme.actions.iter().map(|action| action.kind().as_str()).collect();
    let mode = if test_mode { "test run" } else { "run" };
    let what = format!("{mode} of {} for {} users ({})", actions.join(", "), pick.users.len(), pick.from);
    Entry::new(Act::BulkRun, Object::Source(pick.source.clone())).about(&pick.source).changing(None, Some(what))
}

/// Keeps the bulk action, then asks for its run. If usher ends in between, nothing is done, and the caller has no answer.
async fn begin(state: &AdminState, caller: &Principal, bulk: Bulk, reason: Option<String>) -> Result<(), Problem> {
    let views = state.views.clone();
    let is_over = move |id: &SchemeId| views.is_over(&RunId::of_bulk(id));
    let scheme = state.settings.create_bulk(bulk, is_over).await?;
    let asked = state.commands.bulk(&scheme, &caller.by(), reason).await;
    asked.map_err(|error| lookup::unavailable(&error))
}
