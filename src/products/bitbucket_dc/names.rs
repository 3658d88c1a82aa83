//! Which name a user has whose lasting id alone is known.
//!
//! Events are kept by the user id, which a rename leaves as it is; Bitbucket reads and changes users by name only. So the
//! names that Bitbucket told of are remembered, and a user is read by the remembered name and taken only where the id is
//! the right one. Where no name is remembered, or it is somebody else's by now, all users are gone through, 1,000 a call:
//! 100 calls for 100,000 users. What is found on the way is remembered too, so that it is one walk after a start, and one
//! after a rename. Bitbucket finds a name also in the middle of others, so that a user with a short name costs a call more
//! for each 1,000 who have it in theirs. That somebody was on no page of two walks (one, where there is one page) is believed for a minute where
//! they must have been there before, so that users who are gone cost two walks a minute at most.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::domain::UserId;

/// No more names are remembered: some 25 MB.
const MOST: usize = 250_000;

/// For how long it is believed that somebody is gone who was on no page.
const TRUSTED_FOR: Duration = Duration::from_mins(1);

/// The names by id.
#[derive(Default)]
pub(super) struct Names {
    known: Mutex<Known>,
    /// Held by whoever goes through all users: the others wait, and find what was found.
    pub walking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    names: HashMap<u64, Box<str>>,
    /// The highest id ever told of.
    highest: u64,
    /// The last walk that came to its end.
    walked: Option<Start>,
}

/// The beginning of a walk through all users.
#[derive(Clone, Copy)]
struct Start {
    at: Instant,
    /// The highest id that had been told of by then: whoever has no higher one was there before.
    highest: u64,
}

/// What is found on a walk through all users.
pub(super) struct Walk {
    start: Start,
    names: HashMap<u64, Box<str>>,
}

/// The id as Bitbucket has it; none if it can't be one of Bitbucket's.
pub(super) fn number(id: &UserId) -> Option<u64> {
    id.as_str().parse().ok()
}

impl Names {
    /// The name that the user with `id` had last.
    pub fn get(&self, id: u64) -> Option<String> {
        self.known().names.get(&id).map(|name| name.to_string())
    }

    /// Remembers a name that Bitbucket told of.
    pub fn keep(&self, id: u64, name: &str) {
        let mut known = self.known();
        known.highest = known.highest.max(id);
        keep(&mut known.names, id, name);
    }

    /// Whether nobody had `id` when all users were gone through lately.
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

    /// Takes over what the walks to the end have found; names of users who are gone are forgotten.
    pub fn replace(&self, walk: Walk) {
        let mut known = self.known();
        known.highest = walk.names.keys().copied().fold(known.highest, u64::max);
        known.walked = (walk.names.len() < MOST).then_some(walk.start);
        known.names = walk.names;
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}

impl Walk {
    /// Notes somebody on the way.
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
