//! Sessions of the console that were ended before their time.

use crate::domain::{Timestamp, UserKey};

/// The sessions that a [`SessionsEnded`] is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichSessions {
    /// One session, by its id.
    One(String),
    /// All sessions that this person began until then.
    OfPerson(String),
}

/// Sessions that were ended before their time: signed out, here or everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionsEnded {
    /// The sessions.
    pub of: WhichSessions,
    /// The time of the end.
    pub at: Timestamp,
}

impl WhichSessions {
    /// The key of the record that ends them.
    pub fn key(&self) -> UserKey {
        match self {
            Self::One(id) => UserKey::of_setting("session-ended", id),
            Self::OfPerson(name) => UserKey::of_setting("sessions-ended", name),
        }
    }
}
