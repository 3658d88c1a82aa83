//! The progress of a partition whose records are finished out of order.

use std::collections::VecDeque;

/// The records of a partition from the lowest unfinished one on. All records below its offset are finished, so that
/// offset is stored. Records above it that are finished come again after a crash.
///
/// A record takes 24 bytes here, finished or not.
#[derive(Debug, Default)]
pub(crate) struct LowWatermark {
    /// The records in the order of their offsets. The first one is unfinished.
    taken: VecDeque<Taken>,
}

#[derive(Debug)]
struct Taken {
    offset: u64,
    safe: u64,
    finished: bool,
}

/// The offset below which all records are finished now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reached {
    /// All records before this offset are finished.
    pub next: u64,
    /// The `safe` value of the last of them.
    pub safe: u64,
    /// The number of records that were passed by it.
    pub passed: u64,
}

impl LowWatermark {
    /// Begins the record at `offset`; `safe` is the value that is safe when all records up to it are finished. False if
    /// it has begun already. Offsets have gaps, and a log that fetches again may give a lower one. Such a record gets a
    /// safe value that is no higher than those above it.
    pub(crate) fn begin(&mut self, offset: u64, safe: u64) -> bool {
        let Err(place) = self.taken.binary_search_by_key(&offset, |taken| taken.offset) else { return false };
        let safe = self.taken.get(place).map_or(safe, |above| above.safe);
        self.taken.insert(place, Taken { offset, safe, finished: false });
        true
    }

    /// Records that the record at `offset` is finished; returns the new watermark if it has changed.
    pub(crate) fn finish(&mut self, offset: u64) -> Option<Reached> {
        let place = self.taken.binary_search_by_key(&offset, |taken| taken.offset).ok()?;
        self.taken[place].finished = true;
        let mut reached = None;
        let mut passed = 0;
        while let Some(Taken { offset, safe, .. }) = self.taken.pop_front_if(|taken| taken.finished) {
            passed += 1;
            reached = Some(Reached { next: offset + 1, safe, passed });
        }
        reached
    }

    /// The number of records from the lowest unfinished one on.
    pub(crate) fn len(&self) -> usize {
        self.taken.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn reached(next: u64, safe: u64, passed: u64) -> Option<Reached> {
        Some(Reached { next, safe, passed })
    }

    #[test]
    fn one_unfinished_record_holds_back_the_offset_and_nothing_else() {
        let mut mark = LowWatermark::default();
        for offset in 10..15 {
            assert!(mark.begin(offset, offset * 100));
        }
        assert_eq!(mark.finish(11), None);
        assert_eq!(mark.finish(13), None);
        assert_eq!(mark.finish(10), reached(12, 1_100, 2));
        assert_eq!(mark.len(), 3);
        assert_eq!(mark.finish(14), None);
        assert_eq!(mark.finish(12), reached(15, 1_400, 3));
        assert_eq!(mark.len(), 0);
    }

    #[test]
    fn a_record_that_was_taken_is_not_taken_again() {
        let mut mark = LowWatermark::default();
        assert!(mark.begin(3, 0) && mark.begin(5, 0));
        assert!(!mark.begin(5, 0));
        assert_eq!(mark.finish(4), None, "there is none");
        assert_eq!(mark.finish(5), None);
    }

    #[test]
    fn a_record_that_comes_late_is_safe_with_what_stands_above_it() {
        let mut mark = LowWatermark::default();
        assert!(mark.begin(5, 50) && mark.begin(4, 99));
        assert_eq!(mark.finish(5), None);
        assert_eq!(mark.finish(4), reached(6, 50, 2));
    }

    proptest! {
        /// In whatever order records are finished, and with whatever gaps between their offsets, the mark is one past
        /// the last record before the lowest unfinished one.
        #[test]
        fn the_mark_is_always_at_the_lowest_unfinished_record(
            gaps in prop::collection::vec(1..5_u64, 1..200),
            order in prop::collection::vec(any::<prop::sample::Index>(), 200),
        ) {
            let offsets: Vec<_> = gaps.iter().scan(0, |offset, gap| { *offset += gap; Some(*offset) }).collect();
            let mut mark = LowWatermark::default();
            for &offset in &offsets {
                prop_assert!(mark.begin(offset, offset * 2));
            }
            let mut unfinished: BTreeSet<_> = offsets.iter().copied().collect();
            let (mut next, mut all_passed) = (0, 0);
            for index in order {
                if unfinished.is_empty() {
                    break;
                }
                let offset = *index.get(&unfinished.iter().copied().collect::<Vec<_>>());
                unfinished.remove(&offset);
                let before = next;
                if let Some(reached) = mark.finish(offset) {
                    prop_assert_eq!(reached.safe, (reached.next - 1) * 2);
                    next = reached.next;
                    all_passed += reached.passed;
                }
                prop_assert!(next >= before);
                let lowest = unfinished.first().copied().unwrap_or(u64::MAX);
                let expected = offsets.iter().copied().take_while(|offset| *offset < lowest).last().map_or(0, |last| last + 1);
                prop_assert_eq!(next, expected);
                prop_assert_eq!(mark.len() as u64 + all_passed, offsets.len() as u64);
            }
        }
    }
}
