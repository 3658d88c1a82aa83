//! How far the groups are behind, as librdkafka's statistics tell it.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use rdkafka::statistics;

use crate::log::Stream;

/// How far the members of all groups in this process are behind.
#[derive(Default)]
pub(super) struct Lags(Mutex<Vec<(Stream, Weak<Gauge>)>>);

/// How far one member is behind, over all its partitions; nothing while it is not known.
#[derive(Default)]
pub(super) struct Gauge(Mutex<Option<u64>>);

impl Lags {
    /// A gauge that counts for as long as somebody holds it.
    pub(super) fn gauge(&self, stream: Stream) -> Arc<Gauge> {
        let gauge = Arc::<Gauge>::default();
        let mut gauges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gauges.retain(|(_, gauge)| gauge.strong_count() > 0);
        gauges.push((stream, Arc::downgrade(&gauge)));
        gauge
    }

    /// The sum over the members that consume `stream`; a record counts once for each group that has not done it.
    pub(super) fn of(&self, stream: Stream) -> Option<u64> {
        let gauges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = gauges.iter().filter(|(of, _)| *of == stream).filter_map(|(_, gauge)| gauge.upgrade()?.get());
        known.reduce(|sum, lag| sum + lag)
    }
}

impl Gauge {
    pub(super) fn set(&self, lag: Option<u64>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = lag;
    }

    fn get(&self) -> Option<u64> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The records of one partition that are not done; nothing while the end of the partition is not known.
pub(super) fn of(partition: &statistics::Partition) -> Option<u64> {
    let end = partition.hi_offset;
    // Stored by this member, or committed by whoever had the partition before, or nobody has done anything yet.
    let done = [partition.stored_offset, partition.committed_offset, partition.lo_offset];
    let done = done.into_iter().find(|offset| *offset >= 0)?;
    u64::try_from(end).ok().map(|end| end.saturating_sub(u64::try_from(done).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(hi: i64, stored: i64, committed: i64, lo: i64) -> statistics::Partition {
        statistics::Partition {
            hi_offset: hi,
            stored_offset: stored,
            committed_offset: committed,
            lo_offset: lo,
            ..Default::default()
        }
    }

    #[test]
    fn lag_counts_from_what_is_stored_or_else_committed_or_else_kept() {
        assert_eq!(of(&partition(100, 90, 80, 10)), Some(10));
        assert_eq!(of(&partition(100, -1001, 80, 10)), Some(20));
        assert_eq!(of(&partition(100, -1001, -1001, 10)), Some(90));
        assert_eq!(of(&partition(-1001, 90, 80, 10)), None, "the end is not known");
        assert_eq!(of(&partition(100, -1001, -1001, -1001)), None);
    }

    #[test]
    fn lags_of_one_stream_add_up_while_their_members_live() {
        let lags = Lags::default();
        let (one, other) = (lags.gauge(Stream::Events), lags.gauge(Stream::Events));
        assert_eq!(lags.of(Stream::Events), None);
        one.set(Some(3));
        other.set(Some(4));
        assert_eq!((lags.of(Stream::Events), lags.of(Stream::Outcomes)), (Some(7), None));
        drop(other);
        assert_eq!(lags.of(Stream::Events), Some(3));
    }
}
