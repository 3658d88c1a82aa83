//! The warm-up of a stage: its group accepts it, then the earlier work in its partitions is read back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::health::WarmUp;

/// The progress of a stage's warm-up. Cheap to clone; all clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Warming(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// The warm-up; none once the stage works.
    warm_up: Option<WarmUp>,
    is_joined: bool,
    /// The number of assigned partitions, and of those that are read back.
    given: usize,
    restored: usize,
}

impl Warming {
    /// The progress of a stage whose group has not accepted it yet.
    pub(crate) fn new(warm_up: WarmUp) -> Self {
        warm_up.report("its group is not joined yet");
        Self(Arc::new(Mutex::new(State { warm_up: Some(warm_up), is_joined: false, given: 0, restored: 0 })))
    }

    /// The group has accepted the stage. Its partitions were begun before.
    pub(crate) fn joined(&self) {
        let mut state = self.lock();
        state.is_joined = true;
        state.update();
    }

    /// Reports that a partition is read back, until the result is dropped.
    pub(crate) fn restores(&self) -> Restoring {
        let mut state = self.lock();
        state.given += 1;
        state.update();
        Restoring(self.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn update(&mut self) {
        if self.is_joined && self.restored == self.given {
            if let Some(warm_up) = self.warm_up.take() {
                warm_up.done();
            }
        } else if let Some(warm_up) = &self.warm_up
            && self.given > 0
        {
            warm_up.report(format!("what was done is read back: {} of {} partitions", self.restored, self.given));
        }
    }
}

/// A partition that is being read back, or was taken away before that was done.
#[derive(Debug)]
pub(crate) struct Restoring(Warming);

impl Drop for Restoring {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.restored += 1;
        state.update();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::Health;

    #[test]
    fn a_stage_works_when_its_group_is_joined_and_all_that_it_got_is_read_back() {
        let health = Health::default();
        let warming = Warming::new(health.warm_up("planner acme"));
        let progress = || health.warming_up().pop().map(|(_, progress)| progress);
        assert_eq!(progress().as_deref(), Some("its group is not joined yet"));
        let (one, other) = (warming.restores(), warming.restores());
        warming.joined();
        drop(one);
        assert_eq!(progress().as_deref(), Some("what was done is read back: 1 of 2 partitions"));
        drop(other);
        assert_eq!(progress(), None);
        let _later = warming.restores();
        assert_eq!(progress(), None, "once is enough");
    }

    #[test]
    fn a_stage_without_partitions_works_when_its_group_is_joined() {
        let health = Health::default();
        Warming::new(health.warm_up("planner acme")).joined();
        assert_eq!(health.warming_up(), []);
    }
}
