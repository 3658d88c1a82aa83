//! Something that is due every so often.

use std::time::{Duration, Instant};

/// Beats once a period.
#[derive(Debug)]
pub(in crate::log::embedded) struct Interval {
    period: Duration,
    last: Instant,
}

impl Interval {
    /// Beats for the first time after one `period`.
    pub fn every(period: Duration) -> Self {
        Self { period, last: Instant::now() }
    }

    /// Whether a period is over since the last beat; if so, this is the next one.
    pub fn is_due(&mut self) -> bool {
        let due = self.last.elapsed() >= self.period;
        if due {
            self.last = Instant::now();
        }
        due
    }
}
