//! Lengths of time as administrators write them.

use std::{fmt, str::FromStr, time::Duration};

use serde::Serialize;

use crate::domain::Timestamp;

/// A length of time in whole seconds, longer than none: `90d`, `12h`, `30m`, `45s`, `2w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Age {
    seconds: u64,
}

/// The reason why a text is not a length of time. `Display` says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time; write `90d`, `12h`, `30m` or `2w`, up to 100 years")]
pub struct InvalidAge(String);

const UNITS: [(char, u64); 5] = [('w', 7 * 86_400), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
const MAX_SECONDS: u64 = 100 * 366 * 86_400;

impl Age {
    /// A number of days.
    pub const fn days(days: u32) -> Self {
        Self { seconds: days as u64 * 86_400 }
    }

    /// As a duration.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// The moment this long before `now`.
    pub fn before(self, now: Timestamp) -> Timestamp {
        let millis = i64::try_from(self.seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
        Timestamp::from_millis(now.as_millis().saturating_sub(millis))
    }
}

impl FromStr for Age {
    type Err = InvalidAge;

    fn from_str(text: &str) -> Result<Self, InvalidAge> {
        let invalid = || InvalidAge(text.to_owned());
        let trimmed = text.trim();
        let (_, per) = UNITS.into_iter().find(|(unit, _)| trimmed.ends_with(*unit)).ok_or_else(invalid)?;
        let number: u64 = trimmed[..trimmed.len() - 1].parse().map_err(|_| invalid())?;
        let seconds =
            number.checked_mul(per).filter(|seconds| (1..=MAX_SECONDS).contains(seconds)).ok_or_else(invalid)?;
        Ok(Self { seconds })
    }
}

impl fmt::Display for Age {
    /// Writes it in the largest unit that divides it; weeks as days.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = UNITS.into_iter().skip(1).find(|(_, per)| self.seconds.is_multiple_of(*per));
        let (unit, per) = fits.unwrap_or(('s', 1));
        write!(f, "{}{unit}", self.seconds / per)
    }
}

impl From<Age> for String {
    fn from(age: Age) -> Self {
        age.to_string()
    }
}

#[cfg(test)]
mod tests {
    mod properties;

    use super::*;

    #[test]
    fn an_age_is_read_in_any_unit_and_written_in_the_largest_that_fits() {
        for (text, written) in [("90d", "90d"), ("24h", "1d"), ("90m", "90m"), ("2w", "14d"), ("61s", "61s")] {
            assert_eq!(text.parse::<Age>().expect(text).to_string(), written);
        }
    }

    #[test]
    fn what_is_no_age_is_refused() {
        for text in ["", "90", "d", "0d", "-1d", "1.5d", "90 days", "99999999999999999999d", "40000000d", "1dd"] {
            assert!(text.parse::<Age>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_moment_before_never_overflows() {
        assert_eq!(Age::days(1).before(Timestamp::from_millis(86_400_000)), Timestamp::from_millis(0));
        assert_eq!(Age::days(1).before(Timestamp::from_millis(i64::MIN)), Timestamp::from_millis(i64::MIN));
    }
}
