//! The readings of sweeps: few at a time, and none while many changes wait for their turn.
//!
//! A sweep could read its users faster than they are changed. Each reading would be too old when the turn of its change
//! comes, and would be made twice.

use std::time::Duration;

use tokio::{pin, sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use super::Connection;
use crate::{resizable_semaphore::Permit, runtime::Interrupted};

/// The time for which a reading keeps its place. A reading with retries may take hours.
const PLACE_LASTS: Duration = Duration::from_secs(30);

/// The right of a sweep to read one user.
#[must_use]
pub(crate) struct SweepRead {
    _place: Permit,
}

impl SweepRead {
    /// The result of `reading`, which has the place meanwhile, but not for long.
    pub(crate) async fn during<T>(self, reading: impl Future<Output = T>) -> T {
        pin!(reading);
        match timeout(PLACE_LASTS, &mut reading).await {
            Ok(read) => read,
            Err(_) => {
                drop(self);
                reading.await
            }
        }
    }
}

/// A change that waits for its place; it is counted until this is dropped.
pub(super) struct WaitingChange<'a>(&'a watch::Sender<usize>);

impl<'a> WaitingChange<'a> {
    /// One more change in `waiting`.
    pub(super) fn among(waiting: &'a watch::Sender<usize>) -> Self {
        waiting.send_modify(|waiting| *waiting += 1);
        Self(waiting)
    }
}

impl Drop for WaitingChange<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting = waiting.saturating_sub(1));
    }
}

impl Connection {
    /// Waits until a sweep may read one more user. As many changes may wait meanwhile as are made at a time, so that
    /// the product is always called as often as it may be.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(crate) async fn sweep_read(&self, stop: &CancellationToken) -> Result<SweepRead, Interrupted> {
        let place = stop.run_until_cancelled(self.sweep_reads.acquire()).await.ok_or(Interrupted)?;
        let mut waiting = self.waiting_changes.subscribe();
        let few = waiting.wait_for(|waiting| *waiting <= self.at_once());
        // The sender lives as long as this connection.
        let _ = stop.run_until_cancelled(few).await.ok_or(Interrupted)?;
        Ok(SweepRead { _place: place })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        sync::Arc,
        task::{Context, Poll, Waker},
    };

    use super::*;
    use crate::{
        clock::SystemClock, engine::testing::Stub, metrics::Metrics, source::NoControls, views::testing::source,
    };

    const AT_ONCE: usize = 2;

    fn connection() -> Arc<Connection> {
        let (product, controls) = (Arc::new(Stub::default()), Arc::new(NoControls::default()));
        Connection::new(source(), product, AT_ONCE, Arc::new(SystemClock), controls, Metrics::new().expect("metrics"))
    }

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn a_sweep_reads_nobody_while_many_changes_wait_and_goes_on_when_few_do() {
        let (connection, stop) = (connection(), CancellationToken::new());
        let _under_way = [connection.place(&stop).await.unwrap(), connection.place(&stop).await.unwrap()];
        let mut changes: Vec<_> = (0..=AT_ONCE).map(|_| Box::pin(connection.place(&stop))).collect();
        assert!(changes.iter_mut().all(|change| poll(change.as_mut()).is_pending()));
        let mut read = Box::pin(connection.sweep_read(&stop));
        assert!(poll(read.as_mut()).is_pending());
        changes.pop();
        assert!(poll(read.as_mut()).is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn few_users_are_read_at_a_time_and_one_who_can_not_be_read_holds_nobody_up() {
        let (connection, stop) = (connection(), CancellationToken::new());
        for _ in 0..AT_ONCE {
            let read = connection.sweep_read(&stop).await.unwrap();
            tokio::spawn(read.during(pending::<()>()));
        }
        let third = connection.sweep_read(&stop);
        pin!(third);
        assert!(poll(third.as_mut()).is_pending());
        tokio::time::sleep(PLACE_LASTS + Duration::from_millis(1)).await;
        assert!(poll(third.as_mut()).is_ready());
    }

    #[tokio::test]
    async fn a_sweep_that_is_to_stop_does_not_wait() {
        let (connection, stop) = (connection(), CancellationToken::new());
        let _reads = [connection.sweep_read(&stop).await.unwrap(), connection.sweep_read(&stop).await.unwrap()];
        stop.cancel();
        assert!(connection.sweep_read(&stop).await.is_err());
    }
}
