//! HTTP/1.1 listeners that strangers can reach: actix's dispatcher, on connections with deadlines and within a bound.
//!
//! actix has a time limit for the first head of a connection only, and no bound that leaves room for others. So a
//! connection is wrapped ([`DeadlineStream`]), and the listener counts them all ([`Pool`]).

mod connection;
mod peer;
mod pool;
mod serve;
mod stream;
#[cfg(test)]
mod tests;
mod timer;

pub use connection::Connection;
pub use peer::Peer;
pub use serve::{Listener, serve};
pub use timer::{Elapsed, Timer};

use std::time::Duration;

use pool::Pool;
use stream::DeadlineStream;

/// The time limits of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// From the first byte of a request's head to its last; for the first request from the connection's begin on.
    pub head: Duration,
    /// From the end of a request to the first byte of the next one.
    pub keep_alive: Duration,
    /// Within which some of an answer must have been taken.
    pub write: Duration,
    /// The time for which the rest of a body is read and dropped after an early answer.
    pub linger: Duration,
}

/// Why the server closes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closed {
    /// The head of a request did not arrive in time.
    SlowHead,
    /// No request arrived in time.
    Idle,
    /// The answer was not taken in time.
    SlowReader,
    /// Room was needed for another one.
    Evicted,
    /// There was no room for it.
    Refused,
}

impl Closed {
    /// All reasons.
    pub(crate) const ALL: [Self; 5] = [Self::SlowHead, Self::Idle, Self::SlowReader, Self::Evicted, Self::Refused];

    /// The label of the metric.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::SlowHead => "slow_head",
            Self::Idle => "idle",
            Self::SlowReader => "slow_reader",
            Self::Evicted => "evicted",
            Self::Refused => "refused",
        }
    }
}
