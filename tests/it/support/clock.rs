//! The time of day, which a test can set forward.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use tokio::sync::Notify;
use usher::{
    clock::{Clock, SystemClock},
    domain::Timestamp,
};

/// The machine's clock until it is set; it goes on from there.
#[derive(Debug, Default)]
pub struct TestClock {
    ahead_ms: AtomicI64,
    pub was_set: Arc<Notify>,
}

impl TestClock {
    /// Makes it `at`.
    pub fn set(&self, at: &str) {
        let at: Timestamp = at.parse().expect("a time");
        self.ahead_ms.store(at.as_millis() - SystemClock.now().as_millis(), Ordering::SeqCst);
        self.was_set.notify_one();
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().as_millis() + self.ahead_ms.load(Ordering::SeqCst))
    }
}
