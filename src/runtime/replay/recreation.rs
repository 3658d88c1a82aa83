//! The memory of a stage once the topic of its output was deleted and created again.
//!
//! Only of the outcomes: a product was changed, whatever becomes of the record that tells so.

use std::time::Duration;

use tracing::{info, warn};

use super::stopped::Stopped;
use crate::{
    log::{Lease, Log, Partition, Stream},
    store::{Ledger, Scope},
};

/// The time-out for the proof that the partition is this process's.
const LEASE_TIMEOUT: Duration = Duration::from_secs(1);

/// Records which creation of the topic is read back. If it is a later one than before, the topic is read back from its
/// start, and decisions from before the loss may be carried out without being remembered. `end` is that of the
/// outcomes. It was asked for before this, because a loss is recorded before the topic exists again.
///
/// # Errors
/// `Stopped` if it can't be read or recorded now.
pub(super) async fn record(
    log: &dyn Log,
    ledger: &Ledger,
    scope: &Scope,
    partition: Partition,
    end: u64,
) -> Result<(), Stopped> {
    let recreated = log.outcomes_recreated(partition).await?;
    let (known, number) = (ledger.recreation(scope)?, recreated.map_or(0, |recreated| recreated.number));
    let is_later = number > known.unwrap_or(0);
    let is_shorter = ledger.checkpoint(scope)? > end;
    if known.is_some() && !is_later && !is_shorter {
        return Ok(());
    }
    let lost_until = match recreated {
        Some(recreated) if is_later => Some(recreated.decisions_until),
        // Somebody else than usher created it, unnoticed.
        _ if is_shorter => Some(log.bounds(Stream::Decisions, partition).await?.end),
        _ => None,
    };
    if let Some(until) = lost_until {
        // A new process learns of each loss there ever was.
        match known {
            Some(_) => {
                warn!(%partition, until, "the outcomes were lost; earlier decisions are in doubt unless remembered")
            }
            None => {
                info!(%partition, until, "outcomes were lost before; earlier decisions are in doubt unless remembered")
            }
        }
        ledger.read_back_anew(scope, &[])?;
    }
    Ok(ledger.record_recreation(scope, number.max(known.unwrap_or(0)), lost_until)?)
}

/// Fails if the topic was created again since that was recorded: the records may come from both.
///
/// # Errors
/// `Stopped` if the topic was created again, or the work is to stop.
pub(super) async fn check(log: &dyn Log, ledger: &Ledger, scope: &Scope, partition: Partition) -> Result<(), Stopped> {
    let number = log.outcomes_recreated(partition).await?.map_or(0, |recreated| recreated.number);
    match ledger.recreation(scope)? {
        Some(known) if number > known => Err(Stopped::Failed("the outcomes were created again meanwhile".into())),
        _ => Ok(()),
    }
}

/// Records that no memory is missing, if the topic was created again while the partition was this process's: all work
/// was done here meanwhile. Without a proof nothing is recorded.
pub(crate) async fn record_whole(
    log: &dyn Log,
    ledger: &Ledger,
    scope: &Scope,
    partition: Partition,
    lease: &dyn Lease,
) {
    let Some(recreated) = log.outcomes_known_recreated(partition) else { return };
    let is_news = ledger.recreation(scope).is_ok_and(|known| known.is_some_and(|known| known < recreated.number));
    if !is_news || !matches!(tokio::time::timeout(LEASE_TIMEOUT, lease.hold()).await, Ok(Ok(_))) {
        return;
    }
    let noted = ledger.read_back_anew(scope, &[]);
    if let Err(error) = noted.and_then(|()| ledger.record_recreation(scope, recreated.number, None)) {
        warn!(%partition, %error, "that the outcomes were created again was not noted; some steps may be in doubt");
    }
}
