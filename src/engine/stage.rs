//! What planner and executor have in common: a task for each partition, records of one user in order, those of
//! different users at the same time, offsets stored in order and only when all that follows is in the log.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesOrdered};
use tokio::{sync::oneshot, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::Backoff;
use crate::{
    domain::{SourceId, Stage, UserKey},
    log::{self, Assignment, Log, Offsets, Partition, Stored, Stream},
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
    /// One past the highest output offset acknowledged so far.
    acked: Arc<AtomicU64>,
}

impl Work {
    /// What is remembered of `id`. A store that can't be read is waited for: without it nobody knows what is done.
    pub async fn recall(&self, ledger: &Ledger, id: &str) -> Result<Option<Entry>, Interrupted> {
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30));
        loop {
            match ledger.get(&self.scope, id) {
                Ok(entry) => return Ok(entry),
                Err(error) => error!(id, %error, "the state store can't be read, trying again"),
            }
            self.stop.run_until_cancelled(tokio::time::sleep(backoff.next_wait())).await.ok_or(Interrupted)?;
        }
    }

    /// Notes that the record at `offset` of the output was acknowledged.
    pub fn acknowledged(&self, offset: u64) {
        self.acked.fetch_max(offset + 1, Ordering::AcqRel);
    }
}

/// Records of one partition in the works at once.
const MAX_IN_FLIGHT: usize = 256;
/// Work is given this long to come to an end when a partition is taken away.
const DRAIN: Duration = Duration::from_secs(8);
const CHECKPOINT_EVERY: u32 = 256;

/// Runs `handler` on the partitions that its group gives this process, until `stop`.
pub async fn run<H: Handler>(log: Arc<dyn Log>, ledger: Ledger, handler: Arc<H>, stop: CancellationToken) {
    let group = log::group(handler.stage().as_str(), handler.source().as_str());
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30));
    while !stop.is_cancelled() {
        let mut consumer = match log.consume(handler.input(), &group).await {
            Ok(consumer) => consumer,
            Err(error) => {
                warn!(%group, %error, "can't join the group, trying again");
                stop.run_until_cancelled(tokio::time::sleep(backoff.next_wait())).await;
                continue;
            }
        };
        let mut partitions = JoinSet::new();
        loop {
            let assignment = tokio::select! {
                () = stop.cancelled() => break,
                assignment = consumer.assignments.recv() => assignment,
                Some(ended) = partitions.join_next() => match ended {
                    Ok(()) => continue,
                    Err(panic) => {
                        error!(%group, %panic, "work on a partition ended by a bug; joining the group anew");
                        break;
                    }
                },
            };
            let Some(assignment) = assignment else { break };
            let (log, handler) = (Arc::clone(&log), Arc::clone(&handler));
            partitions.spawn(partition(log, ledger.clone(), handler, assignment, stop.clone()));
        }
        drop(consumer.membership);
        while partitions.join_next().await.is_some() {}
        if tokio::time::timeout(DRAIN, consumer.left.cancelled()).await.is_err() {
            warn!(%group, "left the group without waiting for its last offsets");
        }
        stop.run_until_cancelled(tokio::time::sleep(backoff.next_wait())).await;
    }
}

async fn partition<H: Handler>(
    log: Arc<dyn Log>,
    ledger: Ledger,
    handler: Arc<H>,
    assignment: Assignment,
    stop: CancellationToken,
) {
    let scope = Scope::new(handler.stage(), handler.source(), assignment.partition);
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
        let work = Work { scope, stop: stopping, acked: Arc::new(AtomicU64::new(acked)) };
        Pump { handler, ledger, work, lanes: HashMap::new(), done: 0, interrupted: false }.run(assignment).await;
    }
    relay.abort();
}

enum Stopped {
    Interrupted,
    Failed(String),
}

