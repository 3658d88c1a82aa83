//! Something that is due every so often.

use std::time::{Duration, Instant};

/// Is due once a period.
#[derive(Debug)]
pub(in crate::log::embedded) struct Interval {
    period: Duration,
    last: Instant,
}

impl Interval {
    /// Due for the first time after one `period`.
    pub fn every(period: Duration) -> Self {
        Self { period, last: Instant::now() }
    }

    /// Whether a period is over since it was due last; if so, the next one begins.
    pub fn is_due(&mut self) -> bool {
        let due = self.last.elapsed() >= self.period;
        if due {
            self.last = Instant::now();
        }
        due
    }
}
