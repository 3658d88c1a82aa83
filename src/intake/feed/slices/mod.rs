//! A long span of a log with the newest entries first, cut into slices. Each slice can be read completely and taken in
//! by age, with little memory, and its end is a place to continue from.

use std::time::Duration;

use crate::{domain::Timestamp, products::audit::Span};

/// The shortest slice, which is read completely, however many entries it has.
const SHORTEST: Duration = Duration::from_secs(1);
/// The time that two slices share, because it is unknown whether the ends of a span belong to it.
const SHARED_MILLIS: i64 = 1000;

/// See the module.
#[derive(Debug)]
pub(super) struct Slices {
    done: Timestamp,
    end: Timestamp,
    length: Duration,
}

impl Slices {
    /// The slices from `from` to `end`.
    pub fn new(from: Timestamp, end: Timestamp) -> Self {
        Self { done: from, end, length: (from.until(end) / 8).max(SHORTEST) }
    }

    /// The slice to be read; none when all are.
    pub fn next(&self) -> Option<Span> {
        (self.done < self.end).then(|| Span { from: self.from(), to: Some(self.until()) })
    }

    /// The span after the slices that were taken in.
    pub fn rest(&self) -> Span {
        Span { from: self.from(), to: None }
    }

    /// Whether the slice can't be made shorter.
    pub fn is_shortest(&self) -> bool {
        self.length == SHORTEST
    }

    /// There is too much in the slice.
    pub fn shorten(&mut self) {
        self.length = (self.length / 4).max(SHORTEST);
    }

    /// The slice is taken in; gives until when. `little` was in it.
    pub fn take(&mut self, little: bool) -> Timestamp {
        self.done = self.until();
        if little {
            self.length = self.length.saturating_mul(2);
        }
        self.done
    }

    fn from(&self) -> Timestamp {
        Timestamp::from_millis(self.done.as_millis().saturating_sub(SHARED_MILLIS))
    }

    fn until(&self) -> Timestamp {
        let length = i64::try_from(self.length.as_millis()).unwrap_or(i64::MAX);
        self.end.min(Timestamp::from_millis(self.done.as_millis().saturating_add(length)))
    }
}

#[cfg(test)]
mod tests;
