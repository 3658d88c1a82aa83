//! The composition root: builds every part from the configuration, binds both listeners, runs, drains.

mod data_folder;
mod end;
mod error;
mod following;
mod health;
mod listeners;
mod reloading;
mod schedules;
mod service_manager;
mod stages;
mod start;
mod supervisor;
mod upkeep;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf, absolute},
    sync::Arc,
};

use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    admin,
    clock::{Clock, SystemClock},
    config::{Config, LogConfig},
    engine::{AdminCommands, LookUps, Memory, References, WrittenSchemes},
    health::Health,
    live::Live,
    log::Log,
    products::Limits,
    reload::{Reloader, Start},
    secret::Secret,
    settings::Settings,
    source::{Arrivals, Controls},
    store::Store,
    views::Views,
};
pub use data_folder::{DataFolder, LOCK, hold as hold_data_folder};
pub use error::{Error, Listener};
use listeners::Listeners;
use reloading::LiveConfig;
use stages::Stage;
use start::connecting::connect;
use start::connecting::explainer;
use start::connecting::open_log;
use start::front::Front;
use supervisor::Supervisor;
use upkeep::housekeeping::Housekeeping;

pub use end::shutdown::Shutdown;

/// The roles of a process. They are separate only with Kafka.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Take webhooks in.
    pub webhooks: bool,
    /// Decide and act.
    pub engine: bool,
    /// Answer administrators.
    pub admin: bool,
}

impl Roles {
    /// Everything in one process.
    pub const ALL: Self = Self { webhooks: true, engine: true, admin: true };
}

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

/// Opens the state store, and watches it from here on.
fn open_store(config: &Config, log: &Arc<dyn Log>, health: &Health) -> Result<Store, Error> {
    let mut store = Store::open(&config.data_dir.join("state"), log.identity())?;
    store.watch(health.clone())?;
    upkeep::database_threads::watch(health);
    if let Some(aside) = store.set_aside() {
        warn!(moved_to = %aside.display(), "the state store was damaged; it is rebuilt from the log");
    }
    Ok(store)
}

/// usher, built and bound, ready to run.
pub struct App {
    webhooks: Option<SocketAddr>,
    admin: SocketAddr,
    new_token: Option<NewToken>,
    listeners: Listeners,
    stages: Vec<Stage>,
    views: JoinSet<()>,
    log: Arc<dyn Log>,
    supervisor: Supervisor,
    shutdown: Shutdown,
    store: Store,
    /// Held to the last.
    _data_folder: DataFolder,
    stop_stages: CancellationToken,
    stop_views: CancellationToken,
    housekeeping: Arc<Housekeeping>,
    /// The look-ups of names in the background.
    references: Vec<Arc<References>>,
    /// Applies changes of the configuration, if it may be read again.
    reloader: Option<Arc<Reloader>>,
}

/// The surroundings of an app; tests have their own.
pub struct Surroundings {
    /// Bounds on each call to a product.
    pub limits: Limits,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Notified when the clock was set, so that schedules are checked again.
    pub clock_was_set: Arc<Notify>,
    /// The intervals of looking names up in the products.
    pub look_ups: LookUps,
    /// The shutdown of the process.
    pub shutdown: Shutdown,
    /// The origin of the configuration, if it may be read again.
    pub start: Option<Start>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            clock: Arc::new(SystemClock),
            clock_was_set: Arc::default(),
            look_ups: LookUps::default(),
            shutdown: Shutdown::default(),
            start: None,
        }
    }
}

impl App {
    /// Builds every part and binds the listeners; nothing runs yet but the log.
    ///
    /// # Errors
    /// As [`App::build_in`].
    pub async fn build(config: Config, roles: Roles) -> Result<Self, Error> {
        Self::build_in(Surroundings::default(), config, roles).await
    }

    /// Like [`App::build`], with other bounds on each call to a product.
    ///
    /// # Errors
    /// As [`App::build_in`].
    pub async fn build_within(limits: Limits, config: Config, roles: Roles) -> Result<Self, Error> {
        Self::build_in(Surroundings { limits, ..Surroundings::default() }, config, roles).await
    }

