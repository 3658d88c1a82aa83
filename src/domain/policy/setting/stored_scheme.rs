//! A scheme that is not in the configuration file, with its changes.

use serde::Serialize;
use utoipa::ToSchema;

use super::Actor;
use crate::domain::{SchemeId, Timestamp, UserKey};

/// The number of changes that are kept of a scheme, the newest ones.
const MAX_CHANGES: usize = 50;

/// The highest length of a scheme's history in bytes, all texts together: the history is in one record.
const HISTORY_BYTES: usize = 1024 * 1024;

/// The kind of a change of a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// There was none of this id.
    Created,
    /// The scheme has another content.
    Updated,
    /// The scheme was deleted; its history is kept for a year.
    Deleted,
}

/// One change of a stored scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemeChange {
    /// The kind of the change.
    pub kind: ChangeKind,
    /// The author.
    pub by: Actor,
    /// The time of the change.
    pub at: Timestamp,
    /// Counts the changes of this id, from 1.
    pub revision: u64,
    /// The digest of the scheme's content after the change, as in [`SchemeRef`](super::SchemeRef).
    pub version: String,
    /// The content after the change, as JSON. After a deletion it is the last content.
    pub text: String,
}

/// A scheme that was made while usher runs, with its past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredScheme {
    /// The id, chosen by its author.
    pub id: SchemeId,
    /// The changes before the current one, oldest first.
    past: Vec<SchemeChange>,
    current: SchemeChange,
}

impl StoredScheme {
    /// The key of the record with the scheme `id`.
    pub fn key_of(id: &SchemeId) -> UserKey {
        UserKey::of_setting("scheme", id.as_str())
    }

    /// A scheme after its first change.
    pub fn new(id: SchemeId, first: SchemeChange) -> Self {
        Self { id, past: Vec::new(), current: first }
    }

    /// A scheme with all of its changes, oldest first; none if there are none.
    pub fn from_changes(id: SchemeId, mut changes: Vec<SchemeChange>) -> Option<Self> {
        let current = changes.pop()?;
        Some(Self { id, past: changes, current }.bounded())
    }

    /// The latest change.
    pub fn current(&self) -> &SchemeChange {
        &self.current
    }

    /// Whether it is no more.
    pub fn is_deleted(&self) -> bool {
        self.current.kind == ChangeKind::Deleted
    }

    /// All changes that are kept, oldest first.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = &SchemeChange> {
        self.past.iter().chain([&self.current])
    }

    /// The number for the next change: higher than every one that is known, also of changes that were written over.
    pub fn next_revision(&self) -> u64 {
        self.changes().map(|change| change.revision).max().unwrap_or(0) + 1
    }

    /// The tag of exactly this state of the scheme, for every process that wrote it.
    pub fn tag(&self) -> String {
        format!("{}-{}", self.current.revision, self.current.version)
    }

    /// The scheme after `change`.
    #[must_use]
    pub fn changed(&self, change: SchemeChange) -> Self {
        let past = self.changes().cloned().collect();
        Self { id: self.id.clone(), past, current: change }.bounded()
    }

    /// This state, written over `earlier`. Its author may not have known all changes in `earlier`; the history shows
    /// both.
    #[must_use]
    pub fn over(mut self, earlier: &Self) -> Self {
        let unknown: Vec<_> = earlier.changes().filter(|change| !self.changes().any(|own| own == *change)).collect();
        if unknown.is_empty() {
            return self;
        }
        self.past.extend(unknown.into_iter().cloned());
        self.past.sort_by_key(|change| (change.revision, change.at));
        self.bounded()
    }

    /// Drops the oldest changes if there are too many, or they are too long.
    fn bounded(mut self) -> Self {
        let mut bytes = self.current.text.len();
        let fits = |change: &&SchemeChange| {
            bytes += change.text.len();
            bytes <= HISTORY_BYTES
        };
        let kept = self.past.iter().rev().take(MAX_CHANGES - 1).take_while(fits).count();
        self.past.drain(..self.past.len() - kept);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(revision: u64, by: &str, text: &str) -> SchemeChange {
        SchemeChange {
            kind: if revision == 1 { ChangeKind::Created } else { ChangeKind::Updated },
            by: by.parse().expect("a name"),
            at: Timestamp::from_millis(i64::try_from(revision).expect("a small number")),
            revision,
            version: format!("v{revision}"),
            text: text.to_owned(),
        }
    }

    fn stored() -> StoredScheme {
        StoredScheme::new("a".parse().expect("an id"), change(1, "ann", "one"))
    }

    fn revisions(stored: &StoredScheme) -> Vec<u64> {
        stored.changes().map(|change| change.revision).collect()
    }

    #[test]
    fn the_newest_fifty_changes_are_kept() {
        let mut scheme = stored();
        for revision in 2..=120 {
            scheme = scheme.changed(change(revision, "ann", "text"));
        }
        assert!(revisions(&scheme).into_iter().eq(71..=120));
        assert_eq!(scheme.next_revision(), 121);
    }

    #[test]
    fn a_history_of_long_texts_stays_a_record_that_every_log_takes() {
        let mut scheme = stored();
        for revision in 2..=50 {
            scheme = scheme.changed(change(revision, "ann", &"x".repeat(100_000)));
        }
        let bytes: usize = scheme.changes().map(|change| change.text.len()).sum();
        assert!(bytes <= HISTORY_BYTES && bytes > HISTORY_BYTES - 100_001, "{bytes}");
        assert_eq!(scheme.current().revision, 50);
    }

    #[test]
    fn of_two_that_changed_it_at_once_the_later_one_wins_and_both_are_in_the_history() {
        let base = stored();
        let (one, other) = (base.changed(change(2, "ann", "hers")), base.changed(change(2, "ben", "his")));
        let both = other.clone().over(&one);
        assert_eq!(both.current(), &change(2, "ben", "his"));
        let who: Vec<_> = both.changes().map(|change| change.by.to_string()).collect();
        assert_eq!(who, ["ann", "ann", "ben"]);
        assert_eq!(both.next_revision(), 3);
        assert_eq!(other.clone().over(&base), other, "whoever knew all has nothing to add");
    }

    #[test]
    fn two_states_of_a_scheme_never_have_the_same_tag() {
        let base = stored();
        let again =
            base.changed(change(2, "ann", "two")).changed(SchemeChange { revision: 3, ..change(1, "ann", "one") });
        assert_ne!(base.tag(), again.tag(), "it says the same and is another state");
        assert_eq!(base.tag(), "1-v1");
    }
}
