//! The fence around the changes of one step: each is written down when its turn has come, and sent only while the partition
//! is proved to be this process's.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::Instant;

use super::Work;
use crate::{
    domain::StepRef,
    engine::outcomes::Outcomes,
    log::Lost,
    products::{Clearance, Withheld},
};

/// A change that is not sent by this time after its attempt was written is not sent: it was judged by what may not be true
/// any more, as the process stood still.
const FRESH: Duration = Duration::from_secs(10);

/// Clears the changes of one step.
pub(super) struct Fence {
    pub(super) outcomes: Arc<Outcomes>,
    pub(super) step: StepRef,
    /// What was there before the step.
    pub(super) before: String,
    pub(super) work: Work,
    /// Until when the guard lets it be done; none: there is no such time.
    pub(super) usable_until: Option<Instant>,
    /// Whether the attempt stands in the log, or need not.
    pub(super) attempted: AtomicBool,
}

impl Fence {
    /// Whether the attempt stands in the log.
    pub(super) fn has_attempted(&self) -> bool {
        self.attempted.load(Ordering::Acquire)
    }
}

const TAKEN_AWAY: Withheld = Withheld("the partition is to be given to another process");

#[async_trait]
impl Clearance for Fence {
    async fn clear(&self) -> Result<(), Withheld> {
        // Between two changes of one step no time is counted: a step of many takes long.
        let written = match self.has_attempted() {
            true => None,
            false => {
                let written = self.outcomes.attempt(&self.step, &self.before, &self.work).await;
                written.map_err(|_| TAKEN_AWAY)?;
                self.attempted.store(true, Ordering::Release);
                Some(Instant::now())
            }
        };
        self.hold().await?;
        // Looked at last: the partition may have been taken away while the change waited for its turn.
        if self.work.stop.is_cancelled() {
            return Err(TAKEN_AWAY);
        }
        if self.usable_until.is_some_and(|until| Instant::now() >= until) {
            return Err(Withheld("its claim on an administrator has run out"));
        }
        match written.is_some_and(|at| at.elapsed() > FRESH) {
            true => Err(Withheld("too much time has passed since it was judged")),
            false => Ok(()),
        }
    }

    async fn hold(&self) -> Result<Option<Instant>, Withheld> {
        self.work.lease.hold().await.map_err(|Lost| Withheld("the partition is another process's now"))
    }
}
