//! The machinery of planner, executor and sweeper: a task for each partition; records of one user in order, those of
//! different users at the same time; and a stored offset below which all records are finished, with everything that
//! follows from them in the log.

pub(crate) mod warming;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    Failures, Input,
    group::join_group,
    partition_worker::PartitionWorker,
    replay::{Stopped, is_done_for_good, recreation, restore},
    unconsumed, until_ok,
};
use crate::{
    clock::{Clock, SystemClock},
    domain::{SourceId, Stage, Timestamp},
    health::Health,
    log::{self, Assignment, Lease, Log, Partition, Stored, Stream},
    metrics::Metrics,
    source::Connection,
    store::{self, Entry, Ledger, Scope},
};
use warming::Restoring;

/// The work was stopped before it was done: it will come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted;

/// The work of a stage on its records.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// The kind of the stage.
    fn stage(&self) -> Stage;

    /// The metrics for failures; none: they are not counted.
    fn metrics(&self) -> Option<&Metrics> {
        None
    }

    /// The source whose records it works on. Records of other sources are skipped.
    fn source(&self) -> &SourceId;

    /// The stream that it reads.
    fn input(&self) -> Stream;

    /// The stream that it writes, and from which its memory is restored.
    fn output(&self) -> Stream;

    /// Takes a record of its own output into its memory, again if need be.
    ///
    /// # Errors
    /// [`store::Error`] if the state store can't be read or written.
    fn remember(&self, scope: &Scope, record: &Stored) -> Result<(), store::Error>;

    /// The other streams from which its memory is restored.
    fn also_restored_from(&self) -> &'static [Stream] {
        &[]
    }

    /// Takes records of one of [`Handler::also_restored_from`] into its memory, again if need be.
    ///
    /// # Errors
    /// As [`Handler::remember`].
    fn remember_also(&self, _scope: &Scope, _stream: Stream, _records: &[Stored]) -> Result<(), store::Error> {
        Ok(())
    }

    /// The time of day.
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// The source whose rate this process shares by the partitions that it works on; none: no source.
    fn rate_of(&self) -> Option<&Arc<Connection>> {
        None
    }

    /// The lane of a record: its user, unless the handler says otherwise.
    fn lane(&self, record: &Stored) -> String {
        record.key.clone()
    }

    /// Work that is done besides the records of `partition`, while the partition is this process's. It ends when the
    /// work is to stop.
    async fn attend(&self, _partition: Partition, _work: &Work) {}

    /// Works on a record until all that follows from it is in the log.
    ///
    /// # Errors
    /// [`Interrupted`] if the work was stopped before it was done. The record comes again.
    async fn handle(&self, record: &Stored, work: &Work) -> Result<(), Interrupted>;

    /// Puts a record among the dead letters on which [`Handler::handle`] has panicked each time.
    ///
    /// # Errors
    /// As [`Handler::handle`].
    async fn give_up(&self, record: &Stored, work: &Work) -> Result<(), Interrupted>;
}

/// The partition a handler works in.
#[derive(Clone)]
pub struct Work {
    /// The scope of the ledger for this work.
    pub scope: Scope,
    /// The partition.
    pub partition: Partition,
    /// Cancelled when the work is to stop.
    pub stop: CancellationToken,
    /// The proof that the partition is this process's.
    pub(crate) lease: Arc<dyn Lease>,
    pub(crate) health: Health,
    /// The name of the log's system in traces.
    pub(crate) system: &'static str,
    /// The offset after the highest acknowledged output offset.
    pub(crate) acked: Arc<AtomicU64>,
}

impl Work {
    /// The ledger's entry of `id`.
    ///
    /// # Errors
    /// [`Interrupted`] if the store can't be read until the work is stopped.
    pub async fn recall(&self, ledger: &Ledger, id: &str) -> Result<Option<Entry>, Interrupted> {
        self.remembered(|| ledger.get(&self.scope, id)).await
    }

