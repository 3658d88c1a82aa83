//! `/api/v1`: the API for administrators. Every list has `limit` and `cursor`.

pub(super) mod audit;
mod backup;
pub(super) mod bulk;
pub(super) mod csv;
mod dead_letters;
mod document;
pub(super) mod drafts;
mod estimate;
pub(super) mod explain;
mod newcomers;
mod pauses;
mod picks;
mod products;
mod references;
mod request;
mod runs;
mod schemas;
pub(super) mod schemes;
mod sources;
mod users;

use actix_web::{
    FromRequest, Handler, Resource, Responder, Route,
    body::BoxBody,
    dev::ServiceRequest,
    guard,
    middleware::{Next, from_fn},
    web,
};
use serde::Serialize;
use tokio::runtime::Handle;

use super::{Problem, READING, authentication, identity::Permission, reading, resource};
use crate::{
    user_list::MAX_BYTES as MAX_LIST_BYTES,
    views::{self, Cursor, Page, Paging},
};
use request::work::ApiResponse;

pub(crate) use audit::export as export_audit;
pub use request::work::end_waits;
pub(super) use request::{headers::actor, query::bad_query};
pub use sources::SourceRow;
pub(super) use sources::pickers::Picked;

pub(crate) use bulk::{BulkOrder, BulkPlan, NamedPlan, name_plan, order_bulk, plan_bulk, run_of_bulk};
pub(crate) use dead_letters::{
    ChosenLetters, FoundLetters, count_held as count_held_steps, dismiss_letters, letters_to_redrive, redrive_letters,
};
pub(crate) use estimate::{EstimateRow, estimated};
pub(crate) use explain::{begin_preview, explained, export_preview};
pub(crate) use newcomers::{ReconciliationRow, decide as decide_newcomers};
pub(crate) use pauses::{pause_scheme_now as pause_or_resume_scheme, pause_source_now as pause_source};
pub(crate) use picks::{
    Chosen, FileRead, FilterText, PickFile, add_to_pick, delete_pick, make_pick, own_pick, pick_file, picked_users,
    read_file, remove_from_pick,
};
pub(crate) use request::{
    body::checked_reason,
    form::FileForm,
    lookup::{not_in_views, sees as sees_scheme},
};
pub(crate) use runs::{
    cancel_run,
    delete::{Deleted, Left, delete_runs},
    export::{FileFormat, export_entries, export_runs},
    history::{diff_of, entries_of, named},
    once_shown, release_run, run_scheme, runnable,
    undo::{undo_obstacle, undo_plan, undo_run},
};
pub(crate) use schemes::{
    conflicts::{ConflictRow, of as conflicts_of},
    diff::{Hunk, by_words},
    history::{DiffRow, VersionName, difference, version_of},
    in_words,
    next::{NextRow, next_times},
    store::{changeable, create_scheme, delete_scheme, replace_scheme},
    unresolved_names,
};
pub(crate) use sources::{
    SourceNow,
    check::{check_source, check_text},
    health::{HealthRow, SecretRow, health_of},
    needed::{Need, needed_by},
    now as sources_now,
    pickers::pick_groups,
    store::{create_source, delete_source, replace_source, stored_source},
};
pub(crate) use users::{
    csv::users_csv,
    explain::{Explained, explain_user},
    one::{known_user, read_user},
    query::ItemKind,
    refresh_roster,
    timeline::{Item, SchemeAnswer, Timeline, timeline_of},
};

/// The path of the API.
pub(super) const PREFIX: &str = "/api/v1";

/// One path of the API, below the prefix. Each method has the permission that it needs: there is no way to add one without.
pub(super) struct Endpoint {
    /// The path, as in the [document].
    pub(super) path: &'static str,
    /// The methods that it takes, with the permission for each.
    pub(super) methods: Vec<(&'static str, Permission)>,
    /// The methods that the path takes with those of things at it, where these are more.
    allowed: Option<&'static str>,
    /// Adds what answers there.
    add: Box<dyn FnOnce(Resource) -> Resource>,
}

impl Endpoint {
    /// A path that takes no method yet.
    fn at(path: &'static str) -> Self {
        Self { path, methods: Vec::new(), allowed: None, add: Box::new(|resource| resource) }
    }

