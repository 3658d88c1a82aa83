//! The fence around the changes of one step. Each change is recorded when its turn has come, and sent only while the
//! partition is proved to be this process's.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::future::try_join_all;
use tokio::{
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{Interrupted, Work};
use crate::{
    domain::{CallMade, StepRef},
    engine::executor::outcomes::Outcomes,
    log::Lost,
    products::{Clearance, Withheld},
    telemetry::traces,
};

/// The time within which a change must be sent after its attempt was begun. Otherwise the process stood still, and the
/// facts may be out of date.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// The time for which a turn is kept for the proof of the partition. Readings wait for the turn too.
const PROVED_IN: Duration = Duration::from_secs(5);
/// The same while the call is under way: if the call were dropped, its answer would be lost.
const PROOF_TIMEOUT: Duration = Duration::from_secs(30);

/// Clears the changes of one step, or the one change of several.
pub(super) struct Fence {
    pub(super) outcomes: Arc<Outcomes>,
    /// The steps that the changes are for, each with the state before it. Several are carried out by one change.
    pub(super) steps: Vec<(StepRef, String)>,
    pub(super) work: Work,
    /// The revision of the connection when the step was judged.
    pub(super) revision: u64,
    /// The time of the reading by which the step was judged.
    pub(super) read: Instant,
    /// The highest age of that reading at the turn of the first change.
    pub(super) reading_lasts: Duration,
    /// The time until which the guard permits the step; none if there is no limit.
    pub(super) usable_until: Option<Instant>,
    /// Whether all attempts are in the log, or not needed.
    pub(super) attempted: AtomicBool,
    pub(super) seen: Observations,
}

/// The observations of a fence so far.
#[derive(Default)]
pub(super) struct Observations {
    turn: AtomicBool,
    outdated: AtomicBool,
    cleared: AtomicBool,
    /// The attempt, where writing it took longer than the turn may be kept.
    late: Mutex<Option<JoinHandle<Result<(), Interrupted>>>>,
    /// The last call that was sent.
    call: Mutex<Option<CallMade>>,
}

const TAKEN_AWAY: Withheld = Withheld("the partition is to be given to another process");
const UNPROVED: Withheld = Withheld("nothing proves in time that the partition is this process's");
const REVISED: Withheld = Withheld("the configuration has changed since it was judged");
const OUTDATED: Withheld = Withheld("too much time has passed since it was judged");

impl Fence {
    /// Whether all attempts are in the log.
    pub(super) fn has_attempted(&self) -> bool {
        self.attempted.load(Ordering::Acquire)
    }

    /// Whether any change of the step may have been sent.
    pub(super) fn has_cleared(&self) -> bool {
        self.seen.cleared.load(Ordering::Acquire)
    }

    /// The last call that was sent; none if there was none.
    pub(super) fn call(&self) -> Option<CallMade> {
        self.seen.call.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the step was withheld because its turn came too long after the user was read.
    pub(super) fn is_outdated(&self) -> bool {
        self.seen.outdated.load(Ordering::Acquire)
    }

    /// Waits until an attempt is written that was not in time for its turn.
    pub(super) async fn finish_attempt(&self) {
        let late = self.late().take();
        if let Some(writing) = late
            && matches!(writing.await, Ok(Ok(())))
        {
            self.attempted.store(true, Ordering::Release);
        }
    }

    /// Whether it is still to be done.
    fn may_go_on(&self) -> Result<(), Withheld> {
        // The partition may have been taken away while the change waited for its turn.
        if self.work.stop.is_cancelled() {
            return Err(TAKEN_AWAY);
        }
        if self.outcomes.connection.revision() != self.revision {
            return Err(REVISED);
        }
        match self.usable_until.is_some_and(|until| Instant::now() >= until) {
            true => Err(Withheld("its claim on an administrator has run out")),
            false => Ok(()),
        }
    }

    async fn proved_in(&self, time: Duration) -> Result<Option<Instant>, Withheld> {
        let proved = timeout(time, self.work.lease.hold()).await.map_err(|_| UNPROVED)?;
        proved.map_err(|Lost| Withheld("the partition is another process's now"))
    }

    async fn write_attempt(&self) -> Result<(), Withheld> {
        if self.has_attempted() {
            return Ok(());
        }
        let (outcomes, steps, work) = (Arc::clone(&self.outcomes), self.steps.clone(), self.work.clone());
        // A separate task continues if the turn is given up: an append that has begun is not repeated.
        let attempt = async move {
            let attempts = steps.iter().map(|(step, before)| outcomes.attempt(step, before, &work));
            try_join_all(attempts).await.map(drop)
        };
        let mut writing = tokio::spawn(traces::carried(attempt));
        let Ok(written) = timeout(SEND_TIMEOUT, &mut writing).await else {
            *self.late() = Some(writing);
            return Err(Withheld("the attempt is not written in time"));
        };
        if !matches!(written, Ok(Ok(()))) {
            return Err(TAKEN_AWAY);
        }
        self.attempted.store(true, Ordering::Release);
        Ok(())
    }

    fn late(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<Result<(), Interrupted>>>> {
        self.seen.late.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}

#[async_trait]
impl Clearance for Fence {
    async fn clear(&self) -> Result<(), Withheld> {
        let began = Instant::now();
        // Between two changes of one step no time is counted: a step of many takes long.
        let is_first = !self.seen.turn.swap(true, Ordering::AcqRel);
        if is_first && self.read.elapsed() > self.reading_lasts {
            self.seen.outdated.store(true, Ordering::Release);
            return Err(OUTDATED);
        }
        self.proved_in(PROVED_IN).await?;
        self.may_go_on()?;
        self.write_attempt().await?;
        // The last check: writing may have taken long, or the process stood still.
        self.proved_in(PROVED_IN).await?;
        self.may_go_on()?;
        if began.elapsed() > SEND_TIMEOUT {
            return Err(OUTDATED);
        }
        self.seen.cleared.store(true, Ordering::Release);
        Ok(())
    }

    async fn hold(&self) -> Result<Option<Instant>, Withheld> {
        self.proved_in(PROOF_TIMEOUT).await
    }

    fn sent(&self, operation: &'static str, status: Option<u16>) {
        let call = CallMade { operation: operation.to_owned(), status };
        *self.seen.call.lock().unwrap_or_else(PoisonError::into_inner) = Some(call);
    }
}
