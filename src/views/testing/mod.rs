//! For tests: a log in memory that can be made to fail, records for it, and waits for conditions.

mod log;
mod records;

use std::{sync::Arc, time::Duration};

use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) use self::{
    log::MemoryLog,
    records::{at, decision, letter, outcome, source, steps, verdict},
};
use super::Views;
use crate::{health::Health, store::Store};

/// Views that follow a log, in a folder that outlives them.
pub(crate) struct Following {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) views: Views,
    pub(crate) health: Health,
    stop: CancellationToken,
    tasks: JoinSet<()>,
    store: Store,
    dir: TempDir,
}

impl Following {
    pub(crate) fn start() -> Self {
        Self::resume(MemoryLog::new(), tempfile::tempdir().expect("a folder"))
    }

    fn resume(log: Arc<MemoryLog>, dir: TempDir) -> Self {
        let store = Store::open(dir.path(), "memory").expect("a store");
        let stop = CancellationToken::new();
        let views = Views::open(&store).expect("views");
        let shared: Arc<dyn crate::log::Log> = log.clone();
        let health = Health::default();
        let tasks = views.follow(&shared, &health, &stop);
        Self { log, views, health, stop, tasks, store, dir }
    }

    /// Stops all tasks, as a shutdown does, and starts again on the same folder after `meanwhile`.
    pub(crate) async fn restart(self, meanwhile: impl FnOnce(&MemoryLog, &Store)) -> Self {
        let Self { log, views, stop, tasks, store, dir, .. } = self;
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(10), tasks.join_all()).await.expect("the tasks end when told to");
        meanwhile(&log, &store);
        drop((views, store));
        Self::resume(log, dir)
    }

    /// Waits until `condition` gives something.
    pub(crate) async fn until<T>(&self, condition: impl Fn(&Views) -> Option<T>) -> T {
        until(&self.views, condition).await
    }
}

/// Waits until `condition` gives something.
pub(crate) async fn until<T>(views: &Views, condition: impl Fn(&Views) -> Option<T>) -> T {
    let waiting = async {
        loop {
            match condition(views) {
                Some(found) => return found,
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it comes about")
}

/// Turns the views beside `store` into rows of another version.
pub(crate) fn other_version(store: &Store) {
    let database = rusqlite::Connection::open(store.folder().join(super::database::FILE)).expect("a database");
    database.pragma_update(None, "user_version", 0).expect("written");
}
