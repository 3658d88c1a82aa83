//! Searches a record that may be in the log: the producer could not say.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use futures::StreamExt;

use crate::log::{Error, Log, Partition, Position, Record, Stream};

/// The time-out of a search.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(20);
/// The number of searched records, if the end of the partition before the append is unknown.
const MAX_SEARCHED: u64 = 10_000;

/// The end of each partition, by the appends that were acknowledged to this process.
pub(super) struct Acknowledged {
    partitions: usize,
    /// By stream and partition; 0 where nothing was acknowledged.
    ends: Box<[AtomicU64]>,
}

impl Acknowledged {
    /// Nothing so far, on a log with `partitions` partitions.
    pub(super) fn new(partitions: u16) -> Self {
        let partitions = usize::from(partitions);
        Self { partitions, ends: (0..Stream::ALL.len() * partitions).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Records that the record at `offset` was acknowledged.
    pub(super) fn record(&self, stream: Stream, position: Position) {
        if let Some(end) = self.of(stream, position.partition) {
            end.fetch_max(position.offset + 1, Ordering::Relaxed);
        }
    }

    /// One past the newest acknowledged record, if there was one: a later append can't be before it.
    pub(super) fn end(&self, stream: Stream, partition: Partition) -> Option<u64> {
        self.of(stream, partition).map(|end| end.load(Ordering::Relaxed)).filter(|end| *end > 0)
    }

    fn of(&self, stream: Stream, partition: Partition) -> Option<&AtomicU64> {
        let partition = Some(usize::from(partition.0)).filter(|partition| *partition < self.partitions)?;
        self.ends.get(stream as usize * self.partitions + partition)
    }
}

/// Finds `record` among those from `since` on.
///
/// # Errors
/// [`Error::Unavailable`] if it is not there, so that it may be appended again, or if the search takes too long.
pub(super) async fn find(
    log: &dyn Log,
    stream: Stream,
    partition: Partition,
    record: &Record,
    since: Option<u64>,
) -> Result<Position, Error> {
    let search = async {
        let bounds = log.bounds(stream, partition).await?;
        let since = since.unwrap_or_else(|| bounds.end.saturating_sub(MAX_SEARCHED)).max(bounds.start);
        let mut next = since;
        let mut records = log.read(stream, vec![(partition, since)]).await?;
        while next < bounds.end {
            let Some(stored) = records.next().await.transpose()? else { break };
            if stored.key == record.key.as_str() && stored.payload == record.payload {
                return Ok(stored.position);
            }
            next = stored.position.offset + 1;
        }
        Err(Error::Unavailable("a record that was counted as delivered is not in the log".into()))
    };
    let found = tokio::time::timeout(SEARCH_TIMEOUT, search).await;
    found.unwrap_or_else(|_| Err(Error::Unavailable("nobody knows whether a record is in the log".into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{UserId, UserKey, UserRef},
        log::embedded::{EmbeddedLog, Options},
    };

    fn record(user: &str, payload: &'static str) -> Record {
        let key = UserKey::new(&"acme".parse().expect("an id"), &UserRef::Id(UserId::new(user)));
        Record { key, payload: payload.into() }
    }

    #[tokio::test]
    async fn a_record_that_is_there_is_found_and_one_that_is_not_may_be_appended_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let options = Options { partitions: 1, ..Options::default() };
        let log = EmbeddedLog::open(dir.path(), options).expect("a log");
        let stream = Stream::Decisions;
        for payload in ["before", "there", "behind"] {
            log.append(stream, record("jane", payload)).await.expect("appended");
        }
        let find = |wanted: Record, since| {
            let log = &log;
            async move { find(log, stream, Partition(0), &wanted, since).await.ok().map(|position| position.offset) }
        };
        assert_eq!(find(record("jane", "there"), Some(1)).await, Some(1));
        assert_eq!(find(record("jane", "there"), None).await, Some(1));
        assert_eq!(find(record("jane", "nowhere"), Some(0)).await, None);
        assert_eq!(find(record("joe", "there"), Some(0)).await, None, "another user's");
        assert_eq!(find(record("jane", "before"), Some(1)).await, None, "one from before the append is another one");
        assert_eq!(find(record("jane", "there"), Some(3)).await, None, "nothing came since");
        log.close().await;
    }

    #[test]
    fn the_newest_acknowledged_record_counts() {
        let acknowledged = Acknowledged::new(2);
        assert_eq!(acknowledged.end(Stream::Events, Partition(1)), None);
        for offset in [4, 7, 5] {
            acknowledged.record(Stream::Events, Position { partition: Partition(1), offset });
        }
        assert_eq!(acknowledged.end(Stream::Events, Partition(1)), Some(8));
        assert_eq!(acknowledged.end(Stream::Decisions, Partition(1)), None);
        for stream in Stream::ALL {
            acknowledged.record(stream, Position { partition: Partition(0), offset: stream as u64 });
            acknowledged.record(stream, Position { partition: Partition(2), offset: 99 });
        }
        let ends = Stream::ALL.map(|stream| acknowledged.end(stream, Partition(0)));
        assert_eq!(ends, Stream::ALL.map(|stream| Some(stream as u64 + 1)), "each stream has its own");
        assert_eq!(acknowledged.end(Stream::Events, Partition(2)), None, "there is no such partition");
    }
}
