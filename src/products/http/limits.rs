//! How long and how large a call may become.

use std::time::Duration;

/// How long and how large a call may become.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Until a connection stands, TLS included.
    pub connect: Duration,
    /// From the start of a call to the last byte of its answer.
    pub call: Duration,
    /// The same for a page of a list, which many products make user by user.
    pub list: Duration,
    /// Until something is done that the product has taken on and does in its own time.
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
