//! The newest records of each part, in memory: who reads what was just appended asks no database.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::part::{Part, Parts};
use crate::log::Stored;

/// How long the records of one part that are kept may be together, in bytes. The newest one is kept in any case.
const BYTES: usize = 128 * 1024;
/// The memory of a record beside key and payload, about.
const OVERHEAD: usize = 128;
/// How many records a reader takes at a time.
const AT_ONCE: usize = 256;

/// The newest records of all parts.
pub(super) struct Tails(Parts<Mutex<Tail>>);

/// Those of one part, without a gap.
#[derive(Default)]
struct Tail {
    records: VecDeque<Stored>,
    bytes: usize,
}

impl Tails {
    /// Nothing yet.
    pub fn new(partitions: u16) -> Self {
        Self(Parts::new(partitions))
    }

    /// Adds what was appended to `part`, in its order, and forgets the oldest.
    pub fn push(&self, part: Part, records: Vec<Stored>) {
        let mut tail = self.of(part);
        for record in records {
            tail.bytes += size(&record);
            tail.records.push_back(record);
        }
        while tail.bytes > BYTES && tail.records.len() > 1 {
            let oldest = tail.records.pop_front();
            tail.bytes -= oldest.map_or(0, |record| size(&record));
        }
    }

    /// Some records of `part` from `offset` on; none where the one at `offset` is not kept.
    pub fn from(&self, part: Part, offset: u64) -> Option<VecDeque<Stored>> {
        let tail = self.of(part);
        let oldest = tail.records.front()?.position.offset;
        let skipped = usize::try_from(offset.checked_sub(oldest)?).ok()?;
        let found: VecDeque<_> = tail.records.iter().skip(skipped).take(AT_ONCE).cloned().collect();
        (!found.is_empty()).then_some(found)
    }

    fn of(&self, part: Part) -> MutexGuard<'_, Tail> {
        self.0[part].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size(record: &Stored) -> usize {
    OVERHEAD + record.key.len() + record.payload.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Timestamp,
        log::{Partition, Position, Stream},
    };

    fn record(offset: u64, length: usize) -> Stored {
        let position = Position { partition: Partition(1), offset };
        Stored { position, key: "k".into(), payload: vec![7; length].into(), appended: Timestamp::from_millis(0) }
    }

    #[test]
    fn the_newest_are_found_and_the_oldest_forgotten() {
        let (tails, part) = (Tails::new(2), Part::new(Stream::Events, Partition(1)));
        assert!(tails.from(part, 0).is_none());
        tails.push(part, vec![record(7, 10), record(8, 10)]);
        let from =
            |offset| tails.from(part, offset).map(|found| found.iter().map(|r| r.position.offset).collect::<Vec<_>>());
        assert_eq!([6, 7, 8, 9].map(from), [None, Some(vec![7, 8]), Some(vec![8]), None]);
        tails.push(part, vec![record(9, BYTES), record(10, 10)]);
        assert_eq!([8, 9, 10].map(from), [None, None, Some(vec![10])]);
        tails.push(part, vec![record(11, 2 * BYTES)]);
        assert_eq!(from(11), Some(vec![11]), "a long one is kept alone");
    }
}
