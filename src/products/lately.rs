//! The recent answers of a product, which usher does not ask for again meanwhile.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The answer about each thing, with the time of the question.
pub(super) struct Lately<K, T> {
    trusted_for: Duration,
    told: Mutex<HashMap<K, (T, Instant)>>,
}

impl<K: Eq + Hash, T: Clone> Lately<K, T> {
    /// Nothing is told yet. What will be is used for `trusted_for`.
    pub fn new(trusted_for: Duration) -> Self {
        Self { trusted_for, told: Mutex::default() }
    }

    /// The answer about `thing`, if it is not too old.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, thing: &Q) -> Option<T>
    where
        K: Borrow<Q>,
    {
        self.told().get(thing).filter(|(_, at)| at.elapsed() < self.trusted_for).map(|(told, _)| told.clone())
    }

    /// Keeps what was `told` of `thing`, as asked for at `asked`.
    pub fn keep(&self, thing: K, told: T, asked: Instant) {
        self.told().insert(thing, (told, asked));
    }

    /// Has `thing` asked for again.
    pub fn forget(&self, thing: &K) {
        self.told().remove(thing);
    }

    fn told(&self) -> MutexGuard<'_, HashMap<K, (T, Instant)>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner) // a map is never half changed
    }
}

#[cfg(test)]
mod tests;