    /// It can be read.
    fn read<F, Args>(self, permission: Permission, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.taking(READING, permission, reading(handler))
    }

    /// It takes `POST`.
    fn post<F, Args>(self, permission: Permission, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.taking("POST", permission, web::post().to(handler))
    }

    /// It takes `PUT`.
    fn put<F, Args>(self, permission: Permission, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.taking("PUT", permission, web::put().to(handler))
    }

    /// It takes `DELETE`.
    fn delete<F, Args>(self, permission: Permission, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.taking("DELETE", permission, web::delete().to(handler))
    }

    fn taking(mut self, methods: &'static str, permission: Permission, route: Route) -> Self {
        let permitted = from_fn::<_, ()>(move |request: ServiceRequest, next: Next<BoxBody>| {
            authentication::permit(permission, request, next)
        });
        self.methods.push((methods, permission));
        self.with(move |resource| resource.route(route.wrap(permitted)))
    }

    /// With more in its resource.
    fn with(self, more: impl FnOnce(Resource) -> Resource + 'static) -> Self {
        let add = self.add;
        Self { add: Box::new(move |resource| more(add(resource))), ..self }
    }

    /// The methods that it takes, separated by commas.
    pub(super) fn allow(&self) -> String {
        self.methods.iter().map(|(methods, _)| *methods).collect::<Vec<_>>().join(", ")
    }

