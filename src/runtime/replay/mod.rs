//! Reads back the output of a stage, so that the stage knows its finished work.

pub(crate) mod recreation;
mod stopped;

use std::{ops::Range, sync::Arc, time::Duration};

use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Handler, partition_worker::is_of};
use crate::{
    domain::{SourceId, Stage, Timestamp},
    log::{self, Log, Partition, Records, Stored, Stream},
    off_worker::off_worker,
    store::{self, Forgotten, Ledger, Scope, Turn},
};

/// If no record comes for this time, it is checked whether the awaited ones still exist.
const RECHECK_INTERVAL: Duration = Duration::from_secs(5);

/// The number of records that are applied together, and of their bytes: data kept by user is written once for all users
/// of a page of the store, not once for each.
const WINDOW: usize = 16_384;
const WINDOW_BYTES: usize = 4 * 1024 * 1024;

pub(crate) use stopped::Stopped;

/// Reads back the output of the stage since its checkpoint, also that of earlier owners of the partition. Returns one
/// past the newest record of the output.
///
/// # Errors
/// `Stopped` if the work is to stop, or if the topic changes meanwhile.
pub(crate) async fn restore<H: Handler>(
    log: &Arc<dyn Log>,
    ledger: &Ledger,
    handler: &H,
    scope: &Scope,
    partition: Partition,
    stop: &CancellationToken,
) -> Result<u64, Stopped> {
    let turn = stop.run_until_cancelled(ledger.turn()).await.ok_or(Stopped::Interrupted)?;
    let reading = PartitionReplay { log, ledger, partition, stop, turn: Some(turn) };
    record_what_is_lost(&reading, handler, scope).await?;
    for &stream in handler.also_restored_from() {
        let take_in = |window: &[Stored]| handler.remember_also(scope, stream, window);
        reading.read_back(stream, &scope.reading(stream), handler.source(), false, take_in).await?;
    }
    let take_in = |window: &[Stored]| window.iter().try_for_each(|record| handler.remember(scope, record));
    let keeps = is_done_for_good(handler.stage());
    let (from, end) = reading.read_back(handler.output(), scope, handler.source(), keeps, take_in).await?;
    if keeps && !log.keeps_what_tells_of_unconsumed() {
        let checked = recreation::check(log.as_ref(), ledger, scope, partition);
        stop.run_until_cancelled(checked).await.ok_or(Stopped::Interrupted)??;
    }
    if end > from {
        info!(stage = handler.stage().as_str(), source.id = %handler.source(), %partition, records = end - from, "restored");
    }
    Ok(end)
}

/// Records which input records may be finished without being remembered, if a part of the stage's output is no longer
/// there to be read back.
async fn record_what_is_lost<H: Handler>(
    reading: &PartitionReplay<'_>,
    handler: &H,
    scope: &Scope,
) -> Result<(), Stopped> {
    let &PartitionReplay { log, ledger, partition, .. } = reading;
    if ledger.forgotten(scope)?.is_some_and(|forgotten| forgotten.until == u64::MAX) {
        ledger.end_forgotten(scope, log.bounds(handler.input(), partition).await?.end)?;
    }
    let written = log.bounds(handler.output(), partition).await?;
    if is_done_for_good(handler.stage()) && !log.keeps_what_tells_of_unconsumed() {
        let noted = recreation::record(log.as_ref(), ledger, scope, partition, written.end);
        reading.stop.run_until_cancelled(noted).await.ok_or(Stopped::Interrupted)??;
    }
    let checkpoint = ledger.checkpoint(scope)?;
    // Beyond the end it says nothing: the stream is another one.
    let read = if checkpoint > written.end { 0 } else { checkpoint };
    let is_gone = written.start > read && !log.keeps_what_tells_of_unconsumed();
    // A version that forgot by age alone has kept this store.
    let was_pruned = checkpoint > 0 && ledger.forgotten(scope)?.is_none();
    let forgotten = if is_gone || was_pruned {
        let kept = handler.now().minus(log::RETENTION);
        let oldest = if is_gone { reading.first_appended(handler.output(), written).await? } else { None };
        let until = log.bounds(handler.input(), partition).await?.end;
        Forgotten { before: oldest.map_or(kept, |oldest| oldest.min(kept)), until }
    } else {
        Forgotten::NOTHING
    };
    Ok(ledger.record_forgotten(scope, forgotten)?)
}

