//! The times at which a schedule comes next, for people who write one. Pure: a schedule and a time in, times out.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, Offset, SecondsFormat, Utc};

use crate::domain::{Schedule, Timestamp};

/// The number of times that are told.
const NEXT: usize = 5;
/// The numbers of times that are told before and after a change of the clocks.
const BEFORE_CHANGE: usize = 2;
const AFTER_CHANGE: usize = 3;
/// Times further from the change have nothing to do with it: a weekly schedule comes once on each side.
const NEAR_CHANGE: Duration = Duration::from_hours(8 * 24);
/// The time in which a change of the clocks is looked for. Zones with summer time have two a year.
const LOOK_AHEAD_DAYS: i64 = 400;
const DAY: i64 = 24 * 60 * 60 * 1000;

/// The next times of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upcoming {
    /// The first times after now, in order.
    pub next: Vec<Timestamp>,
    /// The next change of the clocks in the zone; none within a year.
    pub clock_change: Option<ClockChange>,
}

/// A change of the clocks in the time zone of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockChange {
    /// The first moment of the new offset.
    pub at: Timestamp,
    /// The offset from UTC before.
    pub before: FixedOffset,
    /// The offset from then on.
    pub after: FixedOffset,
    /// The times of the schedule around it, in order; empty if none is within eight days.
    pub times: Vec<Timestamp>,
}

/// The next times of `schedule` after `now`: those at which the scheduler starts a run.
pub fn upcoming(schedule: &Schedule, now: Timestamp) -> Upcoming {
    let clock_change = next_change(schedule, now).map(|(at, before, after)| {
        let just_before = Timestamp::from_millis(at.as_millis().saturating_sub(1));
        let (earliest, latest) = (at.minus(NEAR_CHANGE), at.plus(NEAR_CHANGE));
        let previous = |at: &Timestamp| schedule.last_until(Timestamp::from_millis(at.as_millis().saturating_sub(1)));
        let mut times: Vec<_> = std::iter::successors(schedule.last_until(just_before), previous)
            .take_while(|time| *time >= earliest)
            .take(BEFORE_CHANGE)
            .collect();
        times.reverse();
        times.extend(after_moment(schedule, just_before).take_while(|time| *time <= latest).take(AFTER_CHANGE));
        ClockChange { at, before, after, times }
    });
    Upcoming { next: after_moment(schedule, now).take(NEXT).collect(), clock_change }
}

/// `at` in the zone of `schedule`, as RFC 3339; none if it is beyond the calendar.
pub fn in_zone(schedule: &Schedule, at: Timestamp) -> Option<String> {
    let at = DateTime::<Utc>::from_timestamp_millis(at.as_millis())?.with_timezone(&schedule.timezone());
    Some(at.to_rfc3339_opts(SecondsFormat::Secs, false))
}

fn after_moment(schedule: &Schedule, at: Timestamp) -> impl Iterator<Item = Timestamp> {
    let next = |at: &Timestamp| schedule.next_after(*at).filter(|next| next > at);
    std::iter::successors(next(&at), next)
}

