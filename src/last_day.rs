//! Counts of the last day, by the hour.

use crate::domain::Timestamp;

const HOUR_MS: i64 = 3_600_000;
const HOURS: usize = 24;

/// A number for each of the last 24 hours. The present hour is one of them, so the sum covers 23 to 24 hours.
#[derive(Debug, Clone, Default)]
pub struct LastDay([Hour; HOURS]);

#[derive(Debug, Clone, Copy, Default)]
struct Hour {
    /// Since 1970.
    number: i64,
    count: u64,
}

impl LastDay {
    /// Counts one at `at`. A clock that goes back counts in the latest hour of the same place.
    pub fn count(&mut self, at: Timestamp) {
        let number = hour_of(at);
        let place = usize::try_from(number.rem_euclid(HOURS as i64)).unwrap_or_default();
        if let Some(hour) = self.0.get_mut(place) {
            if number > hour.number {
                *hour = Hour { number, count: 0 };
            }
            hour.count = hour.count.saturating_add(1);
        }
    }

    /// The number in the day before `now`.
    pub fn until(&self, now: Timestamp) -> u64 {
        let first = hour_of(now) - (HOURS as i64 - 1);
        self.0.iter().filter(|hour| hour.number >= first).map(|hour| hour.count).sum()
    }
}

fn hour_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(HOUR_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_a_day_does_not_count() {
        let at = |hours: i64| Timestamp::from_millis((1_000_000 + hours) * HOUR_MS + 1);
        let mut day = LastDay::default();
        assert_eq!(day.until(at(0)), 0);
        for hour in 0..48 {
            day.count(at(hour));
            day.count(at(hour));
        }
        assert_eq!(day.until(at(47)), 48);
        assert_eq!(day.until(at(60)), 22);
        assert_eq!(day.until(at(71)), 0);
        day.count(at(40)); // the clock was set back
        assert_eq!(day.until(at(47)), 49);
    }
}