    /// Whether `record` of the input may be done already, without the `ledger` remembering it.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(crate) async fn may_be_forgotten(&self, ledger: &Ledger, record: &Stored) -> Result<bool, Interrupted> {
        self.remembered(|| ledger.is_in_doubt(&self.scope, record)).await
    }

    /// The result of the store. If the store fails, this waits and asks again: without the store it is unknown which
    /// work is done.
    ///
    /// # Errors
    /// [`Interrupted`] if `ask` fails until the work is stopped.
    pub async fn remembered<T>(
        &self,
        mut ask: impl FnMut() -> Result<T, store::Error> + Send,
    ) -> Result<T, Interrupted> {
        self.until_told(|| std::future::ready(ask())).await
    }

    /// Like [`Work::remembered`], on a thread that may wait for the disk.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(crate) async fn remembered_off_thread<T: Send + 'static>(
        &self,
        ask: impl Fn() -> Result<T, store::Error> + Clone + Send + 'static,
    ) -> Result<T, Interrupted> {
        let on_thread = || async {
            match tokio::task::spawn_blocking(ask.clone()).await {
                Ok(given) => given.map(Ok),
                Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
                Err(_) => Ok(Err(Interrupted)), // usher is stopping
            }
        };
        self.until_told(on_thread).await?
    }

    async fn until_told<T, F: Future<Output = Result<T, store::Error>>>(
        &self,
        ask: impl FnMut() -> F,
    ) -> Result<T, Interrupted> {
        until_ok(|| self.health.component("state store"), "it can't be used", &self.stop, ask).await
    }

    /// Records that the record at `offset` of the output was acknowledged.
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
    let (stage, source) = (handler.stage().as_str(), handler.source().as_str());
    let (group, failures) = (log::group(stage, source), Failures::new(health, stage, source, handler.metrics()));
    let failures = failures.warming_up();
    let partitions =
        Partitions { log: Arc::clone(&log), ledger, handler: Arc::clone(&handler), failures: failures.clone() };
    // It is begun here, before the stage learns that its group has accepted it.
    let work = |assignment| partitions.clone().work_on(assignment, failures.restores(), stop.clone());
    join_group(&log, handler.input(), &group, &failures, &stop, work).await;
}

/// The partitions of one stage of one source.
struct Partitions<H> {
    log: Arc<dyn Log>,
    ledger: Ledger,
    handler: Arc<H>,
    failures: Failures,
}

impl<H> Clone for Partitions<H> {
    fn clone(&self) -> Self {
        let (log, handler) = (Arc::clone(&self.log), Arc::clone(&self.handler));
        Self { log, ledger: self.ledger.clone(), handler, failures: self.failures.clone() }
    }
}

impl<H: Handler> Partitions<H> {
    /// Works on one of them until it is taken away, or `stop`.
    async fn work_on(self, assignment: Assignment, restoring: Option<Restoring>, stop: CancellationToken) {
        let partition = assignment.partition;
        let _part_of_rate = self.handler.rate_of().map(Connection::hold_partition);
        // A token of its own: what stops here must not take other partitions away.
        let stopping = assignment.revoked.child_token();
        let stop_both = stopping.clone();
        let relay = tokio::spawn(async move {
            tokio::select! { () = stop.cancelled() => stop_both.cancel(), () = stop_both.cancelled() => {} }
        });
        let _relay = AbortOnDropHandle::new(relay);
        let scope = Scope::new(self.handler.stage(), self.handler.source(), partition);
        let mut counted = self.failures.partition_comes();
        let Some(acked) = self.restored(&scope, partition, &stopping).await else { return };
        if let Some(partition) = &mut counted {
            partition.is_restored();
        }
        drop(restoring);
        let assignment = unconsumed::watched(assignment, &self.ledger, &scope);
        let Assignment { records, offsets, lease, released, .. } = assignment;
        let log = Arc::clone(&self.log);
        let (health, system, acked) = (log.health(), log.system(), Arc::new(AtomicU64::new(acked)));
        let work = Work { scope, partition, stop: stopping, lease, health, system, acked };
        let Self { ledger, handler, failures, .. } = self;
        let input = Input::new(Arc::clone(&log), handler.input(), partition, records, failures.clone());
        let partition_worker =
            PartitionWorker::new(Arc::clone(&handler), ledger.clone(), work.clone(), failures, offsets);
        let (_released, ()) = tokio::join!(
            async {
                let released = partition_worker.run(input, released).await;
                work.stop.cancel();
                released
            },
            handler.attend(partition, &work),
        );
        if is_done_for_good(handler.stage()) {
            recreation::record_whole(log.as_ref(), &ledger, &work.scope, partition, work.lease.as_ref()).await;
        }
    }

    /// Reads back the output of the stage, however long it takes; returns the offset after its newest record. None when
    /// it is to stop.
    async fn restored(&self, scope: &Scope, partition: Partition, stopping: &CancellationToken) -> Option<u64> {
        let what = format!("what was done in partition {partition} can't be read back");
        let restoring = || async {
            match restore(&self.log, &self.ledger, self.handler.as_ref(), scope, partition, stopping).await {
                Ok(acked) => Ok(Some(acked)),
                Err(Stopped::Interrupted) => Ok(None),
                Err(Stopped::Failed(cause)) => {
                    self.failures.count();
                    Err(cause)
                }
            }
        };
        until_ok(|| self.failures.component(), &what, stopping, restoring).await.ok()?
    }
}

#[cfg(test)]
mod tests;
