//! The meaning of accepted patterns, against a second reading of them: sets of numbers, tried day by day.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use proptest::{prelude::*, sample::select};

use super::super::{DAYS, Dialect, Field, MONTHS, check};
use crate::domain::{Schedule, Timestamp};

/// One item of a field: as it is written, and the numbers that it stands for.
type Item = (String, BTreeSet<u32>);

/// The lowest and the highest number of a field. Sunday is 0 or 7.
fn bounds(field: Field) -> (u32, u32) {
    match field {
        Field::Minute => (0, 59),
        Field::Hour => (0, 23),
        Field::DayOfMonth => (1, 31),
        Field::Month => (1, 12),
        Field::DayOfWeek => (0, 6),
    }
}

/// The highest number that may end a range: Sunday ends a week, too.
fn end(field: Field) -> u32 {
    if field == Field::DayOfWeek { 7 } else { bounds(field).1 }
}

/// A number as a digit or two, or as a name in any case, where the field has names.
fn written(field: Field, number: u32, spelling: u8) -> String {
    let name = match field {
        Field::Month => MONTHS.get(number as usize - 1),
        Field::DayOfWeek => DAYS.get(number as usize % 7),
        Field::Minute | Field::Hour | Field::DayOfMonth => None,
    };
    match (name, spelling) {
        (Some(name), 1) => (*name).to_owned(),
        (Some(name), 2) => name.to_lowercase(),
        (_, 3) => format!("{number:02}"),
        _ => number.to_string(),
    }
}

fn item(field: Field) -> impl Strategy<Value = Item> {
    let (first, last) = bounds(field);
    let one = (first..=last, 0_u8..4)
        .prop_map(move |(number, spelling)| (written(field, number, spelling), BTreeSet::from([number])));
    let range = (first..=last, first..=end(field), 0_u8..4).prop_map(move |(one, other, spelling)| {
        let (from, to) = (one.min(other), one.max(other));
        // From Sunday to Sunday by its name is refused.
        let spelling = if from == 0 && written(field, to, 1) == "SUN" { 0 } else { spelling };
        let text = format!("{}-{}", written(field, from, spelling), written(field, to, spelling));
        (text, (from..=to).map(|number| if number > last { first } else { number }).collect())
    });
    let stepped = (first..last).prop_flat_map(move |from| (Just(from), from + 1..=last)).prop_flat_map(|(from, to)| {
        (1..=to - from)
            .prop_map(move |step| (format!("{from}-{to}/{step}"), (from..=to).step_by(step as usize).collect()))
    });
    let all_stepped = (1..=last - first)
        .prop_map(move |step| (format!("*/{step}"), (first..=last).step_by(step as usize).collect::<BTreeSet<_>>()));
    prop_oneof![4 => one, 3 => range, 2 => stepped, 1 => all_stepped]
}

fn field(of: Field) -> impl Strategy<Value = Item> {
    let (first, last) = bounds(of);
    let list = prop::collection::vec(item(of), 1..4).prop_map(|items| {
        let text = items.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(",");
        (text, items.into_iter().flat_map(|(_, numbers)| numbers).collect())
    });
    prop_oneof![2 => Just(("*".to_owned(), (first..=last).collect())), 3 => list]
}

/// A pattern, read as sets of numbers.
#[derive(Debug, Clone)]
struct Pattern {
    text: String,
    minutes: BTreeSet<u32>,
    hours: BTreeSet<u32>,
    months: BTreeSet<u32>,
    days: Item,
    weekdays: Item,
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let fields = (
        field(Field::Minute),
        field(Field::Hour),
        field(Field::DayOfMonth),
        field(Field::Month),
        field(Field::DayOfWeek),
    );
    fields.prop_map(|(minutes, hours, days, months, weekdays)| Pattern {
        text: [&minutes.0, &hours.0, &days.0, &months.0, &weekdays.0].map(String::as_str).join(" "),
        minutes: minutes.1,
        hours: hours.1,
        months: months.1,
        days,
        weekdays,
    })
}

impl Pattern {
    /// Whether it is due on that day: if both days are restricted, either will do.
    fn has_day(&self, day: NaiveDate) -> bool {
        let by_day = self.days.1.contains(&day.day());
        let by_weekday = self.weekdays.1.contains(&day.weekday().num_days_from_sunday());
        let is_it = match (self.days.0.as_str(), self.weekdays.0.as_str()) {
            ("*", _) => by_weekday,
            (_, "*") => by_day,
            _ => by_day || by_weekday,
        };
        is_it && self.months.contains(&day.month())
    }

    fn has(&self, at: NaiveDateTime) -> bool {
        self.has_day(at.date()) && self.hours.contains(&at.hour()) && self.minutes.contains(&at.minute())
    }

    /// Whether it means the same to every cron.
    fn is_plain(&self) -> bool {
        let star = |(text, _): &Item| text.starts_with('*') && text != "*";
        let restricted = |(text, _): &Item| text != "*";
        !(star(&self.days) && restricted(&self.weekdays) || star(&self.weekdays) && restricted(&self.days))
    }

