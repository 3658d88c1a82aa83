//! The threads for all work behind the log: stages, feeds, views and upkeep.
//!
//! Deliveries are taken in by the threads of the listener, and made durable by those of the log. Where a machine has
//! more to do than it can, these come first: a sender that is not answered in time gives up, but what is in the log
//! waits. So the threads for the work behind it have a lower priority. The system gives them less where others want
//! the same core, never nothing, and all of it where nobody else wants it.

use std::{
    io,
    sync::{
        Once,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rustix::process::{getpriority_process, setpriority_process};
use tokio::runtime::{Builder, Handle, Runtime};

/// The increment of the nice value: beside a busy thread of a listener, such a thread gets a quarter of a core.
const NICER: i32 = 5;
/// The time for threads that still wait for a disk when everything else has ended.
pub const LEFT_OVER: Duration = Duration::from_millis(500);
/// The nice value of the lowest priority.
const LOWEST: i32 = 19;

/// The runtime for the work behind the log. Dropping it leaves what blocks one of its threads behind.
pub(super) struct Background {
    handle: Handle,
    /// None once it ends.
    runtime: Option<Runtime>,
}

impl Background {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the system has no more threads or files for this process.
    pub(super) fn start() -> io::Result<Self> {
        let number = AtomicUsize::new(0);
        let name = move || format!("usher-work-{}", number.fetch_add(1, Ordering::Relaxed));
        // A thread begins with the priority of the one that starts it, which may be one of these.
        let priority = (getpriority_process(None).unwrap_or(0) + NICER).min(LOWEST);
        let give_way = move || give_way(priority);
        let runtime =
            Builder::new_multi_thread().enable_all().thread_name_fn(name).on_thread_start(give_way).build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// The way for tasks into it.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Ends the threads. It blocks, for half a second at most, until those have ended that still work.
    pub(super) fn end(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(LEFT_OVER);
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background(); // the one who drops it may be a task, which must not wait
        }
    }
}

/// Sets the nice value of the present thread.
fn give_way(priority: i32) {
    static TOLD: Once = Once::new();
    if let Err(error) = setpriority_process(None, priority) {
        let error = crate::words::system(&error.into());
        TOLD.call_once(|| {
            tracing::warn!(
                error,
                "the work behind the log has the priority of taking in: the system does not let usher lower it"
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The nice value of the present thread.
    fn nice() -> i32 {
        getpriority_process(None).expect("a priority")
    }

    #[tokio::test]
    async fn the_work_behind_the_log_gives_way_and_nothing_else_does() {
        let (own, started) = (nice(), Background::start().expect("threads"));
        let background = started.handle();
        let worker = background.spawn(async { nice() }).await.expect("no panic");
        let blocking = background.spawn_blocking(nice).await.expect("no panic");
        let begun_there = background.spawn(async { tokio::task::spawn_blocking(nice).await.expect("no panic") });
        let begun_there = begun_there.await.expect("no panic");
        let lower = (own + NICER).min(LOWEST);
        assert_eq!((worker, blocking, begun_there), (lower, lower, lower));
        assert_eq!(tokio::task::spawn_blocking(nice).await.expect("no panic"), own, "another runtime's thread");
        assert_eq!(nice(), own);
    }
}
