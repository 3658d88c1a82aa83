//! A semaphore whose number of permits changes while it is in use.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Permits to work. Waiters get them in the order of their arrival.
#[derive(Debug)]
pub struct ResizableSemaphore {
    semaphore: Arc<Semaphore>,
    size: Arc<Mutex<Size>>,
}

#[derive(Debug)]
struct Size {
    permits: usize,
    /// Permits that are held and go when they are given back, because there are fewer now.
    surplus: usize,
}

/// The right to work, until it is dropped.
#[derive(Debug)]
pub struct Permit {
    permit: Option<OwnedSemaphorePermit>,
    size: Arc<Mutex<Size>>,
}

impl ResizableSemaphore {
    /// A semaphore with this number of permits, at least one.
    pub fn new(permits: usize) -> Self {
        let permits = bounded(permits);
        let size = Arc::new(Mutex::new(Size { permits, surplus: 0 }));
        Self { semaphore: Arc::new(Semaphore::new(permits)), size }
    }

    /// Waits for a permit. Dropping the future gives the place in the line up.
    pub async fn acquire(&self) -> Permit {
        // It is never closed: without permits nobody could work.
        let permit = Arc::clone(&self.semaphore).acquire_owned().await.ok();
        Permit { permit, size: Arc::clone(&self.size) }
    }

    /// Sets the number of permits, at least one. Permits that are held stay valid.
    pub fn resize(&self, permits: usize) {
        let permits = bounded(permits);
        let mut size = lock(&self.size);
        if permits >= size.permits {
            let more = permits - size.permits;
            let kept = more.min(size.surplus);
            size.surplus -= kept;
            self.semaphore.add_permits(more - kept);
        } else {
            let fewer = size.permits - permits;
            size.surplus += fewer - self.semaphore.forget_permits(fewer);
        }
        size.permits = permits;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        let mut size = lock(&self.size);
        if size.surplus > 0 {
            size.surplus -= 1;
            permit.forget();
        }
    }
}

fn bounded(permits: usize) -> usize {
    permits.clamp(1, Semaphore::MAX_PERMITS)
}

fn lock(size: &Mutex<Size>) -> MutexGuard<'_, Size> {
    size.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn at_once(semaphore: &ResizableSemaphore) -> Vec<Permit> {
        std::iter::from_fn(|| semaphore.acquire().now_or_never()).collect()
    }

    #[test]
    fn more_permits_are_there_at_once_and_fewer_as_they_are_given_back() {
        let semaphore = ResizableSemaphore::new(2);
        let mut held = at_once(&semaphore);
        assert_eq!(held.len(), 2);
        semaphore.resize(4);
        held.extend(at_once(&semaphore));
        assert_eq!(held.len(), 4);
        semaphore.resize(1);
        held.truncate(1);
        assert!(at_once(&semaphore).is_empty(), "one is held still");
        held.clear();
        assert_eq!(at_once(&semaphore).len(), 1);
    }

    #[test]
    fn permits_that_were_to_go_stay_where_there_are_more_again() {
        let semaphore = ResizableSemaphore::new(3);
        let held = at_once(&semaphore);
        semaphore.resize(1);
        semaphore.resize(2);
        drop(held);
        assert_eq!(at_once(&semaphore).len(), 2);
        semaphore.resize(0);
        assert_eq!(at_once(&semaphore).len(), 1, "never none");
    }
}
