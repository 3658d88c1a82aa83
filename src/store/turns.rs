//! Turns for reading back. A process without a volume gets dozens of partitions at once, and each that is read back
//! holds a reader of the log with its prefetched records.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The number of partitions that are read back at once, of all stages and sources.
const CONCURRENCY: usize = 2;

/// The turns for reading back. Cheap to clone; all clones share them.
#[derive(Debug, Clone)]
pub(super) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(CONCURRENCY)))
    }
}

impl Turns {
    /// Waits for a turn.
    pub(super) async fn wait(&self) -> Turn {
        // It is never closed.
        Turn(Mutex::new(Arc::clone(&self.0).acquire_owned().await.ok()))
    }
}

/// A turn, until it is passed on or dropped.
#[derive(Debug)]
pub struct Turn(Mutex<Option<OwnedSemaphorePermit>>);

impl Turn {
    /// Passes the turn on: records that the log does not give must not hold up other partitions.
    pub fn pass_on(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn so_many_have_a_turn_and_the_next_one_when_one_of_them_ends_or_passes_it_on() {
        let turns = Turns::default();
        let mut held = Vec::new();
        for _ in 0..CONCURRENCY {
            held.push(turns.wait().await);
        }
        assert!(turns.wait().now_or_never().is_none());
        held[0].pass_on();
        held[0].pass_on();
        let next = turns.wait().await;
        assert!(turns.wait().now_or_never().is_none());
        drop(next);
        assert!(turns.wait().now_or_never().is_some());
    }
}
