//! Outcomes that are lost, as their topic was deleted and created again.

use crate::domain::UserKey;

/// The topic of the outcomes was deleted, and is created again: the content of one of its partitions is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutcomesRecreated {
    /// The partition, of `outcomes` and of `decisions`.
    pub partition: u16,
    /// Higher than that of each loss before.
    pub number: u64,
    /// The end of the partition of `decisions`, read while the topic was missing. The outcomes of earlier decisions may
    /// be lost; later decisions have not been begun before.
    pub decisions_until: u64,
}

impl OutcomesRecreated {
    /// Its key.
    pub fn key(&self) -> UserKey {
        UserKey::of_setting("outcomes-recreated", &format!("{}/{}", self.partition, self.number))
    }
}