/// The next change of the clocks after `now`, with the offsets before and after it.
fn next_change(schedule: &Schedule, now: Timestamp) -> Option<(Timestamp, FixedOffset, FixedOffset)> {
    let offset = |millis: i64| {
        let at = DateTime::<Utc>::from_timestamp_millis(millis)?;
        Some(at.with_timezone(&schedule.timezone()).offset().fix())
    };
    let start = now.as_millis();
    let before = offset(start)?;
    let changed = |millis: &i64| offset(*millis).is_some_and(|now| now != before);
    let mut late = (1..=LOOK_AHEAD_DAYS).map(|day| start.saturating_add(day * DAY)).find(changed)?;
    let mut early = late - DAY;
    while late - early > 1 {
        let middle = early + (late - early) / 2;
        if changed(&middle) { late = middle } else { early = middle }
    }
    Some((Timestamp::from_millis(late), before, offset(late)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn schedule(pattern: &str, zone: &str) -> Schedule {
        Schedule::parse(pattern, zone).expect("a schedule")
    }

    fn local(schedule: &Schedule, times: &[Timestamp]) -> Vec<String> {
        times.iter().map(|time| in_zone(schedule, *time).expect("a date")).collect()
    }

    #[test]
    fn the_next_five_times_are_told_in_the_zone() {
        let schedule = schedule("0 3 * * MON", "Europe/Berlin");
        let told = upcoming(&schedule, at("2026-11-30T02:00:00Z"));
        assert_eq!(
            local(&schedule, &told.next),
            [
                "2026-12-07T03:00:00+01:00",
                "2026-12-14T03:00:00+01:00",
                "2026-12-21T03:00:00+01:00",
                "2026-12-28T03:00:00+01:00",
                "2027-01-04T03:00:00+01:00",
            ],
            "one that is due now is past"
        );
    }

    #[test]
    fn around_a_change_of_the_clocks_it_is_told_what_becomes_of_a_missing_hour() {
        let schedule = schedule("30 2 * * *", "Europe/Berlin");
        let change = upcoming(&schedule, at("2026-11-30T00:00:00Z")).clock_change.expect("summer comes");
        assert_eq!(change.at, at("2027-03-28T01:00:00Z"));
        assert_eq!((change.before.to_string(), change.after.to_string()), ("+01:00".into(), "+02:00".into()));
        assert_eq!(
            local(&schedule, &change.times),
            [
                "2027-03-26T02:30:00+01:00",
                "2027-03-27T02:30:00+01:00",
                "2027-03-28T03:00:00+02:00",
                "2027-03-29T02:30:00+02:00",
                "2027-03-30T02:30:00+02:00",
            ]
        );
    }

    #[test]
    fn a_zone_without_summer_time_has_no_change_and_a_rare_schedule_no_times_around_one() {
        assert_eq!(upcoming(&schedule("0 3 * * *", "UTC"), at("2026-11-30T00:00:00Z")).clock_change, None);
        let rare = upcoming(&schedule("0 3 1 1 *", "Europe/Berlin"), at("2026-11-30T00:00:00Z"));
        assert_eq!(rare.clock_change.expect("summer comes").times, []);
        assert_eq!(rare.next.len(), 5);
        let never_again = upcoming(&schedule("0 3 29 2 *", "UTC"), at("2026-11-30T00:00:00Z"));
        assert_eq!(never_again.next[0], at("2028-02-29T03:00:00Z"));
    }

    #[test]
    fn the_times_told_are_those_at_which_the_scheduler_starts() {
        for (pattern, zone) in [
            ("*/20 1-3 * * *", "Europe/Berlin"),
            ("30 2 * * *", "America/New_York"),
            ("0 * * * *", "Australia/Lord_Howe"),
        ] {
            let schedule = schedule(pattern, zone);
            for now in ["2026-03-05T00:00:00Z", "2026-09-20T12:34:00Z"].map(at) {
                let told = upcoming(&schedule, now);
                let change = told.clock_change.expect("clocks change there");
                for times in [told.next, change.times] {
                    // The scheduler asks for the last time due, again and again.
                    let (mut asked, mut clock) = (Vec::new(), times[0].minus(Duration::from_secs(1)));
                    let mut done = schedule.last_until(clock);
                    while clock <= *times.last().expect("times") {
                        let due = schedule.last_until(clock);
                        if due > done {
                            asked.extend(due);
                            done = due;
                        }
                        clock = clock.plus(Duration::from_secs(1)).plus(Duration::from_secs(59));
                    }
                    asked.extend(schedule.last_until(*times.last().expect("times")).filter(|due| Some(*due) > done));
                    assert_eq!(asked, times, "{pattern} {zone}");
                }
            }
        }
    }
}
