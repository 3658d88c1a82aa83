//! Turns at reading back: a process without a volume gets dozens of partitions at once, and each that is read back holds a
//! reader of the log with what it has fetched ahead.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many partitions are read back at once, of all stages and sources.
const AT_ONCE: usize = 4;

/// Who may read back. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub(super) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Turns {
    /// Waits for a turn.
    pub(super) async fn wait(&self) -> Turn {
        // Nobody closes it.
        Turn(Mutex::new(Arc::clone(&self.0).acquire_owned().await.ok()))
    }
}

/// A turn, until it is passed on or dropped.
#[derive(Debug)]
pub struct Turn(Mutex<Option<OwnedSemaphorePermit>>);

impl Turn {
    /// Lets another one have it: what the log does not give must not hold up other partitions.
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
        for _ in 0..AT_ONCE {
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
