//! A filter of users that somebody keeps under a name.

use super::Actor;
use crate::domain::{Timestamp, UserKey};

/// A filter of users that somebody keeps under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFilter {
    /// Identifies it; made by usher.
    pub id: String,
    /// The person or the token that it belongs to.
    pub owner: Actor,
    /// The name, for people; the owner has no other filter with it.
    pub name: String,
    /// The filter as JSON.
    pub text: String,
    /// When it was saved.
    pub at: Timestamp,
}

impl SavedFilter {
    /// The highest length of a name, in characters.
    pub const MAX_NAME: usize = 100;

    /// The key of the record with the filter `id`.
    pub fn key_of(id: &str) -> UserKey {
        UserKey::of_setting("filter", id)
    }
}
