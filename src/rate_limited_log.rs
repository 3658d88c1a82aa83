//! A rate limit for log lines: an error that strangers or an outage can repeat is logged once a minute, with a count of the
//! lines that were left out. Metrics count every one.
//!
//! ```
//! use usher::rate_limited_log::LogLimiter;
//!
//! static LIMIT: LogLimiter = LogLimiter::once_a_minute();
//!
//! if let Some(suppressed) = LIMIT.permit() {
//!     tracing::warn!(suppressed, "the log can't be written");
//! }
//! ```

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Permits one log line in each interval. One limiter serves one place in the code, or one component.
#[derive(Debug)]
pub struct LogLimiter {
    interval: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    last_line: Option<Instant>,
    suppressed: u64,
}

impl LogLimiter {
    /// A limiter that permits one line in each `interval`.
    pub const fn new(interval: Duration) -> Self {
        Self { interval, state: Mutex::new(State { last_line: None, suppressed: 0 }) }
    }

    /// A limiter that permits one line a minute.
    pub const fn once_a_minute() -> Self {
        Self::new(Duration::from_mins(1))
    }

    /// The number of lines that were suppressed since the last permitted one, if a line may be logged now. Otherwise
    /// the line is counted as suppressed.
    pub fn permit(&self) -> Option<u64> {
        self.permit_at(Instant::now())
    }

    fn permit_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last_line.is_some_and(|last| now.saturating_duration_since(last) < self.interval) {
            state.suppressed += 1;
            return None;
        }
        state.last_line = Some(now);
        Some(std::mem::take(&mut state.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_in_each_interval_is_permitted_and_the_others_are_counted() {
        let limiter = LogLimiter::once_a_minute();
        let start = Instant::now();
        let after = |seconds| limiter.permit_at(start + Duration::from_secs(seconds));
        assert_eq!(after(0), Some(0), "the first line is never held back");
        assert_eq!((after(0), after(59)), (None, None));
        assert_eq!(after(60), Some(2));
        assert_eq!(after(61), None);
        assert_eq!(after(3600), Some(1));
    }
}
