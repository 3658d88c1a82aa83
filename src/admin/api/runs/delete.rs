//! Removing runs from the run log.

use std::collections::BTreeSet;

use actix_web::{
    HttpResponse,
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
                parameters, query,
            },
            schemas,
        },
        audit::{Act, Entry, Object},
        identity::{About, Permission, Principal},
    },
    clock::{Clock, SystemClock},
    domain::{DeletedRuns, Matching, RunId, RunSelection},
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
pub(crate) struct Deleted {
    /// The number of runs that are removed.
    pub(crate) deleted: u64,
    /// The runs that stay.
    pub(crate) left: Left,
}

/// Numbers of runs that stay, by why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Left {
    /// They wait for an administrator.
    pub(crate) held: u64,
    /// They have not ended.
    pub(crate) running: u64,
    /// They are being undone, or are the undo of a run that is there.
    pub(crate) undoing: u64,
    /// They were named, and are not there.
    pub(crate) missing: u64,
}

/// Removes runs from the run log: the named ones, or those that the query selects. Running and held ones stay.
#[utoipa::path(
    delete, path = "/runs", tag = "runs", params(query::DeletedRuns, parameters::Named),
    request_body = schemas::DeleteRuns,
    responses(
        (status = 200, description = "How many are removed, and how many stay.", body = Deleted),
        (status = 404, description = "The token is kept to other sources than the one that is named."),
        (status = 413, description = "The body is too long."),
        (status = 503, description = "It can't be written now."),
    )
)]
pub(in crate::admin::api) async fn delete(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::DeletedRuns>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let order: DeleteRuns = parsed(state.runtime(), body).await?;
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
    delete_runs(&state, &caller, runs, reason).await.map(|deleted| HttpResponse::Ok().json(deleted))
}

fn unique(mut ids: Vec<String>) -> Vec<RunId> {
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(RunId::new).collect()
}

/// Removes `runs` from the run log, as far as they have ended, and records it.
///
/// # Errors
/// [`Problem::Forbidden`] if `caller` is kept to some sources and `runs` are not of one of them; an internal
/// [`Problem`] if the views can't be read; [`Problem::Unavailable`] if it can't be recorded, or the removal can't be
/// written.
pub(crate) async fn delete_runs(
    state: &Data<AdminState>,
    caller: &Principal,
    runs: RunSelection,
    reason: String,
) -> Result<Deleted, Problem> {
    let (runs, entry, not_seen) = match runs {
        RunSelection::These(ids) => named(state, caller, ids).await?,
        RunSelection::All(matching) => {
            let about = matching.source.as_ref().map_or(About::Everything, About::Source);
            state.permitted(caller, Permission::DeleteLogs, about, Object::Other("list", "runs".into())).await?;
            let entry = Entry::new(Act::RunsDelete, Object::Other("list", "runs".into()));
            let entry = entry.changing(None, Some(in_words(&matching)));
            (RunSelection::All(matching.clone()), matching.source.iter().fold(entry, Entry::about), 0)
        }
    };
    let (views, selection) = (state.views.clone(), runs.clone());
    let found = read(state.runtime(), move || views.deletable(&selection)).await?;
    let Deletable { deleted, held, running, undoing, missing } = found;
    let left = Left { held, running, undoing: undoing.len() as u64, missing: missing + not_seen };
    if deleted > 0 {
        let id = hex::encode(rand::random::<[u8; 16]>());
        let (at, by) = (SystemClock.now(), caller.by());
        let record = DeletedRuns { id: id.clone(), by, at, reason: reason.clone(), runs, except: undoing };
        let deleting = async { state.settings.delete_runs(record).await.map_err(Problem::from) };
        state.recorded(caller, entry.because(Some(reason)), deleting).await?;
        let _shown_or_not = timeout(VISIBLE_TIMEOUT, is_shown(state, &id)).await;
    }
    Ok(Deleted { deleted, left })
}

/// The runs of these `ids` that `caller` sees, the record of their removal, and the number of the others.
async fn named(
    state: &Data<AdminState>,
    caller: &Principal,
    ids: Vec<RunId>,
) -> Result<(RunSelection, Entry, u64), Problem> {
    let (views, caller) = (state.views.clone(), caller.clone());
    read(state.runtime(), move || {
        let (mut seen, mut sources, mut not_seen) = (Vec::new(), BTreeSet::new(), 0);
        for id in ids {
            match views.run(&id)? {
                Some(run) if !caller.sees(&run.source) => not_seen += 1,
                Some(run) => {
                    sources.insert(run.source);
                    seen.push(id);
                }
                None => seen.push(id), // it is counted as one that is not there
            }
        }
        let object = match seen.as_slice() {
            [one] => Object::Run(one.clone()),
            several => Object::Other("runs", several.len().to_string()),
        };
        let words = seen.iter().map(RunId::as_str).collect::<Vec<_>>().join(" ");
        let entry = Entry::new(Act::RunsDelete, object).changing(None, Some(words));
        let entry = if sources.len() == 1 { sources.iter().fold(entry, Entry::about) } else { entry };
        Ok((RunSelection::These(seen), entry, not_seen))
    })
    .await
}

/// A filter of runs in short.
fn in_words(matching: &Matching) -> String {
    let Matching { before, scheme, source, kind, state, test_mode } = matching;
    let parts = [
        Some(format!("before={before}")),
        scheme.as_ref().map(|scheme| format!("scheme={scheme}")),
        source.as_ref().map(|source| format!("source={source}")),
        kind.as_ref().map(|kind| format!("kind={kind}")),
        state.as_ref().map(|state| format!("state={state}")),
        test_mode.map(|test| format!("mode={}", if test { "test" } else { "active" })),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
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