    /// Like [`App::build`], in other surroundings. Probes are answered from the beginning. If Kafka is away, the start
    /// waits for it.
    ///
    /// # Errors
    /// [`Error`] names the part that can't be set up: a listener, the data folder, the disk, the log, the stored
    /// settings, the state store, the views, a source, the admin token or the metrics. [`Error::Interrupted`] if usher
    /// is to stop while it starts.
    pub async fn build_in(surroundings: Surroundings, config: Config, roles: Roles) -> Result<Self, Error> {
        start::greeting::starts(&config, roles);
        let front = Front::open(&config, roles, &surroundings.shutdown)?;
        let Surroundings { limits, clock, clock_was_set, look_ups, shutdown, start } = surroundings;
        let Front { webhooks, mut listeners, readiness, health, metrics, .. } = front;
        let webhooks_address = webhooks.as_ref().map(|bound| bound.address);
        let (opening, starting) = (health.component("log"), health.component("start"));
        opening.failing("it is being opened");
        let log = open_log(&config, &clock, (&health, &metrics), &opening).await?;
        readiness.opened(Arc::clone(&log));
        starting.failing("usher opens its state and reads its settings");
        drop(opening);
        // Not before the log is open: until then the port refuses connections, and senders try again.
        if let Some(bound) = &webhooks {
            bound.listen()?;
        }
        // After the log: a store that was built from another log is emptied.
        let store = open_store(&config, &log, &health)?;
        let settings = Settings::new(&config, Arc::clone(&log), Arc::clone(&clock));
        let controls: Arc<dyn Controls> = Arc::new(settings.clone());
        let connections = connect(limits, &config, &clock, &controls, &log, &metrics)?;
        let live = LiveConfig::of(&config);
        let arrivals =
            Arrivals::new(config.sources.iter().map(|source| &source.id), metrics.clone(), Arc::clone(&clock));
        let memory = Memory::open(&store)?;
        let stop_views = CancellationToken::new();
        let views = Views::open(&store)?.telling(memory.pending.clone());
        metrics.storage.store_rebuilds.inc_by(u64::from(store.is_rebuilt() || views.are_rebuilt()));
        // Planners ask the views too; only a process that does nothing but take webhooks in has no use for them.
        let keeps_views = roles.engine || roles.admin;
        let supervisor = Supervisor { health: health.clone(), shutdown: shutdown.clone() };
        let mut view_tasks = JoinSet::new();
        if keeps_views {
            view_tasks = following::follow(&supervisor, &views, &settings, &log, &stop_views);
            start::catching_up::begin(&mut view_tasks, roles, &views, &log, &health, &stop_views);
            start::waiting::for_settings(&starting, &settings).await?;
        }
        let written: Arc<dyn WrittenSchemes> = Arc::new(settings.clone());
        let references =
            start::connecting::references(&config, &live.sources, &connections, &written, look_ups, &metrics);
        let parts = stages::Parts {
            config: &config,
            live: &live,
            references: &references,
            log: &log,
            memory: &memory,
            metrics: &metrics,
            views: &views,
            settings: &settings,
            clock: &clock,
            arrivals: &arrivals,
        };
        let stages = if roles.engine { parts.stages(&connections, clock_was_set) } else { Vec::new() };

        let mut senders = None;
        if let Some(bound) = webhooks {
            let intake = start::connecting::intake(&config, &log, &clock, &metrics, &arrivals);
            senders = Some(listeners.webhooks(bound, intake, shutdown.clone(), metrics.clone())?);
        }
        let explainer = explainer(&connections, &references, &views, &clock);
        readiness.connected(connections.clone());
        let commands = AdminCommands::new(Arc::clone(&log), Arc::clone(&clock));
        let kept_views = keeps_views.then(|| views.clone());
        let looked_up = if keeps_views { references.clone() } else { Vec::new() };
        let (settings_now, log_now) = (settings.clone(), Arc::clone(&log));
        let parts =
            admin::Parts { log: log_now, views, settings: settings_now, explainer, commands, arrivals, references };
        let state = admin::AdminState::new(&config, front.token, parts, metrics.clone(), readiness);
        let holders = (settings.clone(), front.listener.open(state));
        let sources = Live::new(config.sources.clone());
        let parts = reloading::Parts::new(live, connections, senders, holders, sources.clone());
        let reloader = parts.reloader(start, &config, &metrics, &clock);
        let housekeeping = Arc::new(Housekeeping {
            data_dir: config.data_dir,
            sources,
            log: Arc::clone(&log),
            memory,
            settings: keeps_views.then_some(settings),
            views: kept_views,
            metrics,
            clock,
            on_kafka: matches!(config.log, LogConfig::Kafka(_)),
        });
        Ok(Self {
            webhooks: webhooks_address,
            admin: front.admin,
            new_token: front.new_token,
            listeners,
            stages,
            views: view_tasks,
            log,
            supervisor,
            shutdown,
            store,
            _data_folder: front.data_folder,
            stop_stages: CancellationToken::new(),
            stop_views,
            housekeeping,
            references: looked_up,
            reloader,
        })
    }

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
        let tasks = self.start();
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
    fn start(&mut self) -> JoinSet<()> {
        let (mut tasks, stop) = (JoinSet::new(), self.stop_stages.clone());
        let ledger = self.housekeeping.memory.ledger.clone();
        for stage in self.stages.drain(..) {
            stage.spawn(&mut tasks, &self.supervisor, Arc::clone(&self.log), ledger.clone(), stop.clone());
        }
        for references in self.references.drain(..) {
            let (name, until) = (format!("references {}", references.source()), stop.clone());
            let make = move || Arc::clone(&references).run(until.clone());
            tasks.spawn(self.supervisor.clone().run(name, stop.clone(), make));
        }
        if let Some(reloader) = self.reloader.take() {
            let until = stop.clone();
            let make = move || Arc::clone(&reloader).run(until.clone());
            tasks.spawn(self.supervisor.clone().run("reload".into(), stop.clone(), make));
        }
        let (housekeeping, until) = (Arc::clone(&self.housekeeping), stop.clone());
        let make = move || Arc::clone(&housekeeping).run(until.clone());
        tasks.spawn(self.supervisor.clone().run("housekeeping".into(), stop, make));
        tasks
    }
}
