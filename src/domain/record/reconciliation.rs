//! Comparing the users of a source with those that usher knows: how it stands, and what is said about those found.

use serde::{Deserialize, Serialize};

use crate::domain::{Actor, SourceId, Timestamp};

/// How the comparison of a source stands. A *newcomer* is a user whom the source lists, and of whom nothing told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Since when a newcomer counts as created; none while usher gets to know who was there before it.
    pub baseline: Option<Timestamp>,
    /// How many users usher knew, in the last whole list.
    pub known: u64,
    /// How many newcomers wait for an administrator, because they are too many at once.
    pub held: u64,
    /// Why the users can't be listed, where the last attempt failed.
    pub failed: Option<String>,
    /// The last list that was read to its end; none where there was none, or an older version wrote this.
    #[serde(default)]
    pub list: Option<UserList>,
}

/// A list of a source's users that was read to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserList {
    /// How many users stood in it.
    pub users: u64,
    /// How many records could not be read.
    pub unreadable: u64,
    /// Why users may be missing; none where the list is known to be whole.
    pub incomplete: Option<String>,
}

impl UserList {
    /// Said where usher itself did not read on to the end: nothing follows from that about the list.
    pub const GIVEN_UP: &str = "the list was not read to its end, because nobody waited for it any more";
}

/// What an administrator says about newcomers who are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewcomerOrder {
    /// Whose users.
    pub source: SourceId,
    /// True: they count as created. False: they count as having been there before.
    pub release: bool,
    /// How many there were when it was said: should there be more, it was not said about them.
    pub users: u64,
    /// When.
    pub at: Timestamp,
    /// Who says so; none where an older version wrote it.
    pub by: Option<Actor>,
}
