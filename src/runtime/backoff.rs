//! Waits that end when the work is stopped.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Interrupted;
pub use crate::backoff::Backoff;

/// Waits for `time`.
///
/// # Errors
/// [`Interrupted`] when `stop` is cancelled.
pub async fn pause(time: Duration, stop: &CancellationToken) -> Result<(), Interrupted> {
    stop.run_until_cancelled(tokio::time::sleep(time)).await.ok_or(Interrupted)
}

impl Backoff {
    /// Waits before the next attempt: every retry loop that has a `stop` waits here.
    ///
    /// # Errors
    /// [`Interrupted`] when `stop` is cancelled.
    pub async fn wait(&mut self, stop: &CancellationToken) -> Result<(), Interrupted> {
        pause(self.next_wait(), stop).await
    }
}
