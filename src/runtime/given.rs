//! What of a partition a process was given to work on, and what had been begun of it before.

use std::{collections::HashMap, sync::OnceLock};

use tokio::sync::OnceCell;

/// What was begun of the decisions about one user, before the partition was given: where they stand.
#[derive(Debug, Default)]
pub(crate) struct Begun {
    /// The first one of which the outcomes tell that are there.
    pub(crate) first_told: Option<u64>,
    pub(crate) last_told: Option<u64>,
    /// The last one of which only outcomes told that are gone. Others may not know of it.
    pub(crate) last_before: Option<u64>,
}

impl Begun {
    /// Whether one behind `offset` was begun, and nothing was done once more since.
    pub(crate) fn is_passed(&self, offset: u64) -> bool {
        self.last_told.is_some_and(|last| last > offset)
            || self.first_told.is_none() && self.last_before.is_some_and(|last| last > offset)
    }

    /// Whether one at `offset` or before it was done after the outcomes were lost.
    pub(crate) fn is_overtaken(&self, offset: u64) -> bool {
        self.first_told.is_some_and(|first| first <= offset)
    }
}

/// What of a partition was given to be worked on.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// The offset of the first record.
    pub(crate) from: OnceLock<u64>,
    /// By user, what was begun before this partition was given.
    pub(crate) begun: OnceCell<HashMap<String, Begun>>,
}

impl Given {
    /// Notes that the record at `offset` was given. Only the first one counts.
    pub(crate) fn begins_at(&self, offset: u64) {
        self.from.get_or_init(|| offset);
    }
}
