//! A scheme that somebody is still writing.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::Actor;
use crate::domain::{SchemeId, Timestamp, UserKey};

/// A scheme that somebody is still writing. It may be incomplete or wrong, and nothing is done by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Names it; made by usher.
    pub id: String,
    /// Whose it is.
    pub owner: Actor,
    /// The scheme as it was sent, as JSON: an object, or a text that somebody is still typing.
    pub text: String,
    /// The scheme that it is to replace; none for a new one.
    pub based_on: Option<BasedOn>,
    /// The step at which its author is, from 1 to 5.
    pub step: u8,
    /// When it was begun.
    pub created: Timestamp,
    /// When it was changed last.
    pub at: Timestamp,
    /// Counts its changes, from 1.
    pub revision: u64,
}

/// A state of a scheme from which a draft was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasedOn {
    /// The scheme.
    pub id: SchemeId,
    /// The tag of its state.
    pub tag: String,
}

impl Draft {
    /// The time for which a draft is kept after its last change.
    pub const KEPT: Duration = Duration::from_hours(7 * 24);

    /// The last step.
    pub const LAST_STEP: u8 = 5;

    /// The key of the record with the draft `id`.
    pub fn key_of(id: &str) -> UserKey {
        UserKey::of_setting("draft", id)
    }

    /// The time at which it is dropped.
    pub fn expires(&self) -> Timestamp {
        self.at.plus(Self::KEPT)
    }

    /// The tag of exactly this state of it.
    pub fn tag(&self) -> String {
        let based_on = self.based_on.as_ref().map(|based_on| format!("{}/{}", based_on.id, based_on.tag));
        let content = format!("{}\n{}\n{}", self.step, based_on.unwrap_or_default(), self.text);
        format!("{}-{}", self.revision, hex::encode(&Sha256::digest(content)[..4]))
    }
}
