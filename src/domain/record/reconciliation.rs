//! The comparison of a source's users with the known users: its state, and the orders about newcomers.

use serde::{Deserialize, Serialize};

use crate::domain::{Actor, SourceId, Timestamp};

/// The state of the comparison of a source. A *newcomer* is a listed user for whom no creation event was received.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The time since which a newcomer counts as created; none while the baseline is made.
    pub baseline: Option<Timestamp>,
    /// The number of known users in the last complete list.
    pub known: u64,
    /// The number of newcomers who wait for an administrator, because they are too many at once.
    pub held: u64,
    /// The reason why the users can't be listed, if the last attempt failed.
    pub failed: Option<String>,
    /// The last list that was read to its end; none if there was none, or an older version wrote this.
    #[serde(default)]
    pub list: Option<UserList>,
}

/// A list of a source's users that was read to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserList {
    /// The number of users in it.
    pub users: u64,
    /// The number of unreadable records.
    pub unreadable: u64,
    /// The reason why users may be missing; none if the list is known to be complete.
    pub incomplete: Option<String>,
}

impl UserList {
    /// The reason if usher itself stopped reading. It says nothing about the product's list.
    pub const GIVEN_UP: &str = "the list was not read to its end, because nobody waited for it any more";
}

/// An administrator's order about held newcomers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewcomerOrder {
    /// The source.
    pub source: SourceId,
    /// True: they count as created. False: they count as having been there before.
    pub release: bool,
    /// The number of held newcomers at that time. If there are more later, the order does not apply to them.
    pub users: u64,
    /// The time of the order.
    pub at: Timestamp,
    /// The author; none if an older version wrote it.
    pub by: Option<Actor>,
}
