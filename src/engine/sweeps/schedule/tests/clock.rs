//! Schedules over any ticks of a clock, with pauses: each due time rings at most once, and none rings that was not due.

use proptest::{prelude::*, sample::select};

use super::*;

/// Patterns of minutes to days, in zones with and without changes of the clocks.
const PATTERNS: [(&str, &str); 6] = [
    ("*/7 * * * *", "UTC"),
    ("0 * * * *", "Europe/Berlin"),
    ("30 2 * * *", "Europe/Berlin"),
    ("15,45 9-17 * * 1-5", "America/New_York"),
    ("0 3 1,15 * MON", "Asia/Kolkata"),
    ("30 1 * * *", "Australia/Lord_Howe"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn each_due_time_rings_once_at_its_time_or_as_the_last_one_that_was_missed(
        (pattern, zone) in select(&PATTERNS[..]),
        ticks in prop::collection::vec((prop_oneof![1_i64..120, 1_i64..200_000], prop::bool::weighted(0.15)), 1..40),
        begin in select(&["2026-03-27T12:00:00Z", "2026-10-23T00:00:00Z", "2026-06-01T00:00:00Z"][..]),
    ) {
        let mut schedules = [scheduled("a", "acme", pattern, zone)];
        let Trigger::Schedule(schedule) = schedules[0].scheme.trigger.clone() else { panic!("a schedule") };
        let mut now = at(begin);
        prop_assert_eq!(fire(&mut schedules, now), [], "nothing from before it was known");
        let mut dealt_with = now;
        for (seconds, suspended) in ticks {
            now = Timestamp::from_millis(now.as_millis() + seconds * 1000);
            schedules[0].suspended = suspended;
            let rung = fire(&mut schedules, now);
            let due = schedule.last_until(now).filter(|due| *due > dealt_with);
            let expected: Vec<_> = due.filter(|_| !suspended).map(|due| (due, vec!["a".to_owned()])).into_iter().collect();
            prop_assert_eq!(rung, expected, "{} {} at {}", pattern, zone, now);
            prop_assert_eq!(fire(&mut schedules, now), [], "and not again");
            dealt_with = due.unwrap_or(dealt_with);
            prop_assert!(next(&schedules[0], now).is_some_and(|next| next > now));
        }
    }
}
