//! Working through one partition: one lane a user, lanes side by side, the offset at the lowest unfinished record.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio_util::sync::DropGuard;
use tracing::warn;

use super::{Failures, Handler, Input, Interrupted, Work, bugs, low_watermark::LowWatermark};
use crate::{
    domain::{SourceId, UserKey},
    log::{Offsets, Stored, traced},
    rate_limited_log::LogLimiter,
    store::Ledger,
    telemetry::traces::{self, NewSpan},
};

/// The highest number of records of one partition in work at once. Records that wait for another one of the same user
/// do not count.
const MAX_IN_FLIGHT: usize = 256;
/// The highest number of records from the lowest unfinished one on: finished, in work or waiting. At most this many
/// come again after a crash, and at most this many others are finished while one user is blocked.
pub(crate) const MAX_BEYOND: usize = 10_000;
/// Bytes of the records that wait for another one of the same user.
const MAX_WAITING_BYTES: usize = 8 * 1024 * 1024;
/// The time for work to end when a partition is taken away.
pub(crate) const DRAIN: Duration = Duration::from_secs(8);
const CHECKPOINT_INTERVAL: u64 = 256;

/// Whether a record is about a user of `source`; read from its key alone.
pub(crate) fn is_of(record: &Stored, source: &SourceId) -> bool {
    UserKey::parse(&record.key).is_some_and(|key| key.source() == source.as_str())
}

/// The span of the work on `record`; none if it is not part of a trace.
fn stage_span<H: Handler>(handler: &H, record: &Stored, work: &Work) -> Option<NewSpan> {
    let span = traced::worked_on(work.system, handler.input(), record)?;
    Some(span.with("usher.source", handler.source().to_string()).with("usher.stage", handler.stage().as_str()))
}

/// The result of one record.
struct Finished {
    offset: u64,
    lane: String,
    result: Result<(), Interrupted>,
}

/// The parts that the work on all records of a partition shares.
struct Common<H> {
    handler: Arc<H>,
    work: Work,
    failures: Failures,
}

/// Works through one partition.
pub(crate) struct PartitionWorker<H> {
    ledger: Ledger,
    /// The parts that the work on each record needs.
    common: Arc<Common<H>>,
    offsets: Box<dyn Offsets>,
    in_flight: FuturesUnordered<BoxFuture<'static, Finished>>,
    /// The waiting records by lane, behind the one in work. A lane exists only while it has a record in work.
    lanes: HashMap<String, VecDeque<Stored>>,
    /// The payloads in `lanes`, in bytes.
    waiting_bytes: usize,
    watermark: LowWatermark,
    /// Records passed since the checkpoint was moved.
    unchecked: u64,
    /// Whether a record was not finished. It comes again, with all records behind it in its lane.
    interrupted: bool,
}

impl<H: Handler> PartitionWorker<H> {
    /// A worker that stores its progress in `offsets`.
    pub(crate) fn new(
        handler: Arc<H>,
        ledger: Ledger,
        work: Work,
        failures: Failures,
        offsets: Box<dyn Offsets>,
    ) -> Self {
        Self {
            ledger,
            common: Arc::new(Common { handler, work, failures }),
            offsets,
            in_flight: FuturesUnordered::new(),
            lanes: HashMap::new(),
            waiting_bytes: 0,
            watermark: LowWatermark::default(),
            unchecked: 0,
            interrupted: false,
        }
    }

    /// Works until the partition is revoked or the work is to stop, and finishes the begun records. Returns `released`;
    /// when it is dropped, the log knows that the next owner may have the partition.
    pub(crate) async fn run(mut self, mut input: Input, released: DropGuard) -> DropGuard {
        let stop = self.common.work.stop.clone();
        while !self.interrupted {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(finished) = self.in_flight.next() => self.finish(finished),
                record = input.next(), if self.has_room() => match record {
                    Some(record) => self.take(record),
                    None => break,
                },
            }
        }
        self.lanes.clear(); // what waits comes again
        let drained = tokio::time::timeout(DRAIN, async {
            while let Some(finished) = self.in_flight.next().await {
                self.finish(finished);
            }
        });
        if drained.await.is_err() {
            warn!(partition = %input.partition(), "work was cut short; it will come again");
        }
        // Only when nothing of the partition can happen here any more may the next one have it.
        drop(self);
        released
    }

    /// Whether one more record may be taken.
    fn has_room(&self) -> bool {
        self.in_flight.len() < MAX_IN_FLIGHT
            && self.watermark.len() < MAX_BEYOND
            && self.waiting_bytes < MAX_WAITING_BYTES
    }

    /// Takes a record: begins it, or lets it wait behind the one of the same user that is in work.
    fn take(&mut self, record: Stored) {
        let offset = record.position.offset;
        // Output offsets below this one were acknowledged already, and all of them belong to records before this one:
        // when all up to this one are finished, they are all remembered.
        let safe = self.common.work.acked.load(Ordering::Acquire);
        if !self.watermark.begin(offset, safe) {
            return; // the log gives it once more
        }
        if !is_of(&record, self.common.handler.source()) {
            return self.pass(offset);
        }
        let lane = self.common.handler.lane(&record);
        if let Some(behind) = self.lanes.get_mut(&lane) {
            // The payload may be a part of something longer, which is not to be kept for it.
            let record = Stored { payload: Bytes::copy_from_slice(&record.payload), ..record };
            self.waiting_bytes += record.payload.len();
            behind.push_back(record);
            return;
        }
        self.lanes.insert(lane.clone(), VecDeque::new());
        self.begin(lane, record);
    }

    fn begin(&self, lane: String, record: Stored) {
        let common = Arc::clone(&self.common);
        let begun = async move {
            let Common { handler, work, failures } = &*common;
            let span = stage_span(handler.as_ref(), &record, work);
            let result = traces::within(span, bugs::through(handler.as_ref(), &record, work, failures)).await;
            Finished { offset: record.position.offset, lane, result }
        };
        self.in_flight.push(begun.boxed());
    }

    /// Passes a finished record, and begins the next one of its lane. After an interrupted record the lane ends, so
    /// that no later record of the user overtakes it.
    fn finish(&mut self, finished: Finished) {
        if finished.result.is_err() {
            self.interrupted = true;
            return;
        }
        self.pass(finished.offset);
        let Some(behind) = self.lanes.get_mut(&finished.lane) else { return };
        match behind.pop_front() {
            Some(next) => {
                self.waiting_bytes -= next.payload.len();
                self.begin(finished.lane, next);
            }
            None => drop(self.lanes.remove(&finished.lane)),
        }
    }

    /// Stores the watermark if it has changed.
    fn pass(&mut self, offset: u64) {
        let Some(reached) = self.watermark.finish(offset) else { return };
        if let Err(error) = self.offsets.store(reached.next) {
            static LIMITER: LogLimiter = LogLimiter::once_a_minute();
            if let Some(suppressed) = LIMITER.permit() {
                warn!(offset, %error, suppressed, "can't store an offset; some records will come again");
            }
        }
        self.unchecked += reached.passed;
        if self.unchecked < CHECKPOINT_INTERVAL {
            return;
        }
        match self.ledger.set_checkpoint(&self.common.work.scope, reached.safe) {
            Ok(()) => self.unchecked = 0,
            Err(error) => warn!(offset, %error, "can't move the checkpoint"),
        }
    }
}
