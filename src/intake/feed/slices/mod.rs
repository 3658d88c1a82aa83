//! A long stretch of a log that gives its newest entries first, cut so that each slice can be read whole and its entries be
//! taken in by age, with little memory, and with a place to go on from in between.

use std::time::Duration;

use crate::{domain::Timestamp, products::audit::Span};

/// What can't be cut any further is read whole, however much it is.
const SHORTEST: Duration = Duration::from_secs(1);
/// So much two slices share: whether the ends of a span belong to it is not known.
const SHARED_MILLIS: i64 = 1000;

/// See the module.
#[derive(Debug)]
pub(super) struct Slices {
    done: Timestamp,
    end: Timestamp,
    length: Duration,
}

impl Slices {
    /// From `from` to `end`.
    pub fn new(from: Timestamp, end: Timestamp) -> Self {
        Self { done: from, end, length: (from.until(end) / 8).max(SHORTEST) }
    }

    /// The slice to be read; none when all are.
    pub fn next(&self) -> Option<Span> {
        (self.done < self.end).then(|| Span { from: self.from(), to: Some(self.until()) })
    }

    /// What comes behind the slices taken in.
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
