//! Removing runs from the run log.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Query},
};
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};
use utoipa::ToSchema;

use super::VISIBLE_TIMEOUT;
use crate::{
    admin::{
        AdminState,
        api::{
            Problem, read,
            request::{
                body::{Body, checked_reason, parsed},
                headers::actor,
                parameters, query,
            },
            schemas,
        },
    },
    clock::{Clock, SystemClock},
    domain::{Actor, DeletedRuns, RunId, RunSelection},
    views::Deletable,
};

/// The highest number of runs that are named.
const MAX_RUNS: usize = 500;
/// The interval for checking whether the removal is visible.
const POLL_INTERVAL: std::time::Duration = std::time::Duration::from_millis(20);

/// The runs, unless the query selects them, and why.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin::api) struct DeleteRuns {
    ids: Option<Vec<String>>,
    reason: Option<String>,
}

/// The number of removed runs, and of those that were left.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct Deleted {
    /// The number of runs that are removed.
    deleted: u64,
    /// The runs that stay.
    left: Left,
}

/// Numbers of runs that stay, by why.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct Left {
    /// They wait for an administrator.
    held: u64,
    /// They have not ended.
    running: u64,
    /// They are being undone, or are the undo of a run that is there.
    undoing: u64,
    /// They were named, and are not there.
    missing: u64,
}

/// Removes runs from the run log: the named ones, or those that the query selects. Running and held ones stay.
#[utoipa::path(
    delete, path = "/runs", tag = "runs", params(query::DeletedRuns, parameters::Named),
    request_body = schemas::DeleteRuns,
    responses(
        (status = 200, description = "How many are removed, and how many stay.", body = Deleted),
        (status = 413, description = "The body is too long."),
        (status = 503, description = "It can't be written now."),
    )
)]
pub(in crate::admin::api) async fn delete(
    state: Data<AdminState>,
    request: HttpRequest,
    Query(query): Query<query::DeletedRuns>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let (order, by): (DeleteRuns, _) = (parsed(state.runtime(), body).await?, actor(&request)?);
    let reason = checked_reason(order.reason)?;
    let reason = reason.ok_or_else(|| Problem::BadRequest("say why: write a `reason`".into()))?;
    let runs = match (order.ids, query.checked()?) {
        (Some(ids), None) if (1..=MAX_RUNS).contains(&ids.len()) => RunSelection::These(unique(ids)),
        (Some(_), None) => return Err(Problem::BadRequest(format!("write 1 to {MAX_RUNS} `ids`"))),
        (None, Some(matching)) => RunSelection::All(matching),
        (Some(_), Some(_)) | (None, None) => {
            let what = "write `ids` in the body, or `before=` with other filters in the query";
            return Err(Problem::BadRequest(what.into()));
        }
    };
    remove(&state, runs, by, reason).await.map(|deleted| HttpResponse::Ok().json(deleted))
}

fn unique(mut ids: Vec<String>) -> Vec<RunId> {
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(RunId::new).collect()
}

/// Removes `runs` from the run log, as far as they have ended. Here an audit record of it belongs.
///
/// # Errors
/// An internal [`Problem`] if the views can't be read; [`Problem::Unavailable`] if the removal can't be written.
pub(in crate::admin) async fn remove(
    state: &Data<AdminState>,
    runs: RunSelection,
    by: Actor,
    reason: String,
) -> Result<Deleted, Problem> {
    let (views, selection) = (state.views.clone(), runs.clone());
    let found = read(state.runtime(), move || views.deletable(&selection)).await?;
    let Deletable { deleted, held, running, undoing, missing } = found;
    let left = Left { held, running, undoing: undoing.len() as u64, missing };
    if deleted > 0 {
        let id = hex::encode(rand::random::<[u8; 16]>());
        let at = SystemClock.now();
        let record = DeletedRuns { id: id.clone(), by, at, reason, runs, except: undoing };
        state.settings.delete_runs(record).await?;
        let _shown_or_not = timeout(VISIBLE_TIMEOUT, is_shown(state, &id)).await;
    }
    Ok(Deleted { deleted, left })
}

async fn is_shown(state: &Data<AdminState>, id: &str) {
    loop {
        let (views, wanted) = (state.views.clone(), id.to_owned());
        if read(state.runtime(), move || views.has_deletion(&wanted)).await.unwrap_or(true) {
            return;
        }
        sleep(POLL_INTERVAL).await;
    }
}
