//! Reads the configuration again on request or when a file has changed, and applies it.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{Origin, Plan, Start, plan};
use crate::{
    clock::Clock,
    config::{Config, LoadResult, Loaded, Problems, WatchedFiles},
    metrics::Metrics,
};

/// The interval of checking the files. A kubelet needs up to a minute to deliver a changed Secret.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// The time without a change after which files are read: an editor, or a copy of several files, may be half done.
const AT_REST: Duration = Duration::from_millis(500);
/// The number of checks after which files that keep changing are read nevertheless.
const MAX_CHECKS: u32 = 20;
/// Signals that come faster are taken together.
const BETWEEN_RELOADS: Duration = Duration::from_millis(250);
/// The time after which a slow reading is logged. A network disk may hang, and a pipe in place of a file waits for its
/// writer.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The parts of usher that take a configuration into use.
#[async_trait]
pub trait Target: Send + Sync + 'static {
    /// Takes `next` into use, as a whole or not at all. Takes as long as sources that are not in `next` any more
    /// finish what they have begun. If this is dropped meanwhile, the process must end.
    ///
    /// # Errors
    /// [`NotApplied`] if a part can't use it; then nothing has changed, or the process ends.
    async fn apply(self: Arc<Self>, next: &Config) -> Result<(), NotApplied>;
}

/// The reason why a right configuration was not applied: the key, and the problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {why}")]
pub struct NotApplied {
    /// The key.
    pub key: String,
    /// The problem, and what to do.
    pub why: String,
}

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Wrong(#[from] Problems),
    #[error(transparent)]
    NotApplied(#[from] NotApplied),
    /// An empty file is a right configuration, of defaults: `mode: active`, and no schemes.
    #[error("the configuration has no source any more; write it whole, or restart usher if it is meant to have none")]
    Empty,
    #[error("reading it ended by a bug of usher; the lines before this one say where")]
    Broken,
}

/// The state with which the next reading is compared.
struct State {
    running: Config,
    files: WatchedFiles,
}

/// See the module.
pub struct Reloader {
    start: Start,
    state: Mutex<State>,
    target: Arc<dyn Target>,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
}

impl Reloader {
    /// A reloader of the origin in `start`; `running` is in use in `target`.
    pub fn new(
        start: Start,
        running: Config,
        target: Arc<dyn Target>,
        metrics: Metrics,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let state = Mutex::new(State { running, files: start.files.clone() });
        metrics.config.loaded(&start.digest, clock.now());
        Arc::new(Self { start, state, target, metrics, clock })
    }

    /// Reloads on request, until `stop` is cancelled.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let _stopped = stop.run_until_cancelled(self.reload_always()).await;
    }

    /// Without an end to the time that a disk takes: a file system that hangs holds up this task and one thread alone.
    async fn reload_always(&self) {
        loop {
            let cause = tokio::select! {
                () = self.start.hangup.notified() => "SIGHUP",
                () = self.files_have_changed() => "a file has changed",
            };
            if let Err(refused) = self.reload(cause).await {
                self.report_refused(cause, &refused);
            }
            sleep(BETWEEN_RELOADS).await;
        }
    }

    /// Waits until a file has changed, and rests since.
    async fn files_have_changed(&self) {
        let mut known = self.state().files.clone();
        loop {
            sleep(CHECK_INTERVAL).await;
            let now = states_of(&known).await;
            if now != known {
                known = now;
                break;
            }
        }
        for _ in 0..MAX_CHECKS {
            sleep(AT_REST).await;
            let now = states_of(&known).await;
            if now == known {
                return;
            }
            known = now;
        }
    }

    async fn reload(&self, cause: &'static str) -> Result<(), Refused> {
        let LoadResult { loaded, files } = self.read().await?;
        let running = {
            let mut state = self.state();
            state.files = files; // also of a wrong one: it is read again when it has changed
            state.running.clone()
        };
        let Loaded { config, warnings, digest, .. } = loaded?;
        if config.sources.is_empty() && !running.sources.is_empty() {
            return Err(Refused::Empty);
        }
        for warning in &warnings {
            warn!("{warning}");
        }
        let Plan { config, changed, pending } = plan(&running, config);
        Arc::clone(&self.target).apply(&config).await?;
        self.state().running = config;
        info!(cause, hash = digest, changed = changed.join(", "), "configuration reloaded");
        if !pending.is_empty() {
            let keys = pending.join(", ");
            warn!(keys, "these keys have changed and need a restart; until then usher goes on with their old values");
        }
        // The log has a line for each counted refusal.
        self.metrics.config.applied(&digest, &pending, self.clock.now());
        Ok(())
    }

    async fn read(&self) -> Result<LoadResult, Refused> {
        let origin: Origin = self.start.origin.clone();
        let mut reading = tokio::task::spawn_blocking(move || origin.read());
        let read = match timeout(READ_TIMEOUT, &mut reading).await {
            Ok(read) => read,
            Err(_) => {
                error!(
                    "the configuration or one of its files can't be read in {READ_TIMEOUT:?}; usher goes on with the one before"
                );
                self.metrics.config.refused();
                reading.await
            }
        };
        read.map_err(|_| Refused::Broken)
    }

    fn report_refused(&self, cause: &'static str, refused: &Refused) {
        match refused {
            Refused::Wrong(problems) => problems.iter().for_each(|problem| error!("{problem}")),
            Refused::NotApplied(_) | Refused::Empty => error!("{refused}"),
            Refused::Broken => {}
        }
        let files = self.state().files.count();
        error!(cause, files, "the configuration is refused; usher goes on with the one before");
        self.metrics.config.refused();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}

/// The files of `known` as they are now; as they were, where looking at them ended by a bug.
async fn states_of(known: &WatchedFiles) -> WatchedFiles {
    let files = known.clone();
    tokio::task::spawn_blocking(move || files.now()).await.unwrap_or_else(|_| known.clone())
}
