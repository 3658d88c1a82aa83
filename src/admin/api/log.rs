//! Runs and decisions, as the log tells of them.

use actix_web::web::{Data, Json, Path, Query};

use super::{Problem, query, read};
use crate::{
    admin::AdminState,
    domain::RunId,
    views::{DecisionRow, Entry, Page, Run},
};

/// Runs, newest first.
#[utoipa::path(get, path = "/runs", tag = "runs", params(query::Runs), responses((status = 200, body = Page<Run>)))]
pub(super) async fn runs(
    state: Data<AdminState>,
    Query(query): Query<query::Runs>,
) -> Result<Json<Page<Run>>, Problem> {
    let (filter, paging) = query.split();
    read(move || state.views.runs(&filter, &paging)).await.map(Json)
}

/// One run.
#[utoipa::path(
    get, path = "/runs/{id}", tag = "runs", params(("id" = String, Path)),
    responses((status = 200, body = Run), (status = 404, description = "There is no such run."))
)]
pub(super) async fn run(
    state: Data<AdminState>,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<Json<Run>, Problem> {
    let id = RunId::new(id.into_inner());
    let wanted = id.clone();
    read(move || state.views.run(&wanted)).await?.map(Json).ok_or_else(|| no_such_run(&id))
}

/// What became of the steps of a run, in the scheme's order; and of whom it is not known whether they are selected.
#[utoipa::path(
    get, path = "/runs/{id}/entries", tag = "runs", params(("id" = String, Path), query::Entries),
    responses((status = 200, body = Page<Entry>), (status = 404, description = "There is no such run."))
)]
pub(super) async fn entries(
    state: Data<AdminState>,
    id: Path<String>,
    Query(query): Query<query::Entries>,
) -> Result<Json<Page<Entry>>, Problem> {
    let (id, (result, paging)) = (RunId::new(id.into_inner()), query.split());
    let wanted = id.clone();
    read(move || state.views.entries(&wanted, result, &paging)).await?.map(Json).ok_or_else(|| no_such_run(&id))
}

/// The answers to all events about one user, newest first.
#[utoipa::path(
    get, path = "/decisions", tag = "decisions", params(query::Decisions),
    responses((status = 200, body = Page<DecisionRow>))
)]
pub(super) async fn decisions(
    state: Data<AdminState>,
    Query(query): Query<query::Decisions>,
) -> Result<Json<Page<DecisionRow>>, Problem> {
    let (source, user, paging) = query.split()?;
    let sources = source.map_or_else(|| state.source_ids(), |source| vec![source]);
    read(move || state.views.decisions(&sources, &user, &paging)).await.map(Json)
}

fn no_such_run(id: &RunId) -> Problem {
    Problem::NotFound { kind: "run", id: id.to_string() }
}