    /// The handler.
    pub(super) fn resource(self) -> Resource {
        let allow = self.allow();
        let resource = resource(self.path, self.allowed.unwrap_or(&allow));
        (self.add)(resource)
    }
}

/// All paths. Tests hold them against the [document], and try each with each role.
pub(super) fn routes() -> Vec<Endpoint> {
    use Permission as May;
    vec![
        get("/runs", May::Read, runs::history::runs).delete(May::DeleteLogs, runs::delete::delete),
        get("/runs.csv", May::Export, runs::export::runs_csv),
        get("/runs.json", May::Export, runs::export::runs_json),
        get("/runs/groups", May::Read, runs::history::groups),
        get("/runs/{id}", May::Read, runs::history::run),
        get("/runs/{id}/entries", May::Read, runs::history::entries),
        get("/runs/{id}/entries.csv", May::Export, runs::export::entries_csv),
        get("/runs/{id}/entries.json", May::Export, runs::export::entries_json),
        get("/runs/{id}/diff", May::Read, runs::history::diff),
        get("/entries", May::Read, runs::history::entries_about),
        get("/runs/{id}/undo", May::Read, runs::undo::plan).post(May::Undo, runs::undo::undo),
        post("/runs/{id}/release", May::ReleaseRun, runs::release),
        post("/runs/{id}/cancel", May::Cancel, runs::cancel),
        get("/decisions", May::Read, runs::history::decisions),
        get("/dead-letters", May::Read, dead_letters::list),
        post("/dead-letters/redrive", May::Redrive, dead_letters::redrive)
            .with(|letters| letters.app_data(web::PayloadConfig::new(dead_letters::MAX_BODY_BYTES))),
        post("/dead-letters/dismiss", May::Dismiss, dead_letters::dismiss_many)
            .with(|letters| letters.app_data(web::PayloadConfig::new(dead_letters::MAX_BODY_BYTES))),
        get("/dead-letters/groups", May::Read, dead_letters::groups),
        get("/dead-letters/{id}", May::Read, dead_letters::one),
        post("/dead-letters/{id}/dismiss", May::Dismiss, dead_letters::dismiss),
        get("/audit", May::Read, audit::list),
        get("/audit.csv", May::Export, audit::csv),
        post("/backup", May::Backup, backup::backup),
        get("/products", May::Read, products::list),
        get("/sources", May::Read, sources::list).post(May::ChangeSources, sources::changes::create),
        post_only("/sources/test", May::ChangeSources, sources::check::check_new),
        get("/sources/{id}", May::Read, sources::one)
            .put(May::ChangeSources, sources::changes::replace)
            .delete(May::ChangeSources, sources::changes::delete),
        post("/sources/{id}/test", May::AskProduct, sources::check::check_one),
        get("/sources/{id}/health", May::Read, sources::health::health),
        get("/sources/{id}/groups", May::Read, sources::pickers::groups),
        get("/sources/{id}/directories", May::Read, sources::pickers::directories),
        get("/sources/{id}/applications", May::Read, sources::pickers::applications),
        post("/sources/{id}/pause", May::Pause, pauses::pause_source),
        post("/sources/{id}/resume", May::Resume, pauses::resume_source),
        post("/sources/{id}/newcomers/release", May::DecideNewcomers, newcomers::release),
        post("/sources/{id}/newcomers/dismiss", May::DecideNewcomers, newcomers::dismiss),
        post("/sources/{id}/roster/refresh", May::AskProduct, users::refresh),
        get("/users", May::Read, users::list),
        get("/users.csv", May::Export, users::csv::export),
        post_only("/picks/csv", May::Bulk, picks::file::create)
            .with(|picks| picks.app_data(web::PayloadConfig::new(MAX_LIST_BYTES + request::form::ROOM))),
        get("/picks", May::Bulk, picks::list)
            .post(May::Bulk, picks::create)
            .with(|picks| picks.app_data(web::PayloadConfig::new(picks::MAX_BODY_BYTES))),
        get("/picks/{id}.csv", May::Bulk, picks::users::export),
        get("/picks/{id}", May::Bulk, picks::one).delete(May::Bulk, picks::delete),
        get("/picks/{id}/users", May::Bulk, picks::users::list),
        post("/picks/{id}/add", May::Bulk, picks::add)
            .with(|picks| picks.app_data(web::PayloadConfig::new(picks::MAX_BODY_BYTES))),
        post("/picks/{id}/remove", May::Bulk, picks::remove)
            .with(|picks| picks.app_data(web::PayloadConfig::new(picks::MAX_BODY_BYTES))),
        get("/filters", May::Bulk, picks::saved::list).post(May::Bulk, picks::saved::create),
        delete_only("/filters/{id}", May::Bulk, picks::saved::delete),
        get("/users/{source}/{id}", May::Read, users::one::one),
        get("/users/{source}/{id}/explain", May::Explain, users::explain::explain),
        get("/users/{source}/{id}/timeline", May::Read, users::timeline::timeline),
        get("/schemes", May::Read, schemes::list).post(May::ChangeSchemes, schemes::create),
        post("/bulk/plan", May::Bulk, bulk::plan),
        post("/bulk", May::TestRun, bulk::order),
        get("/drafts", May::ChangeSchemes, drafts::list).post(May::ChangeSchemes, drafts::create),
        get("/drafts/{id}", May::ChangeSchemes, drafts::one)
            .put(May::ChangeSchemes, drafts::replace)
            .delete(May::ChangeSchemes, drafts::delete),
        get("/scheme-conflicts", May::Read, schemes::conflicts::list),
        get("/explain", May::Explain, explain::explain),
        post_only("/schemes/preview", May::Preview, explain::preview),
        post_only("/schemes/check", May::Preview, schemes::check::check),
        post_only("/schemes/next", May::Preview, schemes::next::next),
        post_only("/schemes/estimate", May::Preview, estimate::estimate),
        get("/previews/{id}.csv", May::Export, explain::preview_csv),
        get("/previews/{id}", May::Preview, explain::preview_now),
        get("/schemes/{id}", May::Read, schemes::one)
            .put(May::ChangeSchemes, schemes::replace)
            .delete(May::ChangeSchemes, schemes::delete),
        get("/schemes/{id}/history", May::Read, schemes::history::history),
        get("/schemes/{id}/history/{version}", May::Read, schemes::history::version),
        get("/schemes/{id}/diff", May::Read, schemes::history::diff),
        post("/schemes/{id}/run", May::RunNow, runs::run_now),
        post("/schemes/{id}/pause", May::Pause, pauses::pause_scheme),
        post("/schemes/{id}/resume", May::Resume, pauses::resume_scheme),
    ]
}

/// The description of the API. It contains nothing about this installation, so it needs no token.
pub(super) fn openapi() -> Resource {
    super::get("/api/openapi.json", document::openapi)
}

/// The description itself.
///
/// # Errors
/// The error of serde, if the description can't be written as JSON.
#[cfg(test)]
pub(super) fn document_text() -> Result<&'static str, &'static serde_json::Error> {
    document::TEXT.as_ref().map(String::as_str)
}

/// Does `work`, which may wait for the disk, on a thread of `runtime`, in turn with the requests to the API.
///
/// # Errors
/// The problem of `work`; [`Problem::Unavailable`] if no turn comes in time.
pub(super) async fn on_thread<T: Send + 'static>(
    runtime: Handle,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    request::work::done(runtime, work).await
}

