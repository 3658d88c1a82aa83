//! Whether a commit waits a moment for more records.
//!
//! Where many append, those who were just answered are likely to append again at once. Were the first of them given a
//! commit to itself, all others would wait until that one is on disk. So a commit waits until most of those are there
//! who were answered last or are waiting already: not for all, so that some get their next record ready while those of
//! the others are written.
//!
//! A commit costs the same processor time for one record as for some. So where few append, commits keep a distance: the
//! first one after a pause is made at once, and the next ones gather what comes within two milliseconds.

use std::time::{Duration, Instant};

/// How long a record waits for others at most: about what a commit takes.
const AT_MOST: Duration = Duration::from_millis(1);

/// So few are not waited for by their number.
const FEW: usize = 12;

/// The least time between the beginnings of two commits of few records each.
const DISTANCE: Duration = Duration::from_millis(2);

/// After so long a time without a commit those who were answered last have other things to do.
const FORGOTTEN_AFTER: Duration = Duration::from_millis(2);

/// How many may be expected, from how many there were.
#[derive(Debug)]
pub(in crate::log::embedded) struct GroupCommit {
    answered: usize,
    at: Instant,
    /// When the last commit began; none before the first one.
    began: Option<Instant>,
}

impl GroupCommit {
    /// Nobody is expected yet.
    pub fn new() -> Self {
        Self { answered: 0, at: Instant::now(), began: None }
    }

    /// Notes that a commit begins at the time `now`.
    pub fn begins(&mut self, now: Instant) {
        self.began = Some(now);
    }

    /// Notes that so many were answered at the time `now`.
    pub fn answered(&mut self, count: usize, now: Instant) {
        self.answered = count;
        self.at = now;
    }

    /// The appends to wait for, where `waiting` are there at the time `now`; none: nobody is waited for.
    pub fn expected(&self, waiting: usize, now: Instant) -> Option<Expected> {
        let answered = if now.duration_since(self.at) < FORGOTTEN_AFTER { self.answered } else { 0 };
        let about = answered + waiting;
        let (enough, until) = match self.began.map(|began| began + DISTANCE) {
            _ if about > FEW => (about * 3 / 4, now + AT_MOST),
            Some(due) if now < due => (FEW, due),
            Some(_) | None => return None,
        };
        let count = enough.checked_sub(waiting).filter(|count| *count > 0)?;
        Some(Expected { count, until })
    }
}

/// The further appends that are worth waiting for, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::log::embedded) struct Expected {
    pub count: usize,
    pub until: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_wait_only_where_a_commit_has_just_begun() {
        let (mut group_commit, now) = (GroupCommit::new(), Instant::now());
        assert_eq!(group_commit.expected(1, now), None, "the first of all");
        group_commit.begins(now);
        group_commit.answered(1, now + DISTANCE / 4);
        let due = now + DISTANCE;
        assert_eq!(group_commit.expected(2, now + DISTANCE / 2), Some(Expected { count: FEW - 2, until: due }));
        assert_eq!(group_commit.expected(2, due), None, "the distance is kept");
        assert_eq!(group_commit.expected(1, now + FORGOTTEN_AFTER * 100), None, "the first one after a pause");
    }

    #[test]
    fn most_of_many_are_waited_for_and_not_for_long() {
        let (mut group_commit, now) = (GroupCommit::new(), Instant::now());
        group_commit.answered(60, now);
        assert_eq!(group_commit.expected(4, now), Some(Expected { count: 44, until: now + AT_MOST }), "48 in all");
        assert_eq!(group_commit.expected(180, now), None, "enough are there");
    }

    #[test]
    fn those_answered_long_ago_are_not_waited_for() {
        let (mut group_commit, now) = (GroupCommit::new(), Instant::now());
        group_commit.answered(60, now);
        assert_eq!(group_commit.expected(1, now + FORGOTTEN_AFTER), None);
    }
}
