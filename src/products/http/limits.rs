//! The limits on the time and the size of a call.

use std::time::Duration;

/// The limits on the time and the size of a call.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The time-out for a connection, TLS included.
    pub connect: Duration,
    /// The time-out from the start of a call to the last byte of its answer.
    pub call: Duration,
    /// The same for a page of a list, which many products make user by user.
    pub list: Duration,
    /// The time-out for a task that the product does in the background.
    pub task: Duration,
    /// The longest answer, in bytes.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(20),
            list: Duration::from_secs(45),
            task: Duration::from_secs(15),
            body: 8 * 1024 * 1024,
        }
    }
}
