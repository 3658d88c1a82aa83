//! Reading back what a stage has written, so that it knows what is done.

use std::{ops::Range, sync::Arc};

use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Handler, pump::is_of};
use crate::{
    domain::{Stage, Timestamp},
    log::{self, Log, Partition, Stored, Stream},
    store::{self, Forgotten, Ledger, Scope},
};

/// Why it was not read back.
pub(super) enum Stopped {
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
/// one past the newest record of its output.
pub(super) async fn restore<H: Handler>(
    log: &Arc<dyn Log>,
    ledger: &Ledger,
    handler: &H,
    scope: &Scope,
    partition: Partition,
    stop: &CancellationToken,
) -> Result<u64, Stopped> {
    note_what_is_lost(log, ledger, handler, scope, partition).await?;
    let reading = Reading { log, ledger, partition, stop };
    for &stream in handler.also_restored_from() {
        let take_in = |record: &Stored| match is_of(record, handler.source()) {
            true => handler.remember_also(scope, stream, record),
            false => Ok(()),
        };
        reading.read_back(stream, &scope.reading(stream), false, take_in).await?;
    }
    let take_in = |record: &Stored| match is_of(record, handler.source()) {
        true => handler.remember(scope, record),
        false => Ok(()),
    };
    let keeps = is_done_for_good(handler.stage());
    let (from, end) = reading.read_back(handler.output(), scope, keeps, take_in).await?;
    if end > from {
        info!(stage = handler.stage().as_str(), source.id = %handler.source(), %partition, records = end - from, "restored");
    }
    Ok(end)
}

/// Notes of which records of the input it may be forgotten that they are done, where some of what the stage has written is
/// not there to be read back.
async fn note_what_is_lost<H: Handler>(
    log: &Arc<dyn Log>,
    ledger: &Ledger,
    handler: &H,
    scope: &Scope,
    partition: Partition,
) -> Result<(), Stopped> {
    let written = log.bounds(handler.output(), partition).await?;
    let checkpoint = ledger.checkpoint(scope)?;
    let is_remade = checkpoint > written.end;
    let is_in_doubt = written.start > 0 || is_done_for_good(handler.stage());
    let is_gone = (written.start > checkpoint || is_remade) && is_in_doubt && !log.keeps_what_tells_of_unconsumed();
    // A version that forgot by age alone has kept this store.
    let was_pruned = checkpoint > 0 && ledger.forgotten(scope)?.is_none();
    let forgotten = if is_gone || was_pruned {
        let kept = handler.now().minus(log::RETENTION);
        let oldest = if is_gone { first_appended(log, handler.output(), partition, written).await? } else { None };
        let until = log.bounds(handler.input(), partition).await?.end;
        let before = match is_remade && is_done_for_good(handler.stage()) {
            // The stream was deleted and made again: what is gone may be young.
            true => oldest.unwrap_or_else(|| handler.now()),
            false => oldest.map_or(kept, |oldest| oldest.min(kept)),
        };
        Forgotten { before, until }
    } else {
        Forgotten::NOTHING
    };
    Ok(ledger.note_forgotten(scope, forgotten)?)
}

/// Whether the work of `stage` is done whatever becomes of its output: a product was changed. What the other stages wrote and is
/// gone has to be written again.
const fn is_done_for_good(stage: Stage) -> bool {
    match stage {
        Stage::Executor => true,
        Stage::Intake | Stage::Planner | Stage::Sweeper => false,
    }
}

/// When the oldest record of `stream` that is there was appended.
async fn first_appended(
    log: &Arc<dyn Log>,
    stream: Stream,
    partition: Partition,
    held: Range<u64>,
) -> Result<Option<Timestamp>, Stopped> {
    if held.is_empty() {
        return Ok(None);
    }
    let mut records = log.read(stream, vec![(partition, held.start)]).await?;
    Ok(records.next().await.transpose()?.map(|record| record.appended))
}

/// One partition being read back.
struct Reading<'a> {
    log: &'a Arc<dyn Log>,
    ledger: &'a Ledger,
    partition: Partition,
    stop: &'a CancellationToken,
}

impl Reading<'_> {
    /// Reads `stream` from the checkpoint of `scope` to its end, and moves the checkpoint there. Gives both. Where the
    /// checkpoint lies beyond the end, what is remembered is forgotten, unless `keeps` says that it is true all the same.
    async fn read_back(
        &self,
        stream: Stream,
        scope: &Scope,
        keeps: bool,
        take_in: impl Fn(&Stored) -> Result<(), store::Error>,
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
            while next < bounds.end {
                let Some(record) = self.stop.run_until_cancelled(records.next()).await.ok_or(Stopped::Interrupted)?
                else {
                    return Err(Stopped::Failed("the log ended early".into()));
                };
                let record = record?;
                take_in(&record)?;
                next = record.position.offset + 1;
            }
        }
        self.ledger.set_checkpoint(scope, bounds.end)?;
        Ok((from, bounds.end))
    }
}
