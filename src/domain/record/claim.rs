//! Claims on administrators who are about to lose something, so that two processes can't each take from one of the
//! last.

use crate::domain::{SourceId, Timestamp, UserId, UserKey};

/// A claim on an administrator, or its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdministratorClaim {
    /// Names the claim.
    pub id: String,
    /// The source.
    pub source: SourceId,
    /// The administrator who would lose something.
    pub user: UserId,
    /// The time of the claim, by the clock of the process that made it.
    pub at: Timestamp,
    /// The state of the claim.
    pub state: ClaimState,
}

/// The state of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimState {
    /// The step is about to be done.
    Made,
    /// The step was done, or may have been.
    Used,
    /// The step was not done.
    Released,
}

impl AdministratorClaim {
    /// The key of its record. All claims of a source have the same key, so they are in one order.
    pub fn key(&self) -> UserKey {
        UserKey::of_source(&self.source)
    }
}
