//! Checks of connections: of a source, and of one that is not configured yet.

use std::{sync::Arc, time::Duration};

use actix_web::{
    http::StatusCode,
    web::{Bytes, Data, Path, Query},
};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::connected;
use crate::{
    admin::{
        AdminState,
        api::{
            ApiResponse, Problem,
            request::{lookup, query, work::waited},
            schemas::SourceText,
        },
        audit::Object,
        identity::{About, Permission, Principal},
    },
    clock::SystemClock,
    config::{self, Source},
    metrics::Metrics,
    products::{self, Limits},
    settings::Wrong,
    source::checks::{self, Checks, Subject},
};

/// The number of checks at a time: each opens connections to an address of the caller's choice.
static CHECKS: Semaphore = Semaphore::const_new(4);

/// The bounds on each call of a check.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    call: Duration::from_secs(5),
    list: Duration::from_secs(5),
    task: Duration::from_secs(5),
    body: 1024 * 1024,
};

/// Checks the connection to a source: whether the product is reached, accepts the credentials, and gives usher's account
/// the rights that it needs. Nothing is changed.
#[utoipa::path(
    post, path = "/sources/{id}/test", tag = "sources", params(("id" = String, Path)),
    responses(
        (status = 200, body = Checks),
        (status = 404, description = "There is no such source."),
        (status = 503, description = "Too many connections are checked at the moment."),
    )
)]
pub(in crate::admin::api) async fn check_one(
    state: Data<AdminState>,
    caller: Principal,
    id: Path<String>,
    Query(query::Nothing {}): Query<query::Nothing>,
) -> Result<ApiResponse, Problem> {
    let id = lookup::source(&state, &caller, &id)?;
    ApiResponse::json(StatusCode::OK, &check_source(&state, id.as_str()).await?)
}

/// Checks the connection to the source `id`.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such source; [`Problem::Unavailable`] if too many connections are checked now.
pub(crate) async fn check_source(state: &AdminState, id: &str) -> Result<Checks, Problem> {
    let (row, connection) = connected(state, id)?;
    let turn = turn()?;
    waited(state.runtime(), move || async move {
        let _turn = turn;
        let is_encrypted = row.base_url.scheme() == "https";
        Ok(checks::check(Subject { client: &*connection.client, product: row.product, is_encrypted }).await)
    })
    .await
}

/// Checks the connection to a source that need not be configured. The secrets stand in the body themselves; they are used
/// for these calls, and neither kept nor shown.
#[utoipa::path(
    post, path = "/sources/test", tag = "sources", request_body = SourceText,
    responses(
        (status = 200, body = Checks),
        (status = 413, description = "The source is too long."),
        (status = 422, description = "The source can't be used; `problems` says where and why."),
        (status = 503, description = "Too many connections are checked at the moment."),
    )
)]
pub(in crate::admin::api) async fn check_new(
    state: Data<AdminState>,
    caller: Principal,
    Query(query::Nothing {}): Query<query::Nothing>,
    body: Result<Bytes, actix_web::Error>,
) -> Result<ApiResponse, Problem> {
    // It has usher call whatever address it names.
    state.permitted(&caller, Permission::ChangeSources, About::Everything, Object::Usher).await?;
    ApiResponse::json(StatusCode::OK, &check_text(&state, lookup::text(body)?).await?)
}

/// Checks the connection to the source in `text`, one item of `sources`.
///
/// # Errors
/// [`Problem::InvalidSource`] if it can't be used; [`Problem::Unavailable`] if too many connections are checked now.
pub(crate) async fn check_text(state: &AdminState, text: String) -> Result<Checks, Problem> {
    let turn = turn()?;
    waited(state.runtime(), move || async move {
        let _turn = turn;
        let source = config::read_source(&text)
            .map_err(|problems| Problem::InvalidSource(problems.iter().map(Wrong::from).collect()))?;
        // Metrics of its own: a series for each id that somebody tries out would stay for ever.
        let metrics = Metrics::new().map_err(|error| Problem::internal(&error))?;
        let client = products::connect_within(LIMITS, &source, metrics, Arc::new(SystemClock))
            .map_err(|error| Problem::InvalidSource(vec![Wrong::whole(error.to_string())]))?;
        let is_encrypted = source.base_url.scheme() == "https";
        let checks = checks::check(Subject { client: &*client, product: source.product, is_encrypted }).await;
        Ok(checks.without(&secrets(&source)))
    })
    .await
}

/// All that was sent with the calls and must not come back in a text.
fn secrets(source: &Source) -> Vec<String> {
    let proxy = source.transport.proxy.as_ref().and_then(|proxy| proxy.credentials.as_ref());
    let proxy = proxy.map(|credentials| credentials.password.reveal().to_owned());
    source.auth.secrets().into_iter().chain(proxy).collect()
}

fn turn() -> Result<SemaphorePermit<'static>, Problem> {
    CHECKS
        .try_acquire()
        .map_err(|_| Problem::Unavailable("other connections are checked at the moment; try again".into()))
}
