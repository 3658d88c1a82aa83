//! The users whom a sweep has sighted.

use std::collections::HashSet;

use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{Event, EventId, SourceId, SweepId, UserId},
    log::{Error, Log, Partition, Stream, codec},
};

/// The users of one sweep. A product may list a user on two pages, and a page may be read twice. It takes sixteen bytes
/// a user.
#[derive(Debug, Default)]
pub(super) struct SightedUsers(HashSet<u128>);

impl SightedUsers {
    /// Whether `user` has not been seen; they have been from now on.
    pub(super) fn is_new(&mut self, sweep: &SweepId, user: &UserId) -> bool {
        self.0.insert(short(&EventId::of_sighting(sweep, user, None)))
    }

    /// The number of users.
    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The users whom the sweep had sighted when usher stopped. Reads `log` from the offsets at which the sweep began.
    /// None when stopped.
    ///
    /// # Errors
    /// `Error` if the log can't be read now.
    pub(super) async fn from_log(
        log: &dyn Log,
        source: &SourceId,
        sweep: &SweepId,
        from: &[u64],
        stop: &CancellationToken,
    ) -> Result<Option<Self>, Error> {
        let mut seen = Self::default();
        for (partition, &from) in (0..log.partitions()).map(Partition).zip(from) {
            let bounds = log.bounds(Stream::Events, partition).await?;
            let mut next = from.max(bounds.start);
            if next >= bounds.end {
                continue;
            }
            let mut records = log.read(Stream::Events, vec![(partition, next)]).await?;
            while next < bounds.end {
                let Some(record) = stop.run_until_cancelled(records.next()).await else { return Ok(None) };
                let Some(record) = record.transpose()? else { break };
                next = record.position.offset + 1;
                if let Ok(event) = codec::decode::<Event>(&record.payload)
                    && event.source == *source
                    && event.sweep.is_some_and(|sighting| sighting.sweep == *sweep && sighting.released.is_none())
                {
                    seen.0.insert(short(&event.id));
                }
            }
        }
        Ok(Some(seen))
    }
}

/// The id of an event is a digest of sixteen bytes in hexadecimal.
fn short(id: &EventId) -> u128 {
    u128::from_str_radix(id.as_str(), 16).unwrap_or_default()
}
