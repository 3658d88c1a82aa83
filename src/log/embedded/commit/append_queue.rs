//! The way to the committer, open until the log is closed.

use std::{
    sync::{
        PoisonError, RwLock,
        mpsc::{SyncSender, TrySendError},
    },
    time::Duration,
};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::queue::Request;
use crate::log::Error;

/// How long to wait for room in the queue, where an answer that it is full is of no use.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// The entry of requests.
pub(in crate::log::embedded) struct AppendQueue {
    requests: RwLock<Option<SyncSender<Request>>>,
    closed: CancellationToken,
    stopped: CancellationToken,
}

impl AppendQueue {
    /// An open queue in front of `requests`; the committer cancels `stopped` when it is done.
    pub fn new(requests: SyncSender<Request>, stopped: CancellationToken) -> Self {
        Self { requests: RwLock::new(Some(requests)), closed: CancellationToken::new(), stopped }
    }

    /// Puts `request` in the queue.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if the queue is full; [`Error::Unavailable`] if the log is closed or its writer has stopped.
    pub fn send(&self, request: Request) -> Result<(), Error> {
        let requests = self.requests.read().unwrap_or_else(PoisonError::into_inner);
        let requests = requests.as_ref().ok_or_else(|| Error::Unavailable("it is closed".into()))?;
        requests.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => Error::Overloaded,
            TrySendError::Disconnected(_) => Error::Unavailable("its writer has stopped".into()),
        })
    }

    /// Returns when all offsets stored so far are on disk, or never will be.
    pub async fn save_offsets(&self) {
        loop {
            let (done, saved) = oneshot::channel();
            match self.send(Request::SaveOffsets(done)) {
                Ok(()) => return drop(saved.await),
                Err(Error::Overloaded) => tokio::time::sleep(TRY_AGAIN_AFTER).await,
                Err(_) => return self.stopped.cancelled().await, // the committer saves them at its end
            }
        }
    }

    /// Lets nothing in any more. The committer stops when it has served what is in the queue.
    pub fn close(&self) {
        drop(self.requests.write().unwrap_or_else(PoisonError::into_inner).take());
        self.closed.cancel();
    }

    /// Whether nothing gets in any more, or nobody is there who would serve it.
    pub fn is_closed(&self) -> bool {
        self.closed.is_cancelled() || self.stopped.is_cancelled()
    }

    /// Returns when the gate is closed.
    pub async fn closed(&self) {
        self.closed.cancelled().await;
    }

    /// Returns when the committer has stopped.
    pub async fn stopped(&self) {
        self.stopped.cancelled().await;
    }
}
