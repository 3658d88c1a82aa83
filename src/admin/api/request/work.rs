//! Work of the API on threads of the main runtime. The thread that answers probes does nothing that may take long, and
//! the blocking threads of its runtime are for probes and metrics alone.
//!
//! This work is reading, checking, evaluating, asking the views or a product, and writing a long answer.

use std::{sync::LazyLock, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{StatusCode, header},
};
use serde::Serialize;
use tokio::{
    runtime::Handle,
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::admin::api::Problem;

/// The number of requests that are worked on at once; each may take a core and some hundred MiB.
static WORKING: Semaphore = Semaphore::const_new(4);
/// The number of requests that may wait for a product or for the log at once.
static WAITING: Semaphore = Semaphore::const_new(64);
/// Cancelled when the process ends. What waits then would meet a runtime without timers.
static ENDING: LazyLock<CancellationToken> = LazyLock::new(CancellationToken::new);
/// The time for which a request waits for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(15);

/// An answer that is written already.
pub(in crate::admin::api) struct ApiResponse {
    status: StatusCode,
    content_type: &'static str,
    headers: Vec<(header::HeaderName, String)>,
    body: Vec<u8>,
}

impl ApiResponse {
    /// `body` as JSON.
    ///
    /// # Errors
    /// An internal [`Problem`] if `body` can't be written as JSON.
    pub(in crate::admin::api) fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body).map_err(|error| Problem::internal(&error))?;
        Ok(Self { status, content_type: "application/json", headers: Vec::new(), body })
    }

    /// A file to be kept.
    pub(in crate::admin::api) fn attachment(content_type: &'static str, name: &str, body: Vec<u8>) -> Self {
        let headers = vec![(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
        Self { status: StatusCode::OK, content_type, headers, body }
    }

    /// With a header.
    pub(in crate::admin::api) fn with(mut self, (name, value): (header::HeaderName, String)) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl Responder for ApiResponse {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        for header in self.headers {
            response.insert_header(header);
        }
        response.content_type(self.content_type).body(self.body)
    }
}

/// Does `work` on a thread of `runtime` and writes its result as JSON.
///
/// # Errors
/// As [`done`]; an internal [`Problem`] if the result can't be written as JSON.
pub(in crate::admin::api) async fn answered<T: Serialize>(
    runtime: Handle,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<ApiResponse, Problem> {
    done(runtime, move || ApiResponse::json(StatusCode::OK, &work()?)).await
}

/// Does `work` on a thread of `runtime`.
///
/// # Errors
/// [`Problem::Unavailable`] if no turn comes in time; the problem of `work`; an internal one if `work` panics.
pub(in crate::admin::api) async fn done<T: Send + 'static>(
    runtime: Handle,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let turn = turn(&WORKING).await?;
    // The turn belongs to the work, which continues even if nobody waits for it any more.
    away(&runtime, move || {
        let _turn = turn;
        work()
    })
    .await
}

/// Does on a thread of `runtime` what waits for a product or for the log, and may work on the way.
///
/// # Errors
/// As [`done`].
pub(in crate::admin::api) async fn waited<T, F>(
    runtime: Handle,
    work: impl FnOnce() -> F + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Problem>>,
{
    let (turn, here) = (turn(&WAITING).await?, runtime.clone());
    away(&runtime, move || {
        let _turn = turn;
        here.block_on(async {
            tokio::select! {
                biased;
                () = ENDING.cancelled() => Err(Problem::Unavailable("usher is stopping".into())),
                done = work() => done,
            }
        })
    })
    .await
}

/// Ends what [`waited`] still waits for, and what will. The process is to end then.
pub fn end_waits() {
    ENDING.cancel();
}

/// Does `work` in the thread of [`waited`], when it is its turn.
///
/// # Errors
/// [`Problem::Unavailable`] if no turn comes in time; the problem of `work`.
pub(in crate::admin::api) async fn in_turn<T>(work: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    let _turn = turn(&WORKING).await?;
    work()
}

async fn turn(of: &'static Semaphore) -> Result<SemaphorePermit<'static>, Problem> {
    match timeout(TURN_TIMEOUT, of.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        Ok(Err(_)) | Err(_) => {
            Err(Problem::Unavailable("usher is busy with other requests to its API; try again".into()))
        }
    }
}

async fn away<T: Send + 'static>(
    runtime: &Handle,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    runtime.spawn_blocking(work).await.unwrap_or_else(|error| Err(Problem::internal(&error)))
}

#[cfg(test)]
mod tests {
    use actix_web::web;
    use futures::future::join_all;
    use tokio_util::sync::CancellationToken;

    use super::*;

    #[test]
    fn requests_that_wait_leave_the_threads_of_the_listener_to_probes() {
        const CONCURRENCY: u32 = 8;
        let main =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        // A machine with many cores gives the listener few threads.
        let mut listener = tokio::runtime::Builder::new_current_thread();
        let listener = listener.enable_all().max_blocking_threads(1).build().expect("a runtime");
        let (all_wait, end) = (Semaphore::new(0), CancellationToken::new());
        let all_wait = std::sync::Arc::new(all_wait);
        let waits = (0..CONCURRENCY).map(|_| {
            let (waits, end) = (std::sync::Arc::clone(&all_wait), end.clone());
            waited(main.handle().clone(), move || async move {
                waits.add_permits(1);
                end.cancelled().await;
                Ok(())
            })
        });
        let probe = async {
            let _ended = end.clone().drop_guard();
            let all = timeout(Duration::from_secs(10), all_wait.acquire_many(CONCURRENCY)).await;
            all.expect("all wait at once").expect("open").forget();
            let page = timeout(Duration::from_secs(10), web::block(|| "metrics")).await;
            assert_eq!(page.expect("a thread for it").expect("no panic"), "metrics");
        };
        let (waited, ()) = listener.block_on(async { tokio::join!(join_all(waits), probe) });
        assert!(waited.iter().all(Result::is_ok));
    }
}
