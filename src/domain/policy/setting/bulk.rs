//! A bulk action: what is done to users whom an administrator has picked, once.

use std::{sync::Arc, time::Duration};

use super::Actor;
use crate::domain::{SchemeId, SourceId, Timestamp, UserId, UserKey};

/// A bulk action, kept until its run is over. Its users are frozen: who is picked later is not among them. The engine
/// carries it out as a scheme that selects these users and runs once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bulk {
    /// Names it, as the scheme of its run; made by usher.
    pub id: SchemeId,
    /// The source of the users.
    pub source: SourceId,
    /// The actions in their order, as JSON, with the keys of a scheme.
    pub actions: String,
    /// Whether everything is recorded and nothing is changed.
    pub test_mode: bool,
    /// The users by their lasting ids, each once.
    pub users: Arc<[UserId]>,
    /// The author.
    pub by: Actor,
    /// When it was asked for.
    pub at: Timestamp,
}

impl Bulk {
    /// The longest time for which it is kept: its run may be held for a month, as any.
    pub const KEPT: Duration = Duration::from_hours(24 * 31);

    /// The beginning of their ids.
    const PREFIX: &str = "bulk-";

    /// The id of a new bulk action; `nonce` makes it unique.
    pub fn new_id(nonce: [u8; 8]) -> SchemeId {
        let id = format!("{}{}", Self::PREFIX, hex::encode(nonce));
        SchemeId::try_from(id).expect("letters, digits and a hyphen are an id")
    }

    /// Whether `id` has the form of the id of a bulk action. A scheme can't have it.
    pub fn is_id(id: &SchemeId) -> bool {
        let rest = id.as_str().strip_prefix(Self::PREFIX);
        rest.is_some_and(|rest| rest.len() == 16 && rest.chars().all(|c| c.is_ascii_hexdigit()))
    }

    /// The key of the record with the bulk action `id`.
    pub fn key_of(id: &SchemeId) -> UserKey {
        UserKey::of_setting("bulk", id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_bulk_action_is_known_by_its_form() {
        assert!(Bulk::is_id(&Bulk::new_id([0xab; 8])));
        for other in ["bulk-cleanup", "bulk-", "bulk-0123456789abcdez", "idle", "x-bulk-0123456789abcdef"] {
            let id = SchemeId::try_from(other.to_owned()).expect("an id");
            assert!(!Bulk::is_id(&id), "{other}");
        }
    }
}
