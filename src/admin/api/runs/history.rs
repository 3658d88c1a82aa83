//! Runs and decisions, from the views of the log.

use actix_web::web::{Data, Path, Query};

use crate::{
    admin::{
        AdminState,
        api::{
            ApiResponse, Problem, read_out,
            request::{query, work::answered},
        },
        identity::Principal,
    },
    domain::RunId,
    views::{DecisionRow, Entry, Filter, KeptTo, Page, Run},
};

/// Runs, newest first.
#[utoipa::path(get, path = "/runs", tag = "runs", params(query::Runs), responses((status = 200, body = Page<Run>)))]
pub(in crate::admin::api) async fn runs(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::Runs>,
) -> Result<ApiResponse, Problem> {
    let (filter, paging) = query.split();
    let filter = Filter { kept_to: KeptTo::of(&caller.sources), ..filter };
    read_out(state.runtime(), move || state.views.runs(&filter, &paging)).await
}

/// One run.
#[utoipa::path(
    get, path = "/runs/{id}", tag = "runs", params(("id" = String, Path)),
    responses((status = 200, body = Run), (status = 404, description = "There is no such run."))
)]
pub(in crate::admin::api) async fn run(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    let id = RunId::new(id.into_inner());
    answered(state.runtime(), move || {
        let found = state.views.run(&id).map_err(|error| Problem::internal(&error))?;
        found.filter(|run| caller.sees(&run.source)).ok_or_else(|| no_such_run(&id))
    })
    .await
}

/// The results of a run's steps, in the scheme's order; and the users for whom it is unknown whether they are selected.
#[utoipa::path(
    get, path = "/runs/{id}/entries", tag = "runs", params(("id" = String, Path), query::Entries),
    responses((status = 200, body = Page<Entry>), (status = 404, description = "There is no such run."))
)]
pub(in crate::admin::api) async fn entries(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query): Query<query::Entries>,
) -> Result<ApiResponse, Problem> {
    let (id, (result, paging)) = (RunId::new(id.into_inner()), query.split());
    answered(state.runtime(), move || {
        let run = state.views.run(&id).map_err(|error| Problem::internal(&error))?;
        if run.is_none_or(|run| !caller.sees(&run.source)) {
            return Err(no_such_run(&id));
        }
        let found = state.views.entries(&id, result, &paging).map_err(|error| Problem::internal(&error))?;
        found.ok_or_else(|| no_such_run(&id))
    })
    .await
}

/// The answers to all events about one user, newest first.
#[utoipa::path(
    get, path = "/decisions", tag = "decisions", params(query::Decisions),
    responses((status = 200, body = Page<DecisionRow>))
)]
pub(in crate::admin::api) async fn decisions(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::Decisions>,
) -> Result<ApiResponse, Problem> {
    let (source, user, paging) = query.split()?;
    let mut sources = source.map_or_else(|| state.source_ids(), |source| vec![source]);
    sources.retain(|source| caller.sees(source));
    read_out(state.runtime(), move || state.views.decisions(&sources, &user, &paging)).await
}

fn no_such_run(id: &RunId) -> Problem {
    Problem::NotFound { kind: "run", id: id.to_string() }
}
