//! The lag of the groups, from librdkafka's statistics.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use rdkafka::{Statistics, statistics};

use crate::log::{Partition, Stream};

/// The lag of the members of all groups in this process.
#[derive(Default)]
pub(in crate::log::kafka) struct Lags(Mutex<Vec<(Stream, Weak<Gauge>)>>);

/// The lag of one member over all its partitions; none while it is unknown.
#[derive(Default)]
pub(in crate::log::kafka) struct Gauge(Mutex<Option<u64>>);

impl Lags {
    /// A gauge that counts as long as a clone of it exists.
    pub(in crate::log::kafka) fn gauge(&self, stream: Stream) -> Arc<Gauge> {
        let gauge = Arc::<Gauge>::default();
        let mut gauges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gauges.retain(|(_, gauge)| gauge.strong_count() > 0);
        gauges.push((stream, Arc::downgrade(&gauge)));
        gauge
    }

    /// The sum over the members that consume `stream`; a record counts once for each group that has not done it.
    pub(in crate::log::kafka) fn of(&self, stream: Stream) -> Option<u64> {
        let gauges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = gauges.iter().filter(|(of, _)| *of == stream).filter_map(|(_, gauge)| gauge.upgrade()?.get());
        known.reduce(|sum, lag| sum + lag)
    }
}

impl Gauge {
    pub(in crate::log::kafka) fn set(&self, lag: Option<u64>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = lag;
    }

    fn get(&self) -> Option<u64> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of unfinished records in the member's partitions of `topic`; none while it is unknown. A member without
/// partitions has no lag, even if the statistics still contain the topic.
pub(in crate::log::kafka) fn of_all(statistics: &Statistics, topic: &str, held: &[Partition]) -> Option<u64> {
    if held.is_empty() {
        return Some(0);
    }
    let topic = statistics.topics.get(topic)?;
    let ours = held.iter().filter_map(|partition| topic.partitions.get(&i32::from(partition.0)));
    ours.filter_map(of).reduce(|sum, lag| sum + lag)
}

/// The records of one partition that are not done; nothing while the end of the partition is not known.
pub(in crate::log::kafka) fn of(partition: &statistics::Partition) -> Option<u64> {
    let end = partition.hi_offset;
    // The offset that this member has stored, or the one that the previous owner has committed, or the oldest one.
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
    fn a_member_that_has_lost_its_partitions_is_not_behind() {
        let partitions = [(0, partition(100, 90, 80, 10)), (1, partition(100, 70, 60, 10))].into();
        let topic = statistics::Topic { partitions, ..Default::default() };
        let told = Statistics { topics: [("events".to_owned(), topic)].into(), ..Default::default() };
        let both = [Partition(0), Partition(1)];
        assert_eq!(of_all(&told, "events", &both), Some(40));
        assert_eq!(of_all(&told, "events", &both[1..]), Some(30));
        assert_eq!(of_all(&told, "events", &[]), Some(0));
        assert_eq!(of_all(&Statistics::default(), "events", &[]), Some(0), "the client has forgotten the topic");
        assert_eq!(of_all(&Statistics::default(), "events", &both), None);
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
