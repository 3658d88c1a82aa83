//! The memory of the stages of a process.

use super::PendingSteps;
use crate::store::{self, ActivityStore, Ledger, Store, SweepStore};

/// The memory of all stages, each in its own scopes. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Memory {
    /// The decided events, and the steps that began or ended.
    pub ledger: Ledger,
    /// Steps that have not ended.
    pub pending: PendingSteps,
    /// The activity of users.
    pub activity: ActivityStore,
    /// The progress of sweeps.
    pub sweeps: SweepStore,
}

impl Memory {
    /// The memory kept in `store`.
    ///
    /// # Errors
    /// [`store::Error`] if a table of the store can't be opened or read.
    pub fn open(store: &Store) -> Result<Self, store::Error> {
        Ok(Self {
            ledger: store.ledger()?,
            pending: PendingSteps::open(store.pending()?)?,
            activity: store.activity()?,
            sweeps: store.sweeps()?,
        })
    }
}
