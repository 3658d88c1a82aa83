//! The memory of one event or step.

use crate::domain::Timestamp;

/// The memory of one event or step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The product may have been asked for a change; with the state before.
    Attempted {
        /// The state before.
        before: String,
        /// The time of the attempt.
        at: Timestamp,
    },
    /// The work has ended: a repeated record is a duplicate.
    Done,
    /// Done with, and the user is gone.
    Gone,
    /// Done with: it was kept back.
    KeptBack,
}

impl Entry {
    /// Whether a repeated record is a duplicate.
    pub const fn is_done(&self) -> bool {
        match self {
            Self::Attempted { .. } => false,
            Self::Done | Self::Gone | Self::KeptBack => true,
        }
    }
}
