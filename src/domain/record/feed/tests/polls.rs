//! Poll after poll of a log into which entries come late, early and from the future: each is taken, and once.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// The time until the next poll, and the entries that come in it.
#[derive(Debug, Clone)]
struct Step {
    /// The seconds until then.
    passes: i64,
    /// The delay of each entry, in seconds; less than zero: its time is ahead.
    late: Vec<i64>,
    /// Whether the process ends after the poll, before its place is saved.
    crashes: bool,
}

fn step() -> impl Strategy<Value = Step> {
    (1_i64..900, prop::collection::vec(-3_000_i64..=600, 0..5), prop::bool::weighted(0.2))
        .prop_map(|(passes, late, crashes)| Step { passes, late, crashes })
}

/// The entries of a log, and how often each was taken.
#[derive(Default)]
struct Log {
    entries: Vec<Timestamp>,
    taken: BTreeMap<usize, u32>,
}

impl Log {
    /// Reads from the floor on, as a follower does; says how many entries were new.
    fn poll(&mut self, place: &mut FeedPlace, now: Timestamp) {
        let floor = place.floor(OVERLAP);
        let mut newest = place.until;
        for (number, at) in self.entries.iter().enumerate().filter(|(_, at)| **at >= floor) {
            let print = Print(u64::try_from(number).expect("few"));
            if place.is_new(print) {
                *self.taken.entry(number).or_default() += 1;
                place.record(print, *at);
            }
            newest = newest.max(*at);
        }
        place.advance(newest, now, OVERLAP);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn an_entry_that_comes_within_the_overlap_is_taken_and_once_unless_the_place_is_lost(
        steps in prop::collection::vec(step(), 1..30),
    ) {
        let (mut log, mut now) = (Log::default(), 100_000);
        let mut place = FeedPlace::new("acme".parse().expect("an id"), at(now), at(now));
        let mut again = 0;
        for Step { passes, late, crashes } in steps {
            now += passes;
            log.entries.extend(late.iter().map(|late| at(now - late)));
            let (saved, before) = (place.clone(), log.taken.clone());
            log.poll(&mut place, at(now));
            prop_assert!(place.until <= at(now) && place.until >= saved.until, "it never goes back, nor ahead of the clock");
            prop_assert!(place.floor(OVERLAP) >= saved.floor(OVERLAP));
            if crashes {
                again += log.taken.values().sum::<u32>() - before.values().sum::<u32>();
                place = saved;
            }
        }
        log.poll(&mut place, at(now));
        let taken: u32 = log.taken.values().sum();
        prop_assert_eq!(log.taken.len(), log.entries.len(), "none is missed");
        prop_assert!(usize::try_from(taken - again).expect("few") <= log.entries.len(), "and none comes twice by itself");
    }
}
