//! Runs, their entries and decisions, from the views of the log.

use actix_web::web::{Data, Path, Query};

use crate::{
    admin::{
        AdminState,
        api::{
            ApiResponse, Problem, read_out,
            request::{lookup, query, work::answered},
        },
        identity::Principal,
    },
    domain::{RunId, SourceId},
    views::{
        self, DecisionRow, DiffUser, Entry, EntryFilter, Filter, GroupFilter, KeptTo, Page, Paging, Run, RunGroup,
        UserEntry, Users,
    },
};

/// Runs, newest first.
#[utoipa::path(get, path = "/runs", tag = "runs", params(query::Runs), responses((status = 200, body = Page<Run>)))]
pub(in crate::admin::api) async fn runs(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::Runs>,
) -> Result<ApiResponse, Problem> {
    let (filter, user, paging) = query.split();
    read_out(state.runtime(), move || {
        let filter = named(&state, &caller, filter, user.as_deref())?;
        state.views.runs(&filter, &paging)
    })
    .await
}

/// The filter for the sources of `caller`, with the user that it names. It waits for the disk.
///
/// # Errors
/// Those of reading; see [`views::Error`].
pub(crate) fn named(
    state: &AdminState,
    caller: &Principal,
    filter: Filter,
    user: Option<&str>,
) -> Result<Filter, views::Error> {
    let user = user.map(|user| called(state, filter.source.as_ref(), user)).transpose()?;
    Ok(Filter { user, kept_to: KeptTo::of(&caller.sources), ..filter })
}

/// The same for a filter of the entries of a run in `source`.
///
/// # Errors
/// Those of reading; see [`views::Error`].
pub(in crate::admin) fn named_in(
    state: &AdminState,
    filter: EntryFilter,
    user: Option<&str>,
) -> Result<EntryFilter, views::Error> {
    let user = user.map(|user| called(state, None, user)).transpose()?;
    Ok(EntryFilter { user, ..filter })
}

fn called(state: &AdminState, source: Option<&SourceId>, user: &str) -> Result<Users, views::Error> {
    let sources = source.map_or_else(|| state.source_ids(), |source| vec![source.clone()]);
    state.views.called(&sources, user)
}

/// Runs folded: those of single events into one line an hour for each scheme and source; the newest hour first.
#[utoipa::path(
    get, path = "/runs/groups", tag = "runs", params(query::RunGroups),
    responses((status = 200, body = Page<RunGroup>))
)]
pub(in crate::admin::api) async fn groups(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::RunGroups>,
) -> Result<ApiResponse, Problem> {
    let (filter, paging) = query.split();
    let filter = GroupFilter { kept_to: KeptTo::of(&caller.sources), ..filter };
    read_out(state.runtime(), move || state.views.run_groups(&filter, &paging)).await
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
        found.filter(|run| caller.sees(&run.source)).ok_or_else(|| lookup::no_such_run(&state, &id))
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
    let (id, (filter, user, paging)) = (RunId::new(id.into_inner()), query.split());
    answered(state.runtime(), move || {
        lookup::run(&state, &caller, &id)?;
        entries_of(&state, &id, filter, user.as_deref(), &paging)
    })
    .await
}

/// The entries of the run `id`; `user` names the one whose entries are wanted. It waits for the disk.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such run; an internal [`Problem`] if the views can't be read.
pub(crate) fn entries_of(
    state: &AdminState,
    id: &RunId,
    filter: EntryFilter,
    user: Option<&str>,
    paging: &Paging,
) -> Result<Page<Entry>, Problem> {
    let filter = named_in(state, filter, user).map_err(|error| Problem::internal(&error))?;
    let found = state.views.entries(id, &filter, paging).map_err(|error| Problem::internal(&error))?;
    found.ok_or_else(|| lookup::no_such_run(state, id))
}

/// The results of all steps about one user, newest first.
#[utoipa::path(
    get, path = "/entries", tag = "runs", params(query::Decisions), responses((status = 200, body = Page<UserEntry>))
)]
pub(in crate::admin::api) async fn entries_about(
    state: Data<AdminState>,
    caller: Principal,
    Query(query): Query<query::Decisions>,
) -> Result<ApiResponse, Problem> {
    let (source, user, paging) = query.split()?;
    read_out(state.runtime(), move || {
        let users = called(&state, source.as_ref(), &user)?;
        state.views.entries_of(&users, source.as_ref(), KeptTo::of(&caller.sources).as_ref(), &paging)
    })
    .await
}

/// The users whom only one of two runs has selected.
#[utoipa::path(
    get, path = "/runs/{id}/diff", tag = "runs", params(("id" = String, Path), query::Diff),
    responses((status = 200, body = Page<DiffUser>), (status = 404, description = "One of the runs is not there."))
)]
pub(in crate::admin::api) async fn diff(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query): Query<query::Diff>,
) -> Result<ApiResponse, Problem> {
    let (id, (to, paging)) = (RunId::new(id.into_inner()), query.split());
    answered(state.runtime(), move || diff_of(&state, &caller, &id, &to, &paging)).await
}

/// The users whom only one of the runs `id` and `to` has selected. It waits for the disk.
///
/// # Errors
/// [`Problem::NotFound`] if `caller` does not see one of the runs; an internal [`Problem`] if the views can't be read.
pub(crate) fn diff_of(
    state: &AdminState,
    caller: &Principal,
    id: &RunId,
    to: &RunId,
    paging: &Paging,
) -> Result<Page<DiffUser>, Problem> {
    lookup::run(state, caller, id)?;
    lookup::run(state, caller, to)?;
    let found = state.views.run_diff(id, to, paging).map_err(|error| Problem::internal(&error))?;
    found.ok_or_else(|| lookup::no_such_run(state, id))
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
