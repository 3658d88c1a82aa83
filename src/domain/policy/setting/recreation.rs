//! Outcomes that are lost, as their topic was deleted and created again.

use crate::domain::UserKey;

/// The topic of the outcomes was deleted, and is created again: what one of its partitions held is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutcomesRecreated {
    /// The partition, of `outcomes` and of `decisions`.
    pub partition: u16,
    /// Higher than that of each loss before.
    pub number: u64,
    /// The end of the partition of `decisions`, read when the topic was missing. Decisions before it may have been carried out
    /// without an outcome being left of that; those from here on have not been begun before.
    pub decisions_until: u64,
}

impl OutcomesRecreated {
    /// Its key.
    pub fn key(&self) -> UserKey {
        UserKey::of_setting("outcomes-recreated", &format!("{}/{}", self.partition, self.number))
    }
}
