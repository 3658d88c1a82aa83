//! The steps and readings of one source that fail at the moment.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{domain::Timestamp, products::Fault};

/// The kind of a call to a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallKind {
    /// To tell about a user.
    Read,
    /// To change something.
    Change,
}

/// One step or reading that fails at the moment.
#[derive(Debug)]
pub(super) struct Failing {
    pub(super) asked: CallKind,
    pub(super) fault: Fault,
    pub(super) since: Timestamp,
    pub(super) why: String,
}

/// The steps and readings that fail at the moment: as many as are worked on at once, at most.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    now: Mutex<HashMap<u64, Failing>>,
}

impl Failures {
    pub(super) fn now(&self) -> MutexGuard<'_, HashMap<u64, Failing>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner) // a map is never half changed
    }
}
