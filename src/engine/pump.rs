//! Working through one partition: one lane a user, lanes side by side, offsets in order.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesOrdered};
use tokio::sync::oneshot;
use tokio_util::sync::DropGuard;
use tracing::warn;

use super::{Handler, Interrupted, Work};
use crate::{
    domain::{SourceId, UserKey},
    log::{Assignment, Offsets, Stored},
    store::Ledger,
};

/// Records of one partition in the works at once.
const MAX_IN_FLIGHT: usize = 256;
/// Work is given this long to come to an end when a partition is taken away.
pub(super) const DRAIN: Duration = Duration::from_secs(8);
const CHECKPOINT_EVERY: u32 = 256;

/// Whether a record is about a user of `source`; read from its key alone.
pub(super) fn is_of(record: &Stored, source: &SourceId) -> bool {
    UserKey::parse(&record.key).is_some_and(|key| key.source() == source.as_str())
}

/// What one record came to.
struct Finished {
    offset: u64,
    lane: Option<String>,
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
pub(super) struct Pump<H> {
    handler: Arc<H>,
    ledger: Ledger,
    work: Work,
    lanes: HashMap<String, Lane>,
    done: u32,
    /// Whether a record did not get done. Whatever stands behind it comes again with it: no offset is stored any more.
    interrupted: bool,
}

impl<H: Handler> Pump<H> {
    /// Ready to work.
    pub(super) fn new(handler: Arc<H>, ledger: Ledger, work: Work) -> Self {
        Self { handler, ledger, work, lanes: HashMap::new(), done: 0, interrupted: false }
    }

    /// Works until the partition is taken away or the work is to stop, and finishes what was begun. Gives what tells the
    /// log, when dropped, that the next one may have the partition.
    pub(super) async fn run(mut self, assignment: Assignment) -> DropGuard {
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
        released
    }

    /// Starts work on a record, behind the one of the same user that is in the works.
    fn begin(&mut self, record: Stored) -> BoxFuture<'static, Finished> {
        let offset = record.position.offset;
        let safe = self.work.acked.load(Ordering::Acquire);
        if !is_of(&record, self.handler.source()) {
            return std::future::ready(Finished { offset, lane: None, safe, result: Ok(()) }).boxed();
        }
        let (finished, free) = oneshot::channel::<()>();
        let lane = self.handler.lane(&record);
        let before = self.lanes.insert(lane.clone(), Lane { offset, free });
        let (handler, work) = (Arc::clone(&self.handler), self.work.clone());
        async move {
            if let Some(lane) = before {
                // An error only says that the record before is finished: its sender is dropped, never used.
                let _ = lane.free.await;
            }
            // If the one before was interrupted, this one must not overtake it.
            let result = if work.stop.is_cancelled() { Err(Interrupted) } else { handler.handle(&record, &work).await };
            drop(finished);
            Finished { offset, lane: Some(lane), safe, result }
        }
        .boxed()
    }

    /// Stores the offset of a record that is finished in its turn, unless it or one before it was interrupted.
    fn finish(&mut self, offsets: &dyn Offsets, finished: Finished) {
        self.interrupted |= finished.result.is_err();
        if self.interrupted {
            return;
        }
        if let Some(name) = &finished.lane
            && self.lanes.get(name).is_some_and(|lane| lane.offset == finished.offset)
        {
            self.lanes.remove(name);
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
