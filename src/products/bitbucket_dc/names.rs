//! Finds the name of a user who is only known by the lasting id.
//!
//! Events use the user id, which a rename does not change. Bitbucket reads and changes users by name only. So usher
//! remembers the names from Bitbucket, reads a user by the remembered name, and accepts the answer only if the id
//! matches. If no name is remembered, or it now belongs to another user, usher reads all users, 1,000 a call: 100 calls
//! for 100,000 users. It remembers all of them, so that this takes one walk after a start, and one after a rename.
//! Bitbucket finds a name also within other names, so a user with a short name costs one more call for each 1,000 users
//! who have it in theirs. A user who was on no page of two walks (one, if there is one page) counts as gone for a
//! minute, if they must have existed before. So users who are gone cost two walks a minute at most.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::domain::UserId;

/// No more names are remembered: some 25 MB.
const MOST: usize = 250_000;

/// The time for which a user who was on no page counts as gone.
const TRUSTED_FOR: Duration = Duration::from_mins(1);

/// The names by id.
#[derive(Default)]
pub(super) struct Names {
    known: Mutex<NameTable>,
    /// A lock for reading all users: other callers wait, and find the result.
    pub walking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct NameTable {
    names: HashMap<u64, Box<str>>,
    /// The highest id ever seen.
    highest: u64,
    /// The last walk that came to its end.
    walked: Option<Start>,
}

/// The beginning of a walk through all users.
#[derive(Clone, Copy)]
struct Start {
    at: Instant,
    /// The highest id seen by then. A user with no higher id existed before.
    highest: u64,
}

/// The result of a walk through all users.
pub(super) struct Walk {
    start: Start,
    names: HashMap<u64, Box<str>>,
}

/// The id in Bitbucket's form; none if it can't be one.
pub(super) fn number(id: &UserId) -> Option<u64> {
    id.as_str().parse().ok()
}

impl Names {
    /// The name that the user with `id` had last.
    pub fn get(&self, id: u64) -> Option<String> {
        self.known().names.get(&id).map(|name| name.to_string())
    }

    /// Remembers a name from Bitbucket.
    pub fn keep(&self, id: u64, name: &str) {
        let mut known = self.known();
        known.highest = known.highest.max(id);
        keep(&mut known.names, id, name);
    }

    /// Whether no user had `id` in a recent walk.
    pub fn is_gone(&self, id: u64) -> bool {
        let known = self.known();
        let lately = known.walked.filter(|start| start.at.elapsed() < TRUSTED_FOR);
        lately.is_some_and(|start| id <= start.highest) && !known.names.contains_key(&id)
    }

    /// Begins a walk.
    pub fn walk(&self) -> Walk {
        let start = Start { at: Instant::now(), highest: self.known().highest };
        Walk { start, names: HashMap::new() }
    }

    /// Takes over the result of completed walks; names of users who are gone are removed.
    pub fn replace(&self, walk: Walk) {
        let mut known = self.known();
        known.highest = walk.names.keys().copied().fold(known.highest, u64::max);
        known.walked = (walk.names.len() < MOST).then_some(walk.start);
        known.names = walk.names;
    }

    fn known(&self) -> MutexGuard<'_, NameTable> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}

impl Walk {
    /// Records a user of the walk.
    pub fn meet(&mut self, id: u64, name: &str) {
        keep(&mut self.names, id, name);
    }
}

fn keep(names: &mut HashMap<u64, Box<str>>, id: u64, name: &str) {
    if names.len() < MOST || names.contains_key(&id) {
        names.insert(id, name.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(names: &Names, ids: &[u64]) {
        let mut walk = names.walk();
        for id in ids {
            walk.meet(*id, &format!("user {id}"));
        }
        names.replace(walk);
    }

    #[tokio::test(start_paused = true)]
    async fn somebody_on_no_page_is_gone_for_a_minute_unless_they_may_have_come_since() {
        let names = Names::default();
        names.keep(5, "old");
        assert!(!names.is_gone(4), "nobody has looked yet");
        walk(&names, &[1, 2, 9]);
        assert_eq!((names.get(2).as_deref(), names.get(5)), (Some("user 2"), None));
        assert!(names.is_gone(3) && names.is_gone(5));
        assert!(!names.is_gone(2), "is there");
        assert!(!names.is_gone(7) && !names.is_gone(10), "may have come while the walk was under way, or later");
        tokio::time::advance(TRUSTED_FOR).await;
        assert!(!names.is_gone(3));
        walk(&names, &[1]);
        assert!(names.is_gone(7) && !names.is_gone(10));
    }

    #[test]
    fn no_more_names_are_kept_than_there_is_room_for_and_then_nobody_counts_as_gone() {
        let names = Names::default();
        let most = MOST as u64;
        names.keep(most + 7, "last");
        walk(&names, &(1..=most + 1).collect::<Vec<_>>());
        assert_eq!((names.get(most).is_some(), names.get(most + 1)), (true, None));
        assert!(!names.is_gone(most + 1));
    }
}
