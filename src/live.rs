//! A value of the configuration that may be replaced while usher runs.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

/// A value that readers take as it is at the moment. Cheap to clone; all clones are one.
pub struct Live<T>(Arc<RwLock<Arc<T>>>);

impl<T> Live<T> {
    /// A value that has not been replaced yet.
    pub fn new(value: T) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(value))))
    }

    /// The present value. A returned value does not change.
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the value for all clones.
    pub fn replace(&self, value: T) {
        drop(self.swap(value));
    }

    /// Replaces the value for all clones, and gives the one before. Whoever has taken that one holds it still.
    pub fn swap(&self, value: T) -> Arc<T> {
        std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), Arc::new(value))
    }

    /// Replaces the value for all clones by what `change` makes of it. No other change comes in between.
    pub fn change(&self, change: impl FnOnce(&T) -> T) {
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *now = Arc::new(change(&now));
    }
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> From<T> for Live<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_value_is_seen_by_all_clones_and_not_by_those_that_hold_the_one_before() {
        let live = Live::new(1);
        let (clone, held) = (live.clone(), live.get());
        live.replace(2);
        assert_eq!((*clone.get(), *held), (2, 1));
        live.change(|now| now + 5);
        assert_eq!((*live.swap(3), *clone.get()), (7, 3));
    }
}
