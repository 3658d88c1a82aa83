//! Events that wait for a user's pending steps, until they have ended or for a limited time.

use std::{collections::BTreeSet, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Memory, PendingSteps};
use crate::{
    domain::{StepKey, UserKey},
    runtime::Interrupted,
    source::Connection,
};

/// The time for which an event waits for the steps of the user's earlier events, while its source may be called. The
/// executor may be far behind, or a step may be delayed for a day. The next event does not wait for these steps again.
pub(super) const WAIT_TIMEOUT: Duration = Duration::from_mins(2);
/// The wait is counted in pieces; one in which the source was stopped does not count.
pub(super) const PIECE: Duration = Duration::from_secs(5);

/// The steps that are waited for, of one user.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) left: watch::Sender<BTreeSet<StepKey>>,
    pub(super) waiters: usize,
}

impl Memory {
    /// Adds a waiter for `steps` of `user`.
    pub(super) fn join(&mut self, user: &UserKey, steps: BTreeSet<StepKey>) -> watch::Receiver<BTreeSet<StepKey>> {
        let entry = self.waiting.entry(user.clone());
        let entry = entry.or_insert_with(|| Waiting { left: watch::Sender::default(), waiters: 0 });
        entry.waiters += 1;
        entry.left.send_replace(steps);
        entry.left.subscribe()
    }
}

/// Waits for the steps of a user.
pub(in crate::engine) struct Waiter {
    pub(super) all: PendingSteps,
    pub(super) user: UserKey,
    pub(super) left: watch::Receiver<BTreeSet<StepKey>>,
}

impl Waiter {
    /// Waits until all steps have ended; false if that takes too long. While the source is stopped no time passes,
    /// because no step can end then.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn wait_until_done(
        mut self,
        connection: &Connection,
        stop: &CancellationToken,
    ) -> Result<bool, Interrupted> {
        let mut waited = Duration::ZERO;
        while waited < WAIT_TIMEOUT {
            connection.running(stop).await?;
            let stops = connection.stops();
            let all_ended = tokio::time::timeout(PIECE, self.left.wait_for(BTreeSet::is_empty));
            if stop.run_until_cancelled(all_ended).await.ok_or(Interrupted)?.is_ok() {
                return Ok(true);
            }
            if connection.is_running() && connection.stops() == stops {
                waited += PIECE;
            }
        }
        let (source, left) = (&connection.source, self.left.borrow().clone());
        warn!(source.id = %source, steps = ?left, "deciding a user's next event although steps of theirs have not ended");
        self.forget(left).await;
        Ok(false)
    }

    /// Removes steps that did not end in time. Their outcomes may never come, if the stream was lost. They must not
    /// delay each event of the user.
    async fn forget(&self, steps: BTreeSet<StepKey>) {
        let (all, user) = (self.all.clone(), self.user.clone());
        let forgotten = tokio::task::spawn_blocking(move || all.end(&user, &steps)).await;
        if let Ok(Err(error)) = forgotten {
            warn!(%error, "can't forget steps that were waited for in vain");
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut memory = self.all.memory();
        if let Some(entry) = memory.waiting.get_mut(&self.user) {
            entry.waiters -= 1;
            if entry.waiters == 0 {
                memory.waiting.remove(&self.user);
            }
        }
    }
}
