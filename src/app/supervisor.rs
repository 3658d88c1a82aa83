//! Tasks that run as long as usher does.
//!
//! If a task ends although nobody stopped it, that is a bug of usher. It is reported, usher is not ready, and the task
//! is started again. If that does not help a task that has worked, the process ends. A task that has not worked in this
//! process would not work in the next one either. Then the process stays, so that an administrator can correct the
//! cause by the API.

use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::error;

use super::Shutdown;
use crate::{health::Health, runtime::Backoff};

/// A restarted task counts as working after this time.
const SETTLED: Duration = Duration::from_secs(5);
/// A task that has run that long before it ends again is at its first end again.
const STEADY_AFTER: Duration = Duration::from_mins(10);
/// The number of ends in a row after which only a new process may help, if the task has worked in this one.
const MAX_ENDS: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(500);
const MAX_WAIT: Duration = Duration::from_secs(30);

/// The common parts of all supervised tasks.
#[derive(Clone)]
pub(super) struct Supervisor {
    pub(super) health: Health,
    pub(super) shutdown: Shutdown,
    /// The runtime of the tasks.
    pub(super) runtime: Handle,
}

impl Supervisor {
    /// For tasks in `runtime`, which report to `health` and are waited for by `shutdown`.
    pub(super) fn new(health: &Health, shutdown: &Shutdown, runtime: &Handle) -> Self {
        Self { health: health.clone(), shutdown: shutdown.clone(), runtime: runtime.clone() }
    }

    /// Runs the task named `name` that `make` makes until `stop` is cancelled and the task has ended.
    pub(super) async fn run<F>(self, name: String, stop: CancellationToken, make: impl Fn() -> F + Send)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let component = self.health.component(name.clone());
        let _going_on = self.shutdown.begins(name.clone());
        let fresh = Backoff::new(FIRST_WAIT, MAX_WAIT);
        let (mut waits, mut ends, mut has_worked) = (fresh.clone(), 0_u32, false);
        loop {
            let began = Instant::now();
            let mut task = AbortOnDropHandle::new(self.runtime.spawn(make()));
            let ended = match tokio::time::timeout(SETTLED, &mut task).await {
                Ok(ended) => ended,
                Err(_) => {
                    component.working();
                    if !std::mem::replace(&mut has_worked, true) {
                        ends = 0;
                    }
                    task.await
                }
            };
            if stop.is_cancelled() {
                return;
            }
            if began.elapsed() >= STEADY_AFTER {
                (waits, ends) = (fresh.clone(), 0);
            }
            ends = ends.saturating_add(1);
            let how = if ended.is_ok() { "it ended" } else { "it panicked" };
            error!(component = name, how, times = ends, "a component ended by a bug of usher; it is begun anew");
            component.failing("it ended by a bug of usher, and is begun anew");
            if ends == MAX_ENDS && !has_worked {
                error!(
                    component = name,
                    "it has not worked since usher was started, and a new process would not help: it is \
                    begun anew, ever more seldom; report the bug, and undo what was changed last"
                );
            }
            if ends >= MAX_ENDS && has_worked {
                let why =
                    format!("{name}: it ended {MAX_ENDS} times in a row by a bug of usher; the lines before say where");
                self.health.end_process(why);
            }
            if waits.wait(&stop).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use futures::FutureExt;

    use super::*;

    fn supervisor() -> Supervisor {
        Supervisor { health: Health::default(), shutdown: Shutdown::default(), runtime: Handle::current() }
    }

    /// Waits, in the time of the test, until `holds`.
    async fn until(what: &str, mut holds: impl FnMut() -> bool) {
        for _ in 0..100_000 {
            if holds() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(holds(), "in vain: {what}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ended_or_panicked_is_begun_anew_and_told_of_meanwhile() {
        let (supervisor, stop, begun) = (supervisor(), CancellationToken::new(), Arc::new(AtomicU32::new(0)));
        let (health, make) = (supervisor.health.clone(), Arc::clone(&begun));
        let running = tokio::spawn(supervisor.run("planner acme".into(), stop.clone(), move || {
            let time = make.fetch_add(1, Ordering::AcqRel);
            async move {
                match time {
                    0 => {}
                    #[allow(clippy::panic, reason = "this is what is tried")]
                    1 => panic!("a bug"),
                    _ => std::future::pending().await,
                }
            }
        }));
        until("it failed", || {
            health.failing().iter().any(|(name, why)| name == "planner acme" && why.contains("anew"))
        })
        .await;
        until("it works", || health.failing().is_empty()).await;
        assert_eq!(begun.load(Ordering::Acquire), 3);
        assert!(!running.is_finished());
        running.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_again_and_again_ends_the_process() {
        let (supervisor, stop) = (supervisor(), CancellationToken::new());
        let health = supervisor.health.clone();
        let has_worked = AtomicU32::new(0);
        let running = tokio::spawn(supervisor.run("scheduler".into(), stop.clone(), move || {
            let works = has_worked.fetch_add(1, Ordering::AcqRel) == 0;
            async move {
                if works {
                    tokio::time::sleep(SETTLED * 2).await;
                }
            }
        }));
        let why = health.process_must_end().await;
        assert!(why.starts_with("scheduler: ") && why.contains("5 times"), "{why}");
        stop.cancel();
        running.await.expect("no panic");
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_has_never_worked_does_not_end_the_process_and_works_once_it_can() {
        let (supervisor, stop, begun) = (supervisor(), CancellationToken::new(), Arc::new(AtomicU32::new(0)));
        let (health, make) = (supervisor.health.clone(), Arc::clone(&begun));
        let running = tokio::spawn(supervisor.run("scheduler".into(), stop.clone(), move || {
            let mended = make.fetch_add(1, Ordering::AcqRel) >= 3 * MAX_ENDS;
            async move {
                #[allow(clippy::panic, reason = "this is what is tried")]
                if !mended {
                    panic!("a schedule that the clock can't stand");
                }
                std::future::pending::<()>().await;
            }
        }));
        until("it failed often", || begun.load(Ordering::Acquire) > 2 * MAX_ENDS).await;
        assert_eq!(health.failing().len(), 1, "not ready meanwhile");
        until("it works", || health.failing().is_empty()).await;
        let ended = health.process_must_end().now_or_never();
        assert_eq!(ended, None);
        running.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_was_stopped_is_not_begun_anew() {
        let (supervisor, stop) = (supervisor(), CancellationToken::new());
        let (health, shutdown) = (supervisor.health.clone(), supervisor.shutdown.clone());
        let until_stopped = stop.clone();
        let running =
            tokio::spawn(supervisor.run("views".into(), stop.clone(), move || until_stopped.clone().cancelled_owned()));
        until("it runs", || shutdown.going_on() == ["views"]).await;
        stop.cancel();
        running.await.expect("no panic");
        assert_eq!((health.failing(), shutdown.going_on()), (vec![], vec![]));
    }
}
