//! The age of the input of each scope that may be given to it again.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::domain::Timestamp;

/// An entry is made after its record was appended, but perhaps by a clock that had been set back since.
pub(super) const CLOCK_SET_BACK: Duration = Duration::from_hours(24);

/// The age of the input of a scope that may come again, set by its consumer.
#[derive(Debug)]
pub struct Reach {
    oldest: AtomicI64,
    seen: AtomicU64,
}

impl Reach {
    fn new() -> Self {
        Self { oldest: AtomicI64::new(i64::MIN), seen: AtomicU64::new(u64::MAX) }
    }

    /// Records that may come again were appended at `oldest` or later. The consumer has been given no record at `seen`
    /// or after.
    pub fn set(&self, oldest: Timestamp, seen: u64) {
        self.seen.store(seen, Ordering::Relaxed);
        self.oldest.store(oldest.as_millis(), Ordering::Release); // last: it shows that both are set
    }

    /// The time before which no entry is needed, of those that would be dropped before `over` by their age alone. None
    /// if nothing was set yet.
    pub(super) fn horizon(&self, over: Timestamp) -> Option<Timestamp> {
        let oldest = self.oldest.load(Ordering::Acquire);
        (oldest != i64::MIN).then(|| over.min(Timestamp::from_millis(oldest).minus(CLOCK_SET_BACK)))
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }
}

/// The reach of each scope that something is consumed for in this process. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Reaches(Arc<Mutex<HashMap<Vec<u8>, Arc<Reach>>>>);

impl Reaches {
    pub(super) fn of(&self, scope: &[u8]) -> Arc<Reach> {
        let mut reaches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(reaches.entry(scope.to_vec()).or_insert_with(|| Arc::new(Reach::new())))
    }

    pub(super) fn known(&self, scope: &[u8]) -> Option<Arc<Reach>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(scope).cloned()
    }
}
