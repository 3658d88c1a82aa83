//! Something that is due every so often.

use std::time::{Duration, Instant};

/// Beats once a period.
#[derive(Debug)]
pub(super) struct Pulse {
    period: Duration,
    last: Instant,
}

impl Pulse {
    /// Beats for the first time after one `period`.
    pub fn every(period: Duration) -> Self {
        Self { period, last: Instant::now() }
    }

    /// Whether a period is over since the last beat; if so, this is the next one.
    pub fn beat(&mut self) -> bool {
        let due = self.last.elapsed() >= self.period;
        if due {
            self.last = Instant::now();
        }
        due
    }
}
