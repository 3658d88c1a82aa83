//! Retries without an end, for work that must succeed before anything else. They stop with the work.

use std::{fmt, time::Duration};

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Backoff, Interrupted};
use crate::{health::Component, rate_limited_log::LogLimiter};

/// The result of the first `attempt` that succeeds. While attempts fail, the `component` tells that `what` has failed, as
/// [`Retry::after`].
///
/// # Errors
/// [`Interrupted`] if an attempt has failed and `stop` is cancelled.
pub async fn until_ok<T, E: fmt::Display, F: Future<Output = Result<T, E>>>(
    component: impl Fn() -> Component,
    what: &str,
    stop: &CancellationToken,
    mut attempt: impl FnMut() -> F,
) -> Result<T, Interrupted> {
    let mut retry = None;
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) => retry.get_or_insert_with(|| Retry::new(component())).after(what, &error, stop).await?,
        }
    }
}

/// One operation that is retried. Its component fails from the first error until this is dropped. For attempts that can't be
/// a closure; else [`until_ok`].
#[derive(Debug)]
pub struct Retry {
    component: Component,
    backoff: Backoff,
    limiter: LogLimiter,
}

impl Retry {
    /// A retry without a failure so far.
    pub fn new(component: Component) -> Self {
        let backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30));
        Self { component, backoff, limiter: LogLimiter::once_a_minute() }
    }

    /// Tells that `what` has failed: at `/readyz`, and in the log once a minute. Returns when it is to be tried again.
    ///
    /// # Errors
    /// [`Interrupted`] when `stop` is cancelled.
    pub async fn after(
        &mut self,
        what: &str,
        error: &impl fmt::Display,
        stop: &CancellationToken,
    ) -> Result<(), Interrupted> {
        self.component.failing(format!("{what}: {error}"));
        if let Some(suppressed) = self.limiter.permit() {
            warn!(component = self.component.name(), %error, suppressed, "{what}, trying again");
        }
        self.backoff.wait(stop).await
    }
}
