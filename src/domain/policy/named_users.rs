//! A list of users in a selection.

use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Users by name or lasting id, each once, as they are written. Cheap to clone: it may hold a hundred thousand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedUsers(Arc<[String]>);

impl NamedUsers {
    /// The highest number of users in one list.
    pub const MAX: usize = 100_000;

    /// A list of these.
    pub fn new(users: impl IntoIterator<Item = String>) -> Self {
        Self(users.into_iter().collect())
    }

    /// Each of them, in order.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl Serialize for NamedUsers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter())
    }
}