impl From<log::Error> for Stopped {
    fn from(error: log::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<store::Error> for Stopped {
    fn from(error: store::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Reads back what the stage has written since its checkpoint, also by others: whoever had the partition before. Gives
/// one past the newest record.
async fn restore<H: Handler>(
    log: &Arc<dyn Log>,
    ledger: &Ledger,
    handler: &H,
    scope: &Scope,
    partition: Partition,
    stop: &CancellationToken,
) -> Result<u64, Stopped> {
    let bounds = log.bounds(handler.output(), partition).await?;
    let mut from = ledger.checkpoint(scope)?;
    if from > bounds.end {
        warn!(stage = handler.stage().as_str(), %partition, "the checkpoint lies beyond the log, restoring from its start");
        ledger.forget(scope)?;
        from = 0;
    }
    let mut next = from.max(bounds.start);
    if next < bounds.end {
        let mut records = log.read(handler.output(), vec![(partition, next)]).await?;
        while next < bounds.end {
            let Some(record) = stop.run_until_cancelled(records.next()).await.ok_or(Stopped::Interrupted)? else {
                return Err(Stopped::Failed("the log ended early".into()));
            };
            let record = record?;
            if is_of(&record, handler.source()) {
                handler.remember(scope, &record)?;
            }
            next = record.position.offset + 1;
        }
    }
    ledger.set_checkpoint(scope, bounds.end)?;
    if bounds.end > from {
        info!(stage = handler.stage().as_str(), source.id = %handler.source(), %partition, records = bounds.end - from, "restored");
    }
    Ok(bounds.end)
}

fn is_of(record: &Stored, source: &SourceId) -> bool {
    UserKey::parse(&record.key).is_some_and(|key| key.source() == source.as_str())
}

/// What one record came to.
struct Finished {
    offset: u64,
    key: Option<String>,
    /// Output offsets below this one were acknowledged before the record was begun, and all of them belong to records
    /// before it: when it is finished in its turn, they are all remembered.
    safe: u64,
    result: Result<(), Interrupted>,
}

/// The last record of a user that is in the works, and how to wait for it.
struct Lane {
    offset: u64,
    free: oneshot::Receiver<()>,
}

/// Works through one partition.
struct Pump<H> {
    handler: Arc<H>,
    ledger: Ledger,
    work: Work,
    lanes: HashMap<String, Lane>,
    done: u32,
    /// Whether a record did not get done. Whatever stands behind it comes again with it: no offset is stored any more.
    interrupted: bool,
}

impl<H: Handler> Pump<H> {
    async fn run(mut self, assignment: Assignment) {
        let Assignment { partition, mut records, offsets, released, .. } = assignment;
        let stop = self.work.stop.clone();
        let mut in_flight = FuturesOrdered::new();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(finished) = in_flight.next() => {
                    self.finish(offsets.as_ref(), finished);
                    if self.interrupted { break }
                }
                record = records.next(), if in_flight.len() < MAX_IN_FLIGHT => match record {
                    Some(Ok(record)) => in_flight.push_back(self.begin(record)),
                    Some(Err(error)) => {
                        warn!(%partition, %error, "can't read a partition, trying again");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                    None => break,
                },
            }
        }
        let drained = tokio::time::timeout(DRAIN, async {
            while let Some(finished) = in_flight.next().await {
                self.finish(offsets.as_ref(), finished);
            }
        });
        if drained.await.is_err() {
            warn!(%partition, "work was cut short; it will come again");
        }
        // Only when nothing of the partition can happen here any more may the next one have it.
        drop(in_flight);
        drop(released);
    }

    /// Starts work on a record, behind the one of the same user that is in the works.
    fn begin(&mut self, record: Stored) -> BoxFuture<'static, Finished> {
        let offset = record.position.offset;
        let safe = self.work.acked.load(Ordering::Acquire);
        if !is_of(&record, self.handler.source()) {
            return std::future::ready(Finished { offset, key: None, safe, result: Ok(()) }).boxed();
        }
        let (finished, free) = oneshot::channel::<()>();
        let before = self.lanes.insert(record.key.clone(), Lane { offset, free });
        let (handler, work) = (Arc::clone(&self.handler), self.work.clone());
        async move {
            if let Some(lane) = before {
                // An error only says that the record before is finished: its sender is dropped, never used.
                let _ = lane.free.await;
            }
            // If the one before was interrupted, this one must not overtake it.
            let result = if work.stop.is_cancelled() { Err(Interrupted) } else { handler.handle(&record, &work).await };
            drop(finished);
            Finished { offset, key: Some(record.key), safe, result }
        }
        .boxed()
    }

    /// Stores the offset of a record that is finished in its turn, unless it or one before it was interrupted.
    fn finish(&mut self, offsets: &dyn Offsets, finished: Finished) {
        self.interrupted |= finished.result.is_err();
        if self.interrupted {
            return;
        }
        if let Some(key) = &finished.key
            && self.lanes.get(key).is_some_and(|lane| lane.offset == finished.offset)
        {
            self.lanes.remove(key);
        }
        if let Err(error) = offsets.store(finished.offset + 1) {
            warn!(offset = finished.offset, %error, "can't store an offset; some records will come again");
        }
        self.done += 1;
        if self.done.is_multiple_of(CHECKPOINT_EVERY)
            && let Err(error) = self.ledger.set_checkpoint(&self.work.scope, finished.safe)
        {
            warn!(offset = finished.offset, %error, "can't move the checkpoint");
        }
    }
}

#[cfg(test)]
#[path = "stage_tests.rs"]
mod tests;
