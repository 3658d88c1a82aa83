//! The trigger of a scheme.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;

use super::cron::{self, Dialect};
use crate::domain::Timestamp;

/// The trigger of a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// A user was created.
    OnCreate,
    /// A user logged in.
    OnLogin,
    /// The clock.
    Schedule(Box<Schedule>),
    /// Only an administrator's "run now".
    Manual,
}

/// A trigger without its details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TriggerKind {
    /// A user was created.
    OnCreate,
    /// A user logged in.
    OnLogin,
    /// The clock.
    Schedule,
    /// An administrator.
    Manual,
}

impl Trigger {
    /// Without details.
    pub const fn kind(&self) -> TriggerKind {
        match self {
            Self::OnCreate => TriggerKind::OnCreate,
            Self::OnLogin => TriggerKind::OnLogin,
            Self::Schedule(_) => TriggerKind::Schedule,
            Self::Manual => TriggerKind::Manual,
        }
    }
}

impl TriggerKind {
    /// The name used in configuration and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnCreate => "on_create",
            Self::OnLogin => "on_login",
            Self::Schedule => "schedule",
            Self::Manual => "manual",
        }
    }

    /// Whether it starts a sweep over all users of the source, and not one event about one user.
    pub const fn is_sweep(self) -> bool {
        matches!(self, Self::Schedule | Self::Manual)
    }
}

impl fmt::Display for TriggerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A cron pattern in a time zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    pattern: String,
    cron: Cron,
    timezone: Tz,
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        (&self.pattern, self.timezone) == (&other.pattern, other.timezone)
    }
}

impl Eq for Schedule {}

/// The reason why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchedule {
    /// The pattern.
    #[error("`{0}` is not a cron pattern; write five fields, `0 3 * * MON` for Mondays at three, say")]
    Pattern(String),
    /// The schedule has another meaning in other schedulers, or never does what it seems to do.
    #[error("`{pattern}` is not a schedule: {why}")]
    Dialect {
        /// As written.
        pattern: String,
        /// The reason, with the text to write instead.
        why: Dialect,
    },
    /// The schedule has no next time.
    #[error("`{0}` never comes; write a date that there is")]
    Never(String),
    /// The time zone.
    #[error("`{0}` is not a time zone; write one of the IANA database, `Europe/Berlin` or `UTC`, say")]
    Timezone(String),
}

impl Schedule {
    /// Reads a pattern of five fields (minute, hour, day of month, month, day of week) and the name of a time zone.
    ///
    /// # Errors
    /// If the pattern is not in usher's dialect of cron, if it never comes, or if there is no such time zone.
    pub fn parse(pattern: &str, timezone: &str) -> Result<Self, InvalidSchedule> {
        cron::check(pattern).map_err(|why| InvalidSchedule::Dialect { pattern: pattern.to_owned(), why })?;
        let cron = Cron::from_str(pattern).map_err(|_| InvalidSchedule::Pattern(pattern.to_owned()))?;
        let timezone = timezone.parse::<Tz>().map_err(|_| InvalidSchedule::Timezone(timezone.to_owned()))?;
        let schedule = Self { pattern: pattern.to_owned(), cron, timezone };
        match schedule.next_after(Timestamp::from_millis(0)) {
            Some(_) => Ok(schedule),
            None => Err(InvalidSchedule::Never(pattern.to_owned())),
        }
    }

    /// The pattern as written.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The time zone.
    pub fn timezone(&self) -> Tz {
        self.timezone
    }

    /// The first time due after `at`; none if there is none before the end of time.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let at = DateTime::<Utc>::from_timestamp_millis(at.as_millis())?.with_timezone(&self.timezone);
        let next = self.cron.find_next_occurrence(&at, false).ok()?;
        Some(Timestamp::from_millis(next.with_timezone(&Utc).timestamp_millis()))
    }

    /// The last time due at `at` or before.
    pub fn last_until(&self, at: Timestamp) -> Option<Timestamp> {
        const HOUR: i64 = 3_600_000;
        // If an hour comes twice, the search backwards may give a later time: then it starts further back.
        let from = [0, 2 * HOUR, 4 * HOUR].map(|back| Timestamp::from_millis(at.as_millis().saturating_sub(back)));
        let mut last = from.into_iter().find_map(|from| self.previous(from).filter(|last| *last <= at))?;
        while let Some(next) = self.next_after(last).filter(|next| *next > last && *next <= at) {
            last = next;
        }
        Some(last)
    }

    fn previous(&self, at: Timestamp) -> Option<Timestamp> {
        let at = DateTime::<Utc>::from_timestamp_millis(at.as_millis())?.with_timezone(&self.timezone);
        let last = self.cron.find_previous_occurrence(&at, true).ok()?;
        Some(Timestamp::from_millis(last.with_timezone(&Utc).timestamp_millis()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    /// All times due in 2026, forwards.
    fn year(schedule: &Schedule) -> Vec<Timestamp> {
        let (begin, end) = (at("2025-12-31T23:59:59Z"), at("2027-01-01T00:00:00Z"));
        let next = |at: &Timestamp| schedule.next_after(*at).filter(|next| next > at && *next < end);
        std::iter::successors(next(&begin), next).collect()
    }

    #[test]
    fn a_date_that_there_is_not_never_comes() {
        for pattern in ["0 3 30 2 *", "0 3 31 2,4,6,9,11 *", "0 3 31 APR *"] {
            let refused = Schedule::parse(pattern, "UTC").expect_err(pattern);
            assert_eq!(refused, InvalidSchedule::Never(pattern.to_owned()));
        }
        assert!(Schedule::parse("0 3 29 2 *", "UTC").is_ok(), "every four years");
        assert!(Schedule::parse("0 3 30 2 MON", "UTC").is_ok(), "or on Mondays");
    }

    #[test]
    fn a_time_that_a_change_of_the_clocks_takes_away_or_doubles_is_due_once_that_day() {
        let berlin = year(&Schedule::parse("30 2 * * *", "Europe/Berlin").expect("a schedule"));
        assert_eq!(berlin.len(), 365);
        for (missing_or_twice, due) in [("2026-03-29", "01:00"), ("2026-10-25", "00:30")] {
            let day: Vec<_> =
                berlin.iter().map(ToString::to_string).filter(|at| at.starts_with(missing_or_twice)).collect();
            assert_eq!(day, [format!("{missing_or_twice}T{due}:00.000Z")]);
        }
        let auckland = year(&Schedule::parse("0 3 * * MON", "Pacific/Auckland").expect("a schedule"));
        assert_eq!(auckland.len(), 52);
        let hours: std::collections::BTreeSet<_> =
            auckland.iter().map(|at| at.to_string()[11..16].to_owned()).collect();
        assert_eq!(hours.into_iter().collect::<Vec<_>>(), ["14:00", "15:00"], "three o'clock in summer and winter");
    }

    #[test]
    fn the_last_time_due_is_never_ahead_and_none_is_passed_over() {
        for (pattern, timezone) in
            [("0 * * * *", "Europe/Berlin"), ("30 2 * * *", "Europe/Berlin"), ("*/30 * * * *", "Australia/Lord_Howe")]
        {
            let schedule = Schedule::parse(pattern, timezone).expect("a schedule");
            let due = year(&schedule);
            for pair in due.windows(2) {
                let just_before = Timestamp::from_millis(pair[1].as_millis() - 1);
                assert_eq!(schedule.last_until(pair[0]), Some(pair[0]), "{pattern} {timezone}");
                assert_eq!(schedule.last_until(just_before), Some(pair[0]), "{pattern} {timezone} before {}", pair[1]);
            }
        }
    }
}
