//! `/api/v1`: the API for administrators. Every list has `limit` and `cursor`.

mod audit;
mod backup;
mod dead_letters;
mod document;
mod explain;
mod newcomers;
mod pauses;
mod products;
mod references;
mod request;
mod runs;
mod schemas;
mod schemes;
mod sources;

use actix_web::{
    FromRequest, Handler, Resource, Responder, Route,
    body::BoxBody,
    dev::ServiceRequest,
    middleware::{Next, from_fn},
    web,
};
use serde::Serialize;
use tokio::runtime::Handle;

use super::{Problem, READING, authentication, identity::Permission, reading, resource};
use crate::views::{self, Cursor, Page, Paging};
use request::work::ApiResponse;

pub use request::work::end_waits;
pub(super) use request::{headers::actor, query::bad_query};
pub use sources::SourceRow;

/// The path of the API.
pub(super) const PREFIX: &str = "/api/v1";

/// One path of the API, below the prefix. Each method has the permission that it needs: there is no way to add one without.
pub(super) struct Endpoint {
    /// The path, as in the [document].
    pub(super) path: &'static str,
    /// The methods that it takes, with the permission for each.
    pub(super) methods: Vec<(&'static str, Permission)>,
    /// Adds what answers there.
    add: Box<dyn FnOnce(Resource) -> Resource>,
}

impl Endpoint {
    /// A path that takes no method yet.
    fn at(path: &'static str) -> Self {
        Self { path, methods: Vec::new(), add: Box::new(|resource| resource) }
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
        let resource = resource(self.path, &self.allow());
        (self.add)(resource)
    }
}

/// All paths. Tests hold them against the [document], and try each with each role.
pub(super) fn routes() -> Vec<Endpoint> {
    use Permission as May;
    vec![
        get("/runs", May::Read, runs::history::runs),
        get("/runs/{id}", May::Read, runs::history::run),
        get("/runs/{id}/entries", May::Read, runs::history::entries),
        post("/runs/{id}/release", May::ReleaseRun, runs::release),
        post("/runs/{id}/cancel", May::Cancel, runs::cancel),
        get("/decisions", May::Read, runs::history::decisions),
        get("/dead-letters", May::Read, dead_letters::list),
        post("/dead-letters/redrive", May::Redrive, dead_letters::redrive)
            .with(|letters| letters.app_data(web::PayloadConfig::new(dead_letters::MAX_BODY_BYTES))),
        get("/dead-letters/{id}", May::Read, dead_letters::one),
        post("/dead-letters/{id}/dismiss", May::Dismiss, dead_letters::dismiss),
        get("/audit", May::Read, audit::list),
        get("/audit.csv", May::Export, audit::csv),
        post("/backup", May::Backup, backup::backup),
        get("/products", May::Read, products::list),
        get("/sources", May::Read, sources::list),
        get("/sources/{id}", May::Read, sources::one),
        post("/sources/{id}/pause", May::Pause, pauses::pause_source),
        post("/sources/{id}/resume", May::Resume, pauses::resume_source),
        post("/sources/{id}/newcomers/release", May::DecideNewcomers, newcomers::release),
        post("/sources/{id}/newcomers/dismiss", May::DecideNewcomers, newcomers::dismiss),
        get("/schemes", May::Read, schemes::list).post(May::ChangeSchemes, schemes::create),
        get("/explain", May::Explain, explain::explain),
        post("/schemes/preview", May::Preview, explain::preview),
        get("/previews/{id}", May::Preview, explain::preview_now),
        get("/schemes/{id}", May::Read, schemes::one)
            .put(May::ChangeSchemes, schemes::replace)
            .delete(May::ChangeSchemes, schemes::delete),
        get("/schemes/{id}/history", May::Read, schemes::history),
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
