//! `/api/v1`: what administrators ask for. Every list has `limit` and `cursor`.

mod config;
mod log;
mod query;

use actix_web::web;

pub use config::{SchemeRow, SourceRow};
pub(super) use query::bad_query;

use super::{Problem, get};
use crate::views;

/// The routes, below the prefix.
pub(super) fn routes(routes: &mut web::ServiceConfig) {
    routes
        .service(get("/runs", log::runs))
        .service(get("/runs/{id}", log::run))
        .service(get("/runs/{id}/entries", log::entries))
        .service(get("/decisions", log::decisions))
        .service(get("/dead-letters", log::dead_letters))
        .service(get("/sources", config::sources))
        .service(get("/schemes", config::schemes));
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