/// Whether the work of `stage` is done even if its output is lost: a product was changed. The lost output of other
/// stages has to be written again.
pub(super) const fn is_done_for_good(stage: Stage) -> bool {
    match stage {
        Stage::Executor => true,
        Stage::Intake | Stage::Planner | Stage::Sweeper => false,
    }
}

/// Records that are taken in together.
#[derive(Debug, Default)]
struct Window {
    records: Vec<Stored>,
    bytes: usize,
}

impl Window {
    fn push(&mut self, record: Stored) {
        self.bytes += record.payload.len();
        self.records.push(record);
    }

    fn is_full(&self) -> bool {
        self.records.len() >= WINDOW || self.bytes >= WINDOW_BYTES
    }

    fn clear(&mut self) {
        self.records.clear();
        self.bytes = 0;
    }
}

/// One partition being read back.
pub(crate) struct PartitionReplay<'a> {
    pub(crate) log: &'a Arc<dyn Log>,
    pub(crate) ledger: &'a Ledger,
    pub(crate) partition: Partition,
    pub(crate) stop: &'a CancellationToken,
    /// None: it waits for no turn, and takes none from others.
    pub(crate) turn: Option<Turn>,
}

impl PartitionReplay<'_> {
    /// Reads `stream` from the checkpoint of `scope` to its end, and moves the checkpoint there. Returns both. The
    /// records of `source` are applied many at a time, in their order. If the checkpoint is beyond the end, the memory
    /// is cleared, unless `keeps` says that it is still true.
    async fn read_back(
        &self,
        stream: Stream,
        scope: &Scope,
        source: &SourceId,
        keeps: bool,
        take_in: impl Fn(&[Stored]) -> Result<(), store::Error>,
    ) -> Result<(u64, u64), Stopped> {
        let bounds = self.log.bounds(stream, self.partition).await?;
        let mut from = self.ledger.checkpoint(scope)?;
        if from > bounds.end {
            warn!(%stream, partition = %self.partition, "the checkpoint lies beyond the log, restoring from its start");
            if !keeps {
                self.ledger.forget(scope)?;
            }
            from = 0;
        }
        let mut next = from.max(bounds.start);
        if next < bounds.end {
            let mut records = self.log.read(stream, vec![(self.partition, next)]).await?;
            let mut window = Window::default();
            while next < bounds.end {
                let record = self.next(stream, bounds.end, &mut records).await?;
                next = record.position.offset + 1;
                if is_of(&record, source) {
                    window.push(record);
                }
                if window.is_full() {
                    off_worker(|| take_in(&window.records))?;
                    window.clear();
                }
            }
            off_worker(|| take_in(&window.records))?;
        }
        self.ledger.was_read_back(scope, bounds.end)?;
        Ok((from, bounds.end))
    }

    /// The append time of the oldest record in `stream`.
    async fn first_appended(&self, stream: Stream, held: Range<u64>) -> Result<Option<Timestamp>, Stopped> {
        if held.is_empty() {
            return Ok(None);
        }
        let mut records = self.log.read(stream, vec![(self.partition, held.start)]).await?;
        Ok(Some(self.next(stream, held.end, &mut records).await?.appended))
    }

    /// The next of `records`, which come from `stream`. Fails if all before `end` have been removed meanwhile: then the
    /// lost part is determined again.
    ///
    /// # Errors
    /// `Stopped` if the work is to stop, or if the lost part has to be determined again.
    pub(crate) async fn next(&self, stream: Stream, end: u64, records: &mut Records) -> Result<Stored, Stopped> {
        loop {
            let next = tokio::time::timeout(RECHECK_INTERVAL, records.next());
            match self.stop.run_until_cancelled(next).await.ok_or(Stopped::Interrupted)? {
                Ok(Some(record)) => return Ok(record?),
                Ok(None) => return Err(Stopped::Failed("the log ended early".into())),
                Err(_) if self.log.bounds(stream, self.partition).await?.start >= end => {
                    return Err(Stopped::Failed("the log has removed records before they were read".into()));
                }
                Err(_) => self.turn.iter().for_each(Turn::pass_on),
            }
        }
    }
}
