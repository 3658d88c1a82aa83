//! The users that somebody chose for one bulk action.

use std::{collections::HashSet, sync::Arc, time::Duration};

use super::Actor;
use crate::domain::{NamedUsers, SourceId, Timestamp, UserId, UserKey};

/// The users of one source that somebody chose for one bulk action. Their ids are frozen: somebody who comes to match
/// later is not among them. Nothing is done by a pick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// Names it; made by usher.
    pub id: String,
    /// The person or the token that it belongs to.
    pub owner: Actor,
    /// The source of all its users.
    pub source: SourceId,
    /// The users, each once, in the order of picking.
    pub users: Arc<[UserId]>,
    /// The base of the pick, in words: a filter, a file, ids.
    pub from: String,
    /// The time of the list that the users were picked from; none if no list is kept.
    pub as_of: Option<Timestamp>,
    /// The reason why users may be missing from that list; none if it was whole.
    pub incomplete: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub at: Timestamp,
    /// Counts its changes, from 1.
    pub revision: u64,
}

impl Pick {
    /// The time for which a pick is kept after its last change.
    pub const KEPT: Duration = Duration::from_hours(24);

    /// The highest number of users in one pick: as many as a scheme can name.
    pub const MAX_USERS: usize = NamedUsers::MAX;

    /// The highest length of all ids of one pick together, in bytes.
    pub const MAX_BYTES: usize = 16 * 1024 * 1024;

    /// Added to [`Pick::from`] when users are added or removed.
    const CHANGED: &str = ", changed since";

    /// The key of the record with the pick `id`.
    pub fn key_of(id: &str) -> UserKey {
        UserKey::of_setting("pick", id)
    }

    /// The time at which it is dropped.
    pub fn expires(&self) -> Timestamp {
        self.at.plus(Self::KEPT)
    }

    /// Whether the list that the users were picked from was whole; none if no list is kept.
    pub fn whole(&self) -> Option<bool> {
        self.as_of.map(|_| self.incomplete.is_none())
    }

    /// The tag of exactly this state of it.
    pub fn tag(&self) -> String {
        let mut sum = crc32fast::Hasher::new();
        sum.update(self.from.as_bytes());
        for user in &*self.users {
            sum.update(&user.as_str().len().to_be_bytes());
            sum.update(user.as_str().as_bytes());
        }
        format!("{}-{:08x}", self.revision, sum.finalize())
    }

    /// This one at `at` with `more` users behind its own; none if all of them are in it.
    pub fn with(&self, more: impl IntoIterator<Item = UserId>, at: Timestamp) -> Option<Self> {
        let mut there: HashSet<&UserId> = self.users.iter().collect();
        let more: Vec<UserId> = more.into_iter().collect();
        let added = more.iter().filter(|user| there.insert(user));
        let users: Arc<[_]> = self.users.iter().chain(added).cloned().collect();
        self.changed(users, at)
    }

    /// This one at `at` without the users in `gone`; none if none of them is in it.
    pub fn without(&self, gone: &HashSet<UserId>, at: Timestamp) -> Option<Self> {
        let users: Arc<[_]> = self.users.iter().filter(|user| !gone.contains(*user)).cloned().collect();
        self.changed(users, at)
    }

    fn changed(&self, users: Arc<[UserId]>, at: Timestamp) -> Option<Self> {
        if users.len() == self.users.len() {
            return None;
        }
        let mut from = self.from.clone();
        if !from.ends_with(Self::CHANGED) {
            from.push_str(Self::CHANGED);
        }
        Some(Self { users, from, at, revision: self.revision + 1, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> Vec<UserId> {
        ids.iter().copied().map(UserId::new).collect()
    }

    fn pick(users: &[&str]) -> Pick {
        let at = Timestamp::from_millis(5);
        Pick {
            id: "p1".into(),
            owner: Actor::default(),
            source: "acme".parse().expect("an id"),
            users: ids(users).into(),
            from: "2 ids".into(),
            as_of: None,
            incomplete: None,
            created: at,
            at,
            revision: 1,
        }
    }

    #[test]
    fn users_are_added_once_behind_the_others_and_removed_in_place() {
        let later = Timestamp::from_millis(9);
        let more = pick(&["b", "a"]).with(ids(&["c", "a", "c", "d"]), later).expect("a change");
        assert_eq!(*more.users, *ids(&["b", "a", "c", "d"]));
        assert_eq!((more.at, more.created, more.revision), (later, Timestamp::from_millis(5), 2));
        assert_eq!(more.with(ids(&["d", "b"]), later), None, "all are in it");
        let fewer = more.without(&ids(&["a", "x", "d"]).into_iter().collect(), later).expect("a change");
        assert_eq!(*fewer.users, *ids(&["b", "c"]));
        assert_eq!(fewer.without(&HashSet::new(), later), None);
        assert_eq!(fewer.from, "2 ids, changed since", "said once");
    }

    #[test]
    fn a_tag_tells_picks_apart_that_have_other_users_or_another_order() {
        let tags: HashSet<_> =
            [&["a", "b"][..], &["b", "a"], &["ab"], &["a\nb"], &[]].map(|users| pick(users).tag()).into();
        assert_eq!(tags.len(), 5, "{tags:?}");
        assert_eq!(pick(&["a"]).tag(), pick(&["a"]).tag());
    }
}
