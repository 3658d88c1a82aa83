//! The threads for all work behind the log: stages, feeds, views and upkeep.
//!
//! Deliveries are taken in by the threads of the listener, and made durable by those of the log. Where a machine has
//! more to do than it can, these come first: a sender that is not answered in time gives up, but what is in the log
//! waits. So the threads for the work behind it have a lower priority. The system gives them less where others want
//! the same core, never nothing, and all of it where nobody else wants it.

use std::{
    io,
    ops::Deref,
    sync::atomic::{AtomicUsize, Ordering},
};

use rustix::process::{getpriority_process, setpriority_process};
use tokio::runtime::{Builder, Handle, Runtime};

/// The increment of the nice value: beside a busy thread of a listener, such a thread gets a quarter of a core.
const NICER: i32 = 5;
/// The nice value of the lowest priority.
const LOWEST: i32 = 19;

/// The runtime for the work behind the log. Dropping it leaves what blocks one of its threads behind.
pub(super) struct Background(Option<Runtime>, Handle);

impl Background {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the system has no more threads or files for this process.
    pub(super) fn start() -> io::Result<Self> {
        let number = AtomicUsize::new(0);
        let name = move || format!("usher-work-{}", number.fetch_add(1, Ordering::Relaxed));
        // A thread begins with the priority of the one that starts it, which may be one of these.
        let priority = (getpriority_process(None)? + NICER).min(LOWEST);
        let give_way = move || give_way(priority);
        let runtime =
            Builder::new_multi_thread().enable_all().thread_name_fn(name).on_thread_start(give_way).build()?;
        let handle = runtime.handle().clone();
        Ok(Self(Some(runtime), handle))
    }
}

impl Deref for Background {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.1
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background(); // the one who drops it may be a task, which must not wait
        }
    }
}

/// Sets the nice value of the present thread.
fn give_way(priority: i32) {
    // A system that does not allow it gives all threads the same priority, as before.
    if let Err(error) = setpriority_process(None, priority) {
        tracing::debug!(%error, "the work behind the log has the priority of all else");
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
        let (own, background) = (nice(), Background::start().expect("threads"));
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
