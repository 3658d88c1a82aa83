//! Reading back what a stage has written, so that it knows what is done.

use std::sync::Arc;

use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Handler, pump::is_of};
use crate::{
    log::{self, Log, Partition},
    store::{self, Ledger, Scope},
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
/// one past the newest record.
pub(super) async fn restore<H: Handler>(
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
