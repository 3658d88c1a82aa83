//! The composition root: builds every part from the configuration, binds both listeners, runs, drains.
//!
//! [`start`] has what comes before `App::run_until_stopped`: `App::build_in` is in its `build.rs`. [`end`] has what
//! comes after it.

mod background;
mod data_folder;
mod end;
mod error;
mod following;
mod health;
mod listeners;
mod reloading;
mod schedules;
mod service_manager;
mod sources;
mod stages;
mod start;
mod supervisor;
mod surroundings;
mod upkeep;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf, absolute},
    sync::Arc,
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::{admin, log::Log, reload::Reloader, secret::Secret, store::Store};
use background::Background;
pub use background::LEFT_OVER;
pub use data_folder::{DataFolder, LOCK, hold as hold_data_folder};
pub use end::shutdown::Shutdown;
pub use error::{Error, Listener};
use listeners::Listeners;
use reloading::Parts as Applying;
use sources::Sources;
use stages::Stage;
use supervisor::Supervisor;
pub use surroundings::{Roles, Surroundings};
use upkeep::housekeeping::Housekeeping;

/// An admin token that was made just now.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The token.
    pub secret: Secret,
    /// The file in which it is kept.
    pub path: PathBuf,
}

impl NewToken {
    fn of(secret: &Secret, data_dir: &Path) -> Self {
        let path = data_dir.join(admin::TOKEN_FILE);
        Self { secret: secret.clone(), path: absolute(&path).unwrap_or(path) }
    }
}

/// usher, built and bound, ready to run.
pub struct App {
    webhooks: Option<SocketAddr>,
    admin: SocketAddr,
    new_token: Option<NewToken>,
    listeners: Listeners,
    sources: Arc<Sources>,
    /// Present if this process decides and acts.
    scheduler: Option<Stage>,
    /// The configuration in use, and the parts that hold values of it.
    applied: Arc<Applying>,
    views: JoinSet<()>,
    log: Arc<dyn Log>,
    supervisor: Supervisor,
    /// The threads of the supervised tasks.
    background: Background,
    shutdown: Shutdown,
    store: Store,
    /// Held to the last.
    _data_folder: DataFolder,
    stop_stages: CancellationToken,
    stop_views: CancellationToken,
    housekeeping: Arc<Housekeeping>,
    /// Applies changes of the configuration, if it may be read again.
    reloader: Option<Arc<Reloader>>,
}

impl App {
    /// The address for webhooks, if they are taken in.
    pub fn webhooks_address(&self) -> Option<SocketAddr> {
        self.webhooks
    }

    /// The address of the admin listener.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin
    }

    /// The admin token, if it was made just now: to be shown this once at a terminal, and not in the log.
    pub fn new_token(&self) -> Option<&NewToken> {
        self.new_token.as_ref()
    }

    /// Runs until `stop` is cancelled, and then lingers for the time in [`Shutdown`]. Then it drains: no new
    /// deliveries, begun work is finished, offsets are stored.
    ///
    /// # Errors
    /// [`Error::ListenerEnded`] and [`Error::ComponentFailed`] if usher ended by itself, [`Error::LeftBehind`] if a
    /// part did not end in time, [`Error::Store`] if the state store can't be written.
    pub async fn run_until_stopped(mut self, stop: CancellationToken) -> Result<(), Error> {
        let tasks = self.start().await;
        info!(webhooks = self.webhooks.map(tracing::field::display), admin = %self.admin, "usher is running");
        service_manager::ready();
        let shutdown = self.shutdown.clone();
        let stopped = async {
            stop.cancelled().await;
            service_manager::stopping();
            shutdown.linger().await;
        };
        let ended = tokio::select! {
            () = stopped => Ok(()),
            Some(server) = self.listeners.ended() => {
                error!(?server, "a listener ended by itself");
                Err(Error::ListenerEnded)
            },
            why = self.supervisor.health.process_must_end() => Err(Error::ComponentFailed(why)),
        };
        let drained = self.drain(tasks).await;
        ended.and(drained)
    }

    /// Starts all that works with the log and products.
    async fn start(&mut self) -> JoinSet<()> {
        self.sources.begin().await;
        let (mut tasks, stop) = (JoinSet::new(), self.stop_stages.clone());
        if let Some(scheduler) = self.scheduler.take() {
            let ledger = self.housekeeping.memory.ledger.clone();
            scheduler.spawn(&mut tasks, &self.supervisor, Arc::clone(&self.log), ledger, stop.clone());
        }
        if let Some(reloader) = self.reloader.take() {
            let until = stop.clone();
            let make = move || Arc::clone(&reloader).run(until.clone());
            tasks.spawn(self.supervisor.clone().run("reload".into(), stop.clone(), make));
        }
        let (applied, until) = (Arc::clone(&self.applied), stop.clone());
        let make = move || Arc::clone(&applied).follow_stored(until.clone());
        tasks.spawn(self.supervisor.clone().run("stored sources".into(), stop.clone(), make));
        let (housekeeping, until) = (Arc::clone(&self.housekeeping), stop.clone());
        let make = move || Arc::clone(&housekeeping).run(until.clone());
        tasks.spawn(self.supervisor.clone().run("housekeeping".into(), stop, make));
        tasks
    }
}