/// Does `work`, which waits for a product, on a thread of `runtime`.
///
/// # Errors
/// The problem of `work`; [`Problem::Unavailable`] if no turn comes in time.
pub(super) async fn waiting<T, F>(runtime: Handle, work: impl FnOnce() -> F + Send + 'static) -> Result<T, Problem>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Problem>>,
{
    request::work::waited(runtime, work).await
}

/// A path that can be read.
fn get<F, Args>(path: &'static str, permission: Permission, handler: F) -> Endpoint
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Endpoint::at(path).read(permission, handler)
}

/// A path that can be asked to do something.
fn post<F, Args>(path: &'static str, permission: Permission, handler: F) -> Endpoint
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Endpoint::at(path).post(permission, handler)
}

/// A path of a thing that can be deleted, and is shown in its list alone.
fn delete_only<F, Args>(path: &'static str, permission: Permission, handler: F) -> Endpoint
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    Endpoint::at(path).delete(permission, handler)
}

/// The methods of the path of a thing that is named as something that can be asked for.
const OF_A_THING_OR_POST: &str = "GET, HEAD, PUT, DELETE, POST";

/// Like [`post`], at a path that may also be that of a thing: its own methods are for the thing of this name.
fn post_only<F, Args>(path: &'static str, permission: Permission, handler: F) -> Endpoint
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let of_the_thing = || guard::Any(guard::Get()).or(guard::Head()).or(guard::Put()).or(guard::Delete());
    let endpoint = post(path, permission, handler).with(move |all| all.guard(guard::Not(of_the_thing())));
    Endpoint { allowed: Some(OF_A_THING_OR_POST), ..endpoint }
}

/// A page of a list in an order of its own; its cursor is the id of the page's last item.
fn page<T: Clone>(list: &[T], paging: &Paging, id: impl Fn(&T) -> &str) -> Result<Page<T>, Problem> {
    let rest = match &paging.cursor {
        None => list,
        Some(cursor) => {
            let place = list.iter().position(|item| id(item).as_bytes() == cursor.place());
            let stale = || {
                Problem::Conflict("what this `cursor` stands behind is gone; leave it out for the first page".into())
            };
            &list[place.ok_or_else(stale)? + 1..]
        }
    };
    let items = &rest[..rest.len().min(paging.limit.get())];
    let next = if items.len() < rest.len() { items.last().map(|last| Cursor::behind(id(last))) } else { None };
    Ok(Page { items: items.to_vec(), next })
}

/// Reads a view on a thread of `runtime` that may wait for the disk.
pub(super) async fn read<T: Send + 'static>(
    runtime: Handle,
    reading: impl FnOnce() -> Result<T, views::Error> + Send + 'static,
) -> Result<T, Problem> {
    request::work::done(runtime, move || reading().map_err(|error| Problem::internal(&error))).await
}

/// Reads a view on a thread of `runtime`, and writes the answer.
async fn read_out<T: Serialize>(
    runtime: Handle,
    reading: impl FnOnce() -> Result<T, views::Error> + Send + 'static,
) -> Result<ApiResponse, Problem> {
    request::work::answered(runtime, move || reading().map_err(|error| Problem::internal(&error))).await
}
