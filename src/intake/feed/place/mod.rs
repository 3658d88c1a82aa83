//! The place of a feed, in the log.

use std::{ops::Range, time::Duration};

use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::Feed;
use crate::{
    domain::{FeedPlace, UserKey},
    log::{self, Partition, Record, Stream, codec},
    runtime::{Interrupted, until_ok},
};

/// The time by which a place may advance before it is written although nothing else has changed.
const DRIFT: Duration = Duration::from_mins(1);
/// The number of records that are read first, to find the latest of one source.
const NEAR_THE_END: u64 = 1_000;

impl Feed {
    /// The place that was written down last; none: the feed has never been followed.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn place_in_log(&self, stop: &CancellationToken) -> Result<Option<FeedPlace>, Interrupted> {
        let component = || self.log.health().component(format!("feed {}", self.source()));
        let reading = until_ok(component, "the place of the feed can't be read", stop, || self.read_place());
        stop.run_until_cancelled(reading).await.ok_or(Interrupted)?
    }

    /// Reads the latest place. It is near the end, because a followed place is written at intervals. Compaction may
    /// move it there while it is searched, from where old records are removed; so the removed range is read again.
    async fn read_place(&self) -> Result<Option<FeedPlace>, log::Error> {
        let key = UserKey::of_source(self.source());
        let partition = Partition::of(key.as_str(), self.log.partitions());
        let mut records = NEAR_THE_END;
        loop {
            let bounds = self.log.bounds(Stream::Feeds, partition).await?;
            let from = bounds.start.max(bounds.end.saturating_sub(records));
            let place = self.last_place(&key, partition, from..bounds.end).await?;
            if self.log.bounds(Stream::Feeds, partition).await?.start != bounds.start {
                continue;
            }
            if place.is_some() || from == bounds.start {
                return Ok(place);
            }
            records = records.saturating_mul(10);
        }
    }

    async fn last_place(
        &self,
        key: &UserKey,
        partition: Partition,
        offsets: Range<u64>,
    ) -> Result<Option<FeedPlace>, log::Error> {
        let (mut place, mut next) = (None, offsets.start);
        if offsets.is_empty() {
            return Ok(place);
        }
        let mut records = self.log.read(Stream::Feeds, vec![(partition, next)]).await?;
        while next < offsets.end {
            let record =
                records.next().await.ok_or_else(|| log::Error::Unavailable("the log ended early".into()))??;
            next = record.position.offset + 1;
            if record.key == key.as_str() {
                match codec::decode(&record.payload) {
                    Ok(read) => place = Some(read),
                    Err(error) => warn!(position = %record.position, %error, "the place of a feed can't be read back"),
                }
            }
        }
        Ok(place)
    }

    /// Writes `place` down, unless hardly anything is new in it since it was `saved`.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn save(
        &self,
        place: &FeedPlace,
        saved: &mut Option<FeedPlace>,
        stop: &CancellationToken,
    ) -> Result<(), Interrupted> {
        let is_known = |saved: &FeedPlace| {
            saved.cursor == place.cursor
                && saved.until.until(place.until).max(saved.complete.until(place.complete)) < DRIFT
                && place.seen.keys().all(|print| saved.seen.contains_key(print))
        };
        if saved.as_ref().is_some_and(is_known) {
            return Ok(());
        }
        let record = Record { key: place.key(), payload: codec::encode(place) };
        self.appender.append(Stream::Feeds, record, stop).await?;
        *saved = Some(place.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
