//! Work of the API on threads of its own: the one that answers probes does nothing that may take long.
//!
//! That is all that reads, checks, evaluates, asks the views or a product, and writing an answer that may be long.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{StatusCode, header},
    web,
};
use serde::Serialize;
use tokio::{
    runtime::Handle,
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::Problem;

/// How many requests are worked on at once that may take a core and some hundred MiB.
static WORKING: Semaphore = Semaphore::const_new(4);
/// How many requests are answered at once that may wait for a product or for the log.
static WAITING: Semaphore = Semaphore::const_new(64);
/// How long a request waits for its turn.
const TURN_WITHIN: Duration = Duration::from_secs(15);

/// An answer that is written already.
pub(super) struct Answer {
    status: StatusCode,
    headers: Vec<(header::HeaderName, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// `body` as JSON.
    pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body).map_err(|error| Problem::internal(&error))?;
        Ok(Self { status, headers: Vec::new(), body })
    }

    /// With a header.
    pub(super) fn with(mut self, (name, value): (header::HeaderName, String)) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        for header in self.headers {
            response.insert_header(header);
        }
        response.content_type("application/json").body(self.body)
    }
}

/// Does `work` and writes what it gives as JSON.
pub(super) async fn answered<T: Serialize>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<Answer, Problem> {
    done(move || Answer::json(StatusCode::OK, &work()?)).await
}

/// Does `work`.
pub(super) async fn done<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let turn = turn(&WORKING).await?;
    // The turn goes with the work, which goes on where nobody waits for it any more.
    away(move || {
        let _turn = turn;
        work()
    })
    .await
}

/// Does what waits for a product or for the log, and may work on the way.
pub(super) async fn waited<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Result<T, Problem>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Problem>>,
{
    let (turn, runtime) = (turn(&WAITING).await?, Handle::current());
    away(move || {
        let _turn = turn;
        runtime.block_on(work())
    })
    .await
}

/// Does `work` in the thread of [`waited`], when it is its turn.
pub(super) async fn in_turn<T>(work: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    let _turn = turn(&WORKING).await?;
    work()
}

async fn turn(of: &'static Semaphore) -> Result<SemaphorePermit<'static>, Problem> {
    match timeout(TURN_WITHIN, of.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        Ok(Err(_)) | Err(_) => {
            Err(Problem::Unavailable("usher is busy with other requests to its API; try again".into()))
        }
    }
}

async fn away<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    web::block(work).await.unwrap_or_else(|error| Err(Problem::internal(&error)))
}
