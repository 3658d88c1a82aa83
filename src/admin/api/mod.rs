//! `/api/v1`: what administrators ask for. Every list has `limit` and `cursor`.

mod explain;
mod groups;
mod headers;
mod log;
mod newcomers;
mod pauses;
mod products;
mod query;
mod runs;
mod schemes;
mod sources;

use actix_web::{FromRequest, Handler, Resource, Responder, web};

pub(super) use query::bad_query;
pub use sources::SourceRow;

use super::{Problem, get, reading, resource};
use crate::views::{self, Cursor, Page, Paging};

/// The routes, below the prefix.
pub(super) fn routes(routes: &mut web::ServiceConfig) {
    routes
        .service(get("/runs", log::runs))
        .service(get("/runs/{id}", log::run))
        .service(get("/runs/{id}/entries", log::entries))
        .service(post("/runs/{id}/release", runs::release))
        .service(post("/runs/{id}/cancel", runs::cancel))
        .service(get("/decisions", log::decisions))
        .service(get("/dead-letters", log::dead_letters))
        .service(get("/products", products::list))
        .service(get("/sources", sources::list))
        .service(post("/sources/{id}/pause", pauses::pause_source))
        .service(post("/sources/{id}/resume", pauses::resume_source))
        .service(post("/sources/{id}/newcomers/release", newcomers::release))
        .service(post("/sources/{id}/newcomers/dismiss", newcomers::dismiss))
        .service(
            resource("/schemes", "GET, HEAD, POST")
                .route(reading(schemes::list))
                .route(web::post().to(schemes::create)),
        )
        .service(get("/explain", explain::explain))
        .service(post("/schemes/preview", explain::preview))
        .service(
            resource("/schemes/{id}", "GET, HEAD, PUT, DELETE")
                .route(reading(schemes::one))
                .route(web::put().to(schemes::replace))
                .route(web::delete().to(schemes::delete)),
        )
        .service(get("/schemes/{id}/history", schemes::history))
        .service(post("/schemes/{id}/run", runs::run_now))
        .service(post("/schemes/{id}/pause", pauses::pause_scheme))
        .service(post("/schemes/{id}/resume", pauses::resume_scheme));
}

/// A path that can only be asked to do something.
fn post<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    resource(path, "POST").route(web::post().to(handler))
}

/// A page of a list in an order of its own; its cursor is the id of the page's last item.
fn page<T: Clone>(list: &[T], paging: &Paging, id: impl Fn(&T) -> &str) -> Result<Page<T>, Problem> {
    let rest = match &paging.cursor {
        None => list,
        Some(cursor) => {
            let place = list.iter().position(|item| id(item).as_bytes() == cursor.place());
            let stale =
                || Problem::BadQuery("this `cursor` is of another list; leave it out for the first page".into());
            &list[place.ok_or_else(stale)? + 1..]
        }
    };
    let items = &rest[..rest.len().min(paging.limit.get())];
    let next = if items.len() < rest.len() { items.last().map(|last| Cursor::behind(id(last))) } else { None };
    Ok(Page { items: items.to_vec(), next })
}

/// Reads a view on a thread that may wait for the disk.
async fn read<T: Send + 'static>(
    reading: impl FnOnce() -> Result<T, views::Error> + Send + 'static,
) -> Result<T, Problem> {
    match web::block(reading).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(Problem::internal(&error)),
        Err(error) => Err(Problem::internal(&error)),
    }
}
