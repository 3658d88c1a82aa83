//! `/api/v1`: the API for administrators. Every list has `limit` and `cursor`.

mod backup;
pub(super) mod csv;
mod dead_letters;
mod document;
pub(super) mod drafts;
mod estimate;
pub(super) mod explain;
mod newcomers;
mod pauses;
mod products;
mod references;
mod request;
mod runs;
mod schemas;
pub(super) mod schemes;
mod sources;
mod users;

use actix_web::{FromRequest, Handler, Resource, Responder, guard, web};
use serde::Serialize;
use tokio::runtime::Handle;

use super::{Problem, READING, reading, resource};
use crate::views::{self, Cursor, Page, Paging};
use request::work::ApiResponse;

pub(super) use request::query::bad_query;
pub use request::work::end_waits;
pub use sources::SourceRow;
pub(super) use sources::pickers::Picked;

pub(crate) use runs::{cancel_run, once_shown, release_run};
pub(crate) use sources::{
    SourceNow,
    check::check_source,
    health::{HealthRow, SecretRow, health_of},
    now as sources_now,
};

/// The path of the API.
pub(super) const PREFIX: &str = "/api/v1";

/// One path of the API, below the prefix.
pub(super) struct Endpoint {
    /// The path, as in the [document].
    pub(super) path: &'static str,
    /// The methods that it takes, separated by commas.
    pub(super) allow: &'static str,
    /// Adds what answers there.
    add: Box<dyn FnOnce(Resource) -> Resource>,
}

impl Endpoint {
    /// The handler.
    pub(super) fn resource(self) -> Resource {
        (self.add)(resource(self.path, self.allow))
    }
}

/// All paths. A test holds them against the [document].
pub(super) fn routes() -> Vec<Endpoint> {
    vec![
        several("/runs", "GET, HEAD, DELETE", |runs| {
            runs.route(reading(runs::history::runs)).route(web::delete().to(runs::delete::delete))
        }),
        get("/runs.csv", runs::export::runs_csv),
        get("/runs.json", runs::export::runs_json),
        get("/runs/groups", runs::history::groups),
        get("/runs/{id}", runs::history::run),
        get("/runs/{id}/entries", runs::history::entries),
        get("/runs/{id}/entries.csv", runs::export::entries_csv),
        get("/runs/{id}/entries.json", runs::export::entries_json),
        get("/runs/{id}/diff", runs::history::diff),
        get("/entries", runs::history::entries_about),
        several("/runs/{id}/undo", "GET, HEAD, POST", |undo| {
            undo.route(reading(runs::undo::plan)).route(web::post().to(runs::undo::undo))
        }),
        post("/runs/{id}/release", runs::release),
        post("/runs/{id}/cancel", runs::cancel),
        get("/decisions", runs::history::decisions),
        get("/dead-letters", dead_letters::list),
        several("/dead-letters/redrive", "POST", |letters| {
            let letters = letters.app_data(web::PayloadConfig::new(dead_letters::MAX_BODY_BYTES));
            letters.route(web::post().to(dead_letters::redrive))
        }),
        get("/dead-letters/groups", dead_letters::groups),
        get("/dead-letters/{id}", dead_letters::one),
        post("/dead-letters/{id}/dismiss", dead_letters::dismiss),
        post("/backup", backup::backup),
        get("/products", products::list),
        get("/sources", sources::list),
        // Any other method is for a source of this id.
        several("/sources/test", "POST", |check| {
            check.guard(guard::Post()).route(web::post().to(sources::check::check_new))
        }),
        get("/sources/{id}", sources::one),
        post("/sources/{id}/test", sources::check::check_one),
        get("/sources/{id}/health", sources::health::health),
        get("/sources/{id}/groups", sources::pickers::groups),
        get("/sources/{id}/directories", sources::pickers::directories),
        get("/sources/{id}/applications", sources::pickers::applications),
        post("/sources/{id}/pause", pauses::pause_source),
        post("/sources/{id}/resume", pauses::resume_source),
        post("/sources/{id}/newcomers/release", newcomers::release),
        post("/sources/{id}/newcomers/dismiss", newcomers::dismiss),
        post("/sources/{id}/roster/refresh", users::refresh),
        get("/users", users::list),
        get("/users.csv", users::csv::export),
        get("/users/{source}/{id}", users::one::one),
        get("/users/{source}/{id}/explain", users::explain::explain),
        get("/users/{source}/{id}/timeline", users::timeline::timeline),
        several("/schemes", "GET, HEAD, POST", |schemes| {
            schemes.route(reading(schemes::list)).route(web::post().to(schemes::create))
        }),
        several("/drafts", "GET, HEAD, POST", |drafts| {
            drafts.route(reading(drafts::list)).route(web::post().to(drafts::create))
        }),
        several("/drafts/{id}", "GET, HEAD, PUT, DELETE", |draft| {
            draft
                .route(reading(drafts::one))
                .route(web::put().to(drafts::replace))
                .route(web::delete().to(drafts::delete))
        }),
        get("/scheme-conflicts", schemes::conflicts::list),
        get("/explain", explain::explain),
        post_only("/schemes/preview", explain::preview),
        post_only("/schemes/check", schemes::check::check),
        post_only("/schemes/next", schemes::next::next),
        post_only("/schemes/estimate", estimate::estimate),
        get("/previews/{id}.csv", explain::preview_csv),
        get("/previews/{id}", explain::preview_now),
        several("/schemes/{id}", "GET, HEAD, PUT, DELETE", |scheme| {
            scheme
                .route(reading(schemes::one))
                .route(web::put().to(schemes::replace))
                .route(web::delete().to(schemes::delete))
        }),
        get("/schemes/{id}/history", schemes::history::history),
        get("/schemes/{id}/history/{version}", schemes::history::version),
        get("/schemes/{id}/diff", schemes::history::diff),
        post("/schemes/{id}/run", runs::run_now),
        post("/schemes/{id}/pause", pauses::pause_scheme),
        post("/schemes/{id}/resume", pauses::resume_scheme),
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

/// A path that takes the methods in `allow`.
fn several(path: &'static str, allow: &'static str, add: impl FnOnce(Resource) -> Resource + 'static) -> Endpoint {
    Endpoint { path, allow, add: Box::new(add) }
}

/// A path that can only be read.
fn get<F, Args>(path: &'static str, handler: F) -> Endpoint
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    several(path, READING, |resource| resource.route(reading(handler)))
}

/// A path that can only be asked to do something.
fn post<F, Args>(path: &'static str, handler: F) -> Endpoint
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    several(path, "POST", |resource| resource.route(web::post().to(handler)))
}

/// The methods of the path of a scheme that is named as something that can be asked for.
const OF_A_THING_OR_POST: &str = "GET, HEAD, PUT, DELETE, POST";

/// Like [`post`], at a path that may also be that of a thing: its own methods are for the thing of this name.
fn post_only<F, Args>(path: &'static str, handler: F) -> Endpoint
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let of_the_thing = || guard::Any(guard::Get()).or(guard::Head()).or(guard::Put()).or(guard::Delete());
    let add = move |_| {
        let all = resource(path, OF_A_THING_OR_POST);
        all.guard(guard::Not(of_the_thing())).route(web::post().to(handler))
    };
    several(path, "POST", add)
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
async fn read<T: Send + 'static>(
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
