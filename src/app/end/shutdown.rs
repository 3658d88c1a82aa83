//! The shutdown: when it began, what still runs, and the time of each part.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tracing::{info, warn};

/// The process has ended that long after it was asked to, and after it took no more deliveries in, whatever its parts
/// do: Kubernetes kills it after 30 s.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(28);

/// A part of the shutdown. Each has a deadline, counted from the moment at which no more deliveries are accepted. A
/// part that takes longer is left behind, so that later parts have their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Part {
    /// Accepted deliveries, and the begun work of the stages: they take 16 s at most by themselves.
    Work,
    /// The views and the settings.
    Views,
    /// Answers to administrators.
    Answers,
    /// The log: it writes the accepted records.
    Log,
    /// The state store, which the log can give back.
    Store,
}

impl Part {
    /// The time by which it has ended.
    pub(in crate::app) const fn until(self) -> Duration {
        Duration::from_secs(match self {
            Self::Work => 19,
            Self::Views => 20,
            Self::Answers => 22,
            Self::Log => 26,
            Self::Store => 27,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Work => "what was begun",
            Self::Views => "the views",
            Self::Answers => "answers to administrators",
            Self::Log => "the log",
            Self::Store => "the state store",
        }
    }
}

/// The end of the process. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Shutdown(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// The time for which deliveries are still accepted.
    linger: Duration,
    state: Mutex<State>,
    begun: Condvar,
    /// Part of the state, for callers that ask with each delivery.
    has_begun: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    begun: Option<Instant>,
    /// Since when deliveries are taken in no more.
    draining: Option<Instant>,
    going_on: BTreeMap<u64, String>,
    next: u64,
    left_behind: Vec<&'static str>,
}

impl Shutdown {
    /// An end at which deliveries are still taken in for as long as `linger`.
    pub fn lingering(linger: Duration) -> Self {
        Self(Arc::new(Shared { linger, ..Shared::default() }))
    }

    /// Begins the shutdown, unless it has begun. Returns the time of its begin.
    pub fn begin(&self) -> Instant {
        let begun = *self.lock().begun.get_or_insert_with(Instant::now);
        self.0.has_begun.store(true, Ordering::Release);
        self.0.begun.notify_all();
        begun
    }

    /// Whether the end has begun.
    pub(in crate::app) fn has_begun(&self) -> bool {
        self.0.has_begun.load(Ordering::Acquire)
    }

    /// The time from the beginning of the end after which the process has ended, whatever its parts do.
    pub fn limit(&self) -> Duration {
        SHUTDOWN_TIMEOUT + self.0.linger
    }

    /// The end begins, and deliveries are still taken in: returns when that is over.
    pub(in crate::app) async fn linger(&self) {
        let rest = self.0.linger.saturating_sub(self.begin().elapsed());
        if !rest.is_zero() {
            info!(
                seconds = rest.as_secs_f64(),
                "stopping: not ready any more, deliveries are taken in for a while yet"
            );
            tokio::time::sleep(rest).await;
        }
    }

    /// No more deliveries are accepted: the times of the parts begin, unless they have begun.
    fn drain(&self) -> Instant {
        self.begin();
        *self.lock().draining.get_or_insert_with(Instant::now)
    }

    /// Blocks until the shutdown has begun; returns the time of its begin.
    pub fn wait_until_begun(&self) -> Instant {
        let mut state = self.lock();
        loop {
            if let Some(begun) = state.begun {
                return begun;
            }
            state = self.0.begun.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The work that still runs, in the order of the names.
    pub fn going_on(&self) -> Vec<String> {
        let mut names: Vec<_> = self.lock().going_on.values().cloned().collect();
        names.sort();
        names.dedup();
        names
    }

    /// Records that `what` runs, until the returned value is dropped.
    pub(in crate::app) fn begins(&self, what: impl Into<String>) -> GoingOn {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        state.going_on.insert(number, what.into());
        GoingOn { shutdown: self.clone(), number }
    }

    /// Waits until `work` is done; none if it takes longer than its part may.
    pub(in crate::app) async fn within<T>(&self, part: Part, work: impl Future<Output = T>) -> Option<T> {
        let _going_on = self.begins(part.name());
        let rest = part.until().saturating_sub(self.drain().elapsed());
        let done = tokio::time::timeout(rest, work).await.ok();
        if done.is_none() {
            warn!(part = part.name(), "stopping: this takes too long and is left behind");
            self.lock().left_behind.push(part.name());
        }
        done
    }

    /// The parts that were left behind.
    pub(in crate::app) fn left_behind(&self) -> Vec<&'static str> {
        self.lock().left_behind.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that is going on until this is dropped.
#[derive(Debug)]
pub(in crate::app) struct GoingOn {
    shutdown: Shutdown,
    number: u64,
}

impl Drop for GoingOn {
    fn drop(&mut self) {
        self.shutdown.lock().going_on.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_named_until_it_is_done() {
        let shutdown = Shutdown::default();
        let (planner, _sweeper) = (shutdown.begins("planner acme"), shutdown.begins("sweeper acme"));
        let _other = shutdown.begins("planner acme");
        assert_eq!(shutdown.going_on(), ["planner acme", "sweeper acme"]);
        drop((planner, _other));
        assert_eq!(shutdown.going_on(), ["sweeper acme"]);
    }

    #[test]
    fn the_end_begins_once_and_is_waited_for_on_another_thread() {
        let shutdown = Shutdown::default();
        let waiting = std::thread::spawn({
            let shutdown = shutdown.clone();
            move || shutdown.wait_until_begun()
        });
        let begun = shutdown.begin();
        assert_eq!((waiting.join().expect("no panic"), shutdown.begin()), (begun, begun));
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_takes_too_long_is_left_behind() {
        let shutdown = Shutdown::default();
        assert_eq!(shutdown.within(Part::Views, async { 1 }).await, Some(1));
        assert_eq!(shutdown.within(Part::Log, std::future::pending::<()>()).await, None);
        assert_eq!((shutdown.left_behind(), shutdown.going_on()), (vec!["the log"], vec![]));
    }

    #[tokio::test(start_paused = true)]
    async fn deliveries_are_taken_in_for_a_while_and_the_times_of_the_parts_begin_after_it() {
        let shutdown = Shutdown::lingering(Duration::from_secs(3600));
        assert_eq!(shutdown.limit(), SHUTDOWN_TIMEOUT + Duration::from_secs(3600));
        shutdown.linger().await;
        assert!(shutdown.has_begun());
        assert_eq!(shutdown.within(Part::Work, async { 1 }).await, Some(1));
    }

    #[test]
    fn each_part_has_a_second_at_least_and_the_whole_ends_in_time() {
        let parts = [Part::Work, Part::Views, Part::Answers, Part::Log, Part::Store];
        for (one, next) in parts.iter().zip(&parts[1..]) {
            assert!(next.until() >= one.until() + Duration::from_secs(1), "{next:?}");
        }
        assert!(Part::Store.until() < SHUTDOWN_TIMEOUT);
    }
}