    /// The first times after `at`, in UTC, within nine years.
    fn after(&self, at: NaiveDateTime, most: usize) -> Vec<NaiveDateTime> {
        let days = (0..9 * 366).filter_map(|days| at.date().checked_add_days(Days::new(days)));
        let times = days.filter(|day| self.has_day(*day)).flat_map(|day| {
            let minutes = |hour: &u32| {
                let hour = *hour;
                self.minutes.iter().filter_map(move |minute| day.and_hms_opt(hour, *minute, 0))
            };
            self.hours.iter().flat_map(minutes).collect::<Vec<_>>()
        });
        times.filter(|time| *time > at).take(most).collect()
    }
}

fn timestamp(at: NaiveDateTime) -> Timestamp {
    Timestamp::from_millis(at.and_utc().timestamp_millis())
}

fn due_after(schedule: &Schedule, at: Timestamp, most: usize) -> Vec<Timestamp> {
    std::iter::successors(schedule.next_after(at), |at| schedule.next_after(*at)).take(most).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_pattern_is_due_when_its_numbers_say_and_one_that_crons_read_differently_is_refused(
        pattern in pattern(),
        second in 1_700_000_000_i64..1_900_000_000,
    ) {
        if !pattern.is_plain() {
            prop_assert!(matches!(check(&pattern.text), Err(Dialect::TwoDays(_))), "{}", pattern.text);
            return Ok(());
        }
        let begin = DateTime::<Utc>::from_timestamp(second, 0).expect("a time").naive_utc();
        let expected = pattern.after(begin, 12);
        let Ok(schedule) = Schedule::parse(&pattern.text, "UTC") else {
            prop_assert_eq!(expected, [], "refused: {}", pattern.text);
            return Ok(());
        };
        let expected: Vec<_> = expected.into_iter().map(timestamp).collect();
        let due = due_after(&schedule, timestamp(begin), expected.len());
        prop_assert_eq!(due, expected.clone(), "{}", pattern.text);
        for pair in expected.windows(2) {
            let between = Timestamp::from_millis(pair[0].as_millis().midpoint(pair[1].as_millis()));
            prop_assert_eq!(schedule.last_until(between), Some(pair[0]), "{}", pattern.text);
        }
    }
}

/// Days on which clocks are changed: by an hour, by half of one, and at midnight.
const CHANGES: [(&str, &str); 7] = [
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("America/New_York", "2026-03-08T07:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("America/Santiago", "2026-09-06T04:00:00Z"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn around_a_change_of_the_clocks_no_time_is_left_out_and_each_is_what_the_clock_on_the_wall_says(
        pattern in pattern().prop_filter("ambiguous", Pattern::is_plain),
        (zone, change) in select(&CHANGES[..]),
        hours_before in 0_i64..30,
    ) {
        let Ok(schedule) = Schedule::parse(&pattern.text, zone) else { return Ok(()) };
        let tz: Tz = zone.parse().expect("a zone");
        let change: DateTime<Utc> = change.parse().expect("a time");
        let begin = change - TimeDelta::hours(hours_before);
        let wall = |at: DateTime<Utc>| at.with_timezone(&tz).naive_local();
        let due = due_after(&schedule, Timestamp::from_millis(begin.timestamp_millis()), 300);
        let due: BTreeSet<DateTime<Utc>> = due
            .into_iter()
            .map(|at| DateTime::from_timestamp_millis(at.as_millis()).expect("a time"))
            .take_while(|at| *at <= change + TimeDelta::hours(30))
            .collect();
        let until = due.last().copied().filter(|_| due.len() == 300).unwrap_or(change + TimeDelta::hours(30));
        for at in &due {
            let skipped = wall(*at) - wall(*at - TimeDelta::minutes(1)) > TimeDelta::minutes(1);
            prop_assert!(pattern.has(wall(*at)) || skipped, "{} {zone}: {at} is {}", pattern.text, wall(*at));
        }
        let minutes = (1..).map(|minutes| begin + TimeDelta::minutes(minutes)).take_while(|at| *at <= until);
        for at in minutes.filter(|at| pattern.has(wall(*at))) {
            // A time that comes twice need not be due again.
            let came_before = (1..=120).any(|minutes| wall(at - TimeDelta::minutes(minutes)) == wall(at));
            prop_assert!(due.contains(&at) || came_before, "{} {zone}: {at} is left out", pattern.text);
        }
    }
}

#[test]
fn a_list_that_begins_with_a_star_is_as_ambiguous_as_a_step_beside_a_restricted_day() {
    for pattern in ["0 3 *,15 * MON", "0 3 1 * *,MON", "0 3 */1 * MON", "0 3 */2,15 * MON", "0 3 15 * */2,MON"] {
        assert!(matches!(check(pattern), Err(Dialect::TwoDays(_))), "{pattern}: {:?}", check(pattern));
    }
    for pattern in ["0 3 *,15 * *", "0 3 * * *,MON", "0 3 15,* * *", "0 3 1-31 * MON"] {
        assert_eq!(check(pattern), Ok(()), "{pattern}");
    }
}
