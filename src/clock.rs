//! The time of day, as a part that tests can hold still.

use chrono::Utc;

use crate::domain::Timestamp;

/// Tells the time of day. Waiting is tokio's business, not the clock's.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(Utc::now().timestamp_millis())
    }
}
