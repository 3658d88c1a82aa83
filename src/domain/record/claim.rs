//! Claims on administrators: who is about to have something taken from them, so that two processes can't each take one of
//! the last.

use crate::domain::{SourceId, Timestamp, UserId, UserKey};

/// A claim on an administrator, or what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdministratorClaim {
    /// Names the claim.
    pub id: String,
    /// Of which source.
    pub source: SourceId,
    /// From whom something is to be taken.
    pub user: UserId,
    /// When it was made, by the clock of the process that made it.
    pub at: Timestamp,
    /// What became of it.
    pub state: ClaimState,
}

/// What became of a claim.
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
    /// The same for all claims of a source: they stand in one order.
    pub fn key(&self) -> UserKey {
        UserKey::of_source(&self.source)
    }
}
