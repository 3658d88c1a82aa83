//! Points in time, as the log and the API carry them.

use std::{fmt, time::Duration};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A point in time, to the millisecond. Written as RFC 3339 in the API and in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The earliest time that is later.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The point in time that is `time` earlier.
    #[must_use]
    pub fn minus(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The point in time that is `time` later.
    #[must_use]
    pub fn plus(self, time: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The time from this until `later`; zero if this is after `later`, because clocks differ.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }

    /// The days from this to `day` in UTC, by the calendar; below zero if it is over. None if this is no day of the
    /// calendar.
    pub fn days_to(self, day: NaiveDate) -> Option<i64> {
        let today = DateTime::<Utc>::from_timestamp_millis(self.0)?.date_naive();
        Some((day - today).num_days())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::<Utc>::from_timestamp_millis(self.0) {
            Some(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true)),
            None => write!(f, "{} ms", self.0),
        }
    }
}

/// The text is not an RFC 3339 time.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a time; write it like 2026-11-21T08:30:00Z")]
pub struct InvalidTime(String);

impl std::str::FromStr for Timestamp {
    type Err = InvalidTime;
    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidTime(text.to_owned()))?;
        Ok(Self(at.timestamp_millis()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_and_read_as_rfc_3339() {
        let at = Timestamp::from_millis(1_606_480_436_302);
        assert_eq!(at.to_string(), "2020-11-27T12:33:56.302Z");
        assert_eq!("2020-11-27T13:33:56.302+01:00".parse::<Timestamp>().expect("a time"), at);
        assert!("yesterday".parse::<Timestamp>().is_err());
    }

    #[test]
    fn the_days_to_an_end_are_counted_by_the_calendar() {
        let now: Timestamp = "2026-11-29T23:59:00Z".parse().expect("a time");
        let on = |day| NaiveDate::from_ymd_opt(2026, 11, day).expect("a day");
        assert_eq!(now.days_to(on(30)), Some(1));
        assert_eq!(now.days_to(on(29)), Some(0));
        assert_eq!(now.days_to(on(1)), Some(-28));
        assert_eq!(Timestamp::from_millis(i64::MAX).days_to(on(1)), None);
    }

    #[test]
    fn an_age_is_never_negative() {
        let (early, late) = (Timestamp::from_millis(1_000), Timestamp::from_millis(3_500));
        assert_eq!(early.until(late), Duration::from_millis(2_500));
        assert_eq!(late.until(early), Duration::ZERO);
        assert_eq!(late.minus(Duration::from_millis(2_500)), early);
    }
}
