//! What planner and executor have in common: a task for each partition, records of one user in order, those of
//! different users at the same time, offsets stored in order and only when all that follows is in the log.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::{
    Backoff,
    pump::Pump,
    restore::{Stopped, restore},
    sharing::share,
    unconsumed,
};
use crate::{
    clock::{Clock, SystemClock},
    domain::{SourceId, Stage, Timestamp},
    health::Health,
    log::{self, Assignment, Lease, Log, Partition, Stored, Stream},
    store::{self, Entry, Ledger, Scope},
};

/// The work was stopped before it was done: it will come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted;

/// What a stage does with a record.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Which stage this is.
    fn stage(&self) -> Stage;

    /// Whose records it works on; those of other sources are passed over.
    fn source(&self) -> &SourceId;

    /// What it works on.
    fn input(&self) -> Stream;

    /// What it writes, and what its memory is restored from.
    fn output(&self) -> Stream;

    /// Takes a record of its own output into its memory, again if need be.
    fn remember(&self, scope: &Scope, record: &Stored) -> Result<(), store::Error>;

    /// What else its memory is restored from, beside its output.
    fn also_restored_from(&self) -> &'static [Stream] {
        &[]
    }

    /// Takes a record of one of [`Handler::also_restored_from`] into its memory, again if need be.
    fn remember_also(&self, _scope: &Scope, _stream: Stream, _record: &Stored) -> Result<(), store::Error> {
        Ok(())
    }

    /// The time of day.
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// What a record has to keep its turn in: a user, where nothing else is said.
    fn lane(&self, record: &Stored) -> String {
        record.key.clone()
    }

    /// What is to be done beside the records of `partition`, as long as it is this process's; ends when the work is to
    /// stop.
    async fn attend(&self, _partition: Partition, _work: &Work) {}

    /// Works on a record until all that follows from it is in the log.
    async fn handle(&self, record: &Stored, work: &Work) -> Result<(), Interrupted>;
}

/// The partition a handler works in.
#[derive(Clone)]
pub struct Work {
    /// Where to remember what is done.
    pub scope: Scope,
    /// Cancelled when the work is to stop.
    pub stop: CancellationToken,
    /// The proof that the partition is this process's.
    pub(super) lease: Arc<dyn Lease>,
    /// One past the highest output offset acknowledged so far.
    pub(super) acked: Arc<AtomicU64>,
}

impl Work {
    /// What is remembered of `id`.
    pub async fn recall(&self, ledger: &Ledger, id: &str) -> Result<Option<Entry>, Interrupted> {
        self.remembered(|| ledger.get(&self.scope, id)).await
    }

    /// Whether `record` of the input may be done already, without the `ledger` remembering it.
    pub(super) async fn may_be_forgotten(&self, ledger: &Ledger, record: &Stored) -> Result<bool, Interrupted> {
        let forgotten = self.remembered(|| ledger.forgotten(&self.scope)).await?;
        Ok(forgotten.is_some_and(|forgotten| forgotten.covers(record.position.offset, record.appended)))
    }

    /// What the store gives. One that can't be used is waited for: without it nobody knows what is done.
    pub async fn remembered<T>(
        &self,
        mut ask: impl FnMut() -> Result<T, store::Error> + Send,
    ) -> Result<T, Interrupted> {
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30));
        loop {
            match ask() {
                Ok(given) => return Ok(given),
                Err(error) => error!(%error, "the state store can't be used, trying again"),
            }
            self.stop.run_until_cancelled(tokio::time::sleep(backoff.next_wait())).await.ok_or(Interrupted)?;
        }
    }

    /// Notes that the record at `offset` of the output was acknowledged.
    pub fn acknowledged(&self, offset: u64) {
        self.acked.fetch_max(offset + 1, Ordering::AcqRel);
    }
}

/// Runs `handler` on the partitions that its group gives this process, until `stop`.
/// It says to `health` how it is doing.
pub async fn run<H: Handler>(
    log: Arc<dyn Log>,
    ledger: Ledger,
    handler: Arc<H>,
    health: Health,
    stop: CancellationToken,
) {
    let _component = health.component(format!("{} {}", handler.stage().as_str(), handler.source()));
    let group = log::group(handler.stage().as_str(), handler.source().as_str());
    let work = |assignment| {
        let (log, handler) = (Arc::clone(&log), Arc::clone(&handler));
        partition(log, ledger.clone(), handler, assignment, stop.clone())
    };
    share(&log, handler.input(), &group, &stop, work).await;
}

async fn partition<H: Handler>(
    log: Arc<dyn Log>,
    ledger: Ledger,
    handler: Arc<H>,
    assignment: Assignment,
    stop: CancellationToken,
) {
    let assigned = assignment.partition;
    let scope = Scope::new(handler.stage(), handler.source(), assigned);
    let stopping = assignment.revoked.clone();
    let stop_both = stopping.clone();
    let relay = tokio::spawn(async move {
        tokio::select! { () = stop.cancelled() => stop_both.cancel(), () = stop_both.cancelled() => {} }
    });
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30));
    let acked = loop {
        match restore(&log, &ledger, handler.as_ref(), &scope, assignment.partition, &stopping).await {
            Ok(acked) => break Some(acked),
            Err(Stopped::Interrupted) => break None,
            Err(Stopped::Failed(cause)) => {
                error!(stage = handler.stage().as_str(), partition = %assignment.partition, %cause, "can't restore, trying again");
                if stopping.run_until_cancelled(tokio::time::sleep(backoff.next_wait())).await.is_none() {
                    break None;
                }
            }
        }
    };
    if let Some(acked) = acked {
        let lease = Arc::clone(&assignment.lease);
        let work = Work { scope, stop: stopping, lease, acked: Arc::new(AtomicU64::new(acked)) };
        let assignment = unconsumed::watched(assignment, &ledger, &work.scope);
        let pump = Pump::new(Arc::clone(&handler), ledger, work.clone());
        let (_released, ()) = tokio::join!(
            async {
                let released = pump.run(assignment).await;
                work.stop.cancel();
                released
            },
            handler.attend(assigned, &work),
        );
    }
    relay.abort();
}

#[cfg(test)]
#[path = "stage_tests.rs"]
mod tests;
