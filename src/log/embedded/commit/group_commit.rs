//! Whether a commit waits a moment for more records.
//!
//! Where many append, those who were just answered are likely to append again at once. Were the first of them given a
//! commit to itself, all others would wait until that one is on disk. So a commit waits until most of those are there
//! who were answered last or are waiting already: not for all, so that some get their next record ready while those of
//! the others are written. Where few append, nobody waits.

use std::time::{Duration, Instant};

/// How long to wait before looking again.
pub(in crate::log::embedded) const LOOK_AGAIN: Duration = Duration::from_micros(50);

/// How long a record waits for others at most: about what a commit takes.
const AT_MOST: Duration = Duration::from_millis(1);

/// So few don't wait for each other: there is little to gain.
const FEW: usize = 12;

/// After so long a time without a commit those who were answered last have other things to do.
const FORGOTTEN_AFTER: Duration = Duration::from_millis(2);

/// How many may be expected, from how many there were.
#[derive(Debug)]
pub(in crate::log::embedded) struct GroupCommit {
    answered: usize,
    at: Instant,
}

impl GroupCommit {
    /// Nobody is expected yet.
    pub fn new() -> Self {
        Self { answered: 0, at: Instant::now() }
    }

    /// Notes that so many were answered at the time `now`.
    pub fn answered(&mut self, count: usize, now: Instant) {
        *self = Self { answered: count, at: now };
    }

    /// How long to wait for how many, where `waiting` are there at the time `now`.
    pub fn expected(&self, waiting: usize, now: Instant) -> Expected {
        let answered = if now.duration_since(self.at) < FORGOTTEN_AFTER { self.answered } else { 0 };
        let about = answered + waiting;
        Expected { count: if about > FEW { about * 3 / 4 } else { 0 }, until: now + AT_MOST }
    }
}

/// The number of appends that are worth waiting for, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::log::embedded) struct Expected {
    count: usize,
    until: Instant,
}

impl Expected {
    /// Whether so many are enough, or it is late enough.
    pub fn is_enough(&self, waiting: usize, now: Instant) -> bool {
        waiting >= self.count || now >= self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_never_wait() {
        let (mut group_commit, now) = (GroupCommit::new(), Instant::now());
        assert!(group_commit.expected(1, now).is_enough(1, now));
        group_commit.answered(FEW - 1, now);
        assert!(group_commit.expected(1, now).is_enough(1, now));
    }

    #[test]
    fn most_of_many_are_waited_for_and_not_for_long() {
        let (mut group_commit, now) = (GroupCommit::new(), Instant::now());
        group_commit.answered(60, now);
        let expected = group_commit.expected(4, now);
        assert!(!expected.is_enough(47, now));
        assert!(expected.is_enough(48, now));
        assert!(expected.is_enough(4, now + AT_MOST));
    }

    #[test]
    fn those_answered_long_ago_are_not_waited_for() {
        let (mut group_commit, now) = (GroupCommit::new(), Instant::now());
        group_commit.answered(60, now);
        let later = now + FORGOTTEN_AFTER;
        assert!(group_commit.expected(1, later).is_enough(1, later));
    }
}
