//! The composition root: builds every part from the configuration, binds both listeners, runs, drains.

mod bells;
mod error;
mod health;
mod housekeeping;
mod listeners;

use std::{fs, net::SocketAddr, os::unix::fs::DirBuilderExt, path::Path, sync::Arc};

use actix_web::dev::ServerHandle;
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use bells::AppBells;
pub use error::{Error, Listener};
use health::AppHealth;
use housekeeping::Housekeeping;
use listeners::Listeners;

use crate::{
    admin,
    clock::{Clock, SystemClock},
    config::{Config, LogConfig},
    engine::{self, Connection, Controls, Desk, Executor, Memory, Planner, Scheduler, Sweeper},
    explain::Explainer,
    intake::{Intake, feed::Feed},
    log::{
        Log,
        embedded::{self, EmbeddedLog},
        kafka::KafkaLog,
    },
    metrics::Metrics,
    products::{self, Limits},
    secret::Secret,
    settings::Settings,
    store::Store,
    views::Views,
};

/// What a process does. Apart only with Kafka.
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

/// usher, built and bound, ready to run.
pub struct App {
    webhooks: Option<SocketAddr>,
    admin: SocketAddr,
    new_token: Option<Secret>,
    servers: JoinSet<std::io::Result<()>>,
    handles: Vec<ServerHandle>,
    stages: Vec<Stage>,
    views: JoinSet<()>,
    log: Arc<dyn Log>,
    store: Store,
    stop_stages: CancellationToken,
    stop_views: CancellationToken,
    housekeeping: Housekeeping,
}

/// What an app is built in: tests have their own.
pub struct Surroundings {
    /// Bounds on each call to a product.
    pub limits: Limits,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// To be told when the clock was set, so that schedules are looked at anew.
    pub clock_was_set: Arc<Notify>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { limits: Limits::default(), clock: Arc::new(SystemClock), clock_was_set: Arc::default() }
    }
}

/// A part of the engine, not yet running.
enum Stage {
    Planner(Arc<Planner>),
    Executor(Arc<Executor>),
    Sweeper(Arc<Sweeper>),
    Scheduler(Scheduler),
    Feed(Arc<Feed>),
}

impl App {
    /// Builds every part and binds the listeners; nothing runs yet but the log.
    pub async fn build(config: Config, roles: Roles) -> Result<Self, Error> {
        Self::build_in(Surroundings::default(), config, roles).await
    }

    /// As [`App::build`], with other bounds on each call to a product.
    pub async fn build_within(limits: Limits, config: Config, roles: Roles) -> Result<Self, Error> {
        Self::build_in(Surroundings { limits, ..Surroundings::default() }, config, roles).await
    }

    /// As [`App::build`], in other surroundings.
    pub async fn build_in(surroundings: Surroundings, config: Config, roles: Roles) -> Result<Self, Error> {
        let Surroundings { limits, clock, clock_was_set } = surroundings;
        let webhooks =
            roles.webhooks.then(|| listeners::bind(Listener::Webhooks, config.webhooks.listen)).transpose()?;
        let admin = listeners::bind(Listener::Admin, config.admin.listen)?;
        let addresses = (webhooks.as_ref().map(|bound| bound.address), admin.address);
        let metrics = Metrics::new()?;
        make_private_folder(&config.data_dir)?;
        let token = admin::token(&config.admin, &config.data_dir)?;
        let new_token = token.newly_made.then(|| token.secret.clone());
        let log = open_log(&config).await?;
        let store = Store::open(&config.data_dir.join("state"), log.identity())?;
        if let Some(aside) = store.set_aside() {
            warn!(moved_to = %aside.display(), "the state store was damaged; it is rebuilt from the log");
        }
        let settings = Settings::new(&config, Arc::clone(&log), Arc::clone(&clock));
        let controls: Arc<dyn Controls> = Arc::new(settings.clone());
        let connections = connect(limits, &config, &clock, &controls, &metrics)?;
        let memory = Memory::open(&store)?;
        let stop_views = CancellationToken::new();
        let views = Views::open(&store)?;
        // Planners ask the views too; only a process that does nothing but take webhooks in has no use for them.
        let keeps_views = roles.engine || roles.admin;
        let mut view_tasks = if keeps_views { views.follow(&log, &stop_views) } else { JoinSet::new() };
        if keeps_views {
            view_tasks.spawn(settings.clone().follow(stop_views.clone()));
            settings.caught_up().await?; // so that no event is decided without the stored schemes
        }
        let mut stages = if roles.engine {
            stages(&config, &connections, &log, &memory, &metrics, &views, &settings)
        } else {
            Vec::new()
        };
        if roles.engine {
            let sources = config.sources.iter().map(|source| source.id.clone()).collect();
            let bells = AppBells { settings: settings.clone(), views: views.clone(), sources };
            let scheduler =
                Scheduler::new(Arc::new(bells), Arc::clone(&log), Arc::clone(&clock), metrics.clone(), clock_was_set);
            stages.push(Stage::Scheduler(scheduler));
        }

        let mut listeners = Listeners::default();
        if let Some(bound) = webhooks {
            let max_body = config.webhooks.max_body;
            let intake = Intake::new(&config.sources, max_body, Arc::clone(&log), Arc::clone(&clock), metrics.clone());
            listeners.webhooks(bound, intake)?;
        }
        let explainer = explainer(&connections, &views, &clock);
        let health = Arc::new(AppHealth::new(Arc::clone(&log), connections));
        let desk = Desk::new(Arc::clone(&log), Arc::clone(&clock));
        let kept_views = keeps_views.then(|| views.clone());
        let parts = admin::Parts { views, settings: settings.clone(), explainer, desk };
        let state = admin::AdminState::new(&config, token.secret, parts, metrics.clone(), health);
        listeners.admin(admin, state, roles.admin)?;
        let (servers, handles) = listeners.start();
        let sources = config.sources;
        let settings = keeps_views.then_some(settings);
        let housekeeping =
            Housekeeping { sources, log: Arc::clone(&log), memory, settings, views: kept_views, metrics, clock };
        Ok(Self {
            webhooks: addresses.0,
            admin: addresses.1,
            new_token,
            servers,
            handles,
            stages,
            views: view_tasks,
            log,
            store,
            stop_stages: CancellationToken::new(),
            stop_views,
            housekeeping,
        })
    }

    /// Where webhooks are taken in, if they are.
    pub fn webhooks_address(&self) -> Option<SocketAddr> {
        self.webhooks
    }

    /// Where administrators are answered.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin
    }

    /// The admin token, if it was made just now: to be shown this once, and not in the log.
    pub fn new_token(&self) -> Option<&Secret> {
        self.new_token.as_ref()
    }

    /// Runs until `stop` is cancelled, then drains: no new deliveries, what was begun is finished, offsets are stored.
    pub async fn run_until_stopped(mut self, stop: CancellationToken) -> Result<(), Error> {
        let mut stages = JoinSet::new();
        let ledger = self.housekeeping.memory.ledger.clone();
        for stage in self.stages.drain(..) {
            let (log, ledger, stop) = (Arc::clone(&self.log), ledger.clone(), self.stop_stages.clone());
            match stage {
                Stage::Planner(planner) => stages.spawn(engine::run(log, ledger, planner, stop)),
                Stage::Executor(executor) => stages.spawn(engine::run(log, ledger, executor, stop)),
                Stage::Sweeper(sweeper) => stages.spawn(engine::run(log, ledger, sweeper, stop)),
                Stage::Scheduler(scheduler) => stages.spawn(scheduler.run(stop)),
                Stage::Feed(feed) => stages.spawn(feed.run(stop)),
            };
        }
        let housekeeping = tokio::spawn(self.housekeeping.run());
        info!(webhooks = self.webhooks.map(tracing::field::display), admin = %self.admin, "usher is running");
        let ended = tokio::select! {
            () = stop.cancelled() => Ok(()),
            Some(server) = self.servers.join_next() => {
                error!(?server, "a listener ended by itself");
                Err(Error::ListenerEnded)
            },
        };
        info!("stopping: no new deliveries, finishing what was begun");
        let (webhooks, admin) = self.handles.split_at(usize::from(self.webhooks.is_some()));
        for handle in webhooks {
            handle.stop(true).await;
        }
        self.stop_stages.cancel();
        while stages.join_next().await.is_some() {}
        housekeeping.abort();
        self.stop_views.cancel();
        while self.views.join_next().await.is_some() {}
        for handle in admin {
            handle.stop(true).await;
        }
        self.log.close().await;
        self.store.flush()?;
        info!("stopped");
        ended
    }
}

fn make_private_folder(path: &Path) -> Result<(), Error> {
    let usable = if path.is_dir() {
        // Creating and removing a file says now, in one line, what would otherwise go wrong later.
        let probe = path.join(".usher-can-write");
        fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe))
    } else {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
    };
    usable.map_err(|error| Error::DataDir { path: path.to_owned(), error })
}

async fn open_log(config: &Config) -> Result<Arc<dyn Log>, Error> {
    Ok(match &config.log {
        LogConfig::Embedded => {
            let dir = config.data_dir.join("log");
            let sources = Some(config.sources.iter().map(|source| source.id.clone()).collect());
            let options = embedded::Options { sources, ..Default::default() };
            let opening = tokio::task::spawn_blocking(move || EmbeddedLog::open(&dir, options));
            Arc::new(opening.await.map_err(|_| Error::Interrupted)??)
        }
        LogConfig::Kafka(kafka) => Arc::new(KafkaLog::open(kafka).await?),
    })
}

fn connect(
    limits: Limits,
    config: &Config,
    clock: &Arc<dyn Clock>,
    controls: &Arc<dyn Controls>,
    metrics: &Metrics,
) -> Result<Vec<Arc<Connection>>, Error> {
    let connect = |source: &crate::config::Source| {
        metrics.begin(source.id.as_str());
        let client = products::connect_within(limits, source, metrics.clone(), Arc::clone(clock))?;
        let (clock, controls) = (Arc::clone(clock), Arc::clone(controls));
        Ok(Connection::new(source.id.clone(), client, source.rate.concurrency, clock, controls, metrics.clone()))
    };
    config.sources.iter().map(connect).collect()
}

fn explainer(connections: &[Arc<Connection>], views: &Views, clock: &Arc<dyn Clock>) -> Explainer {
    let clients = connections.iter().map(|connection| (connection.source.clone(), Arc::clone(&connection.client)));
    Explainer::new(clients, Arc::new(views.clone()), Arc::clone(clock))
}

fn stages(
    config: &Config,
    connections: &[Arc<Connection>],
    log: &Arc<dyn Log>,
    memory: &Memory,
    metrics: &Metrics,
    views: &Views,
    settings: &Settings,
) -> Vec<Stage> {
    let schemes = settings.schemes();
    let overview: Arc<dyn engine::Overview> = Arc::new(views.clone());
    let mut stages = Vec::new();
    for (source, connection) in config.sources.iter().zip(connections) {
        let parts = || (Arc::clone(connection), Arc::clone(log), memory.clone(), metrics.clone());
        let (connection, log, memory, metrics) = parts();
        let planner =
            Planner::new(connection, schemes.clone(), config.mode, log, memory, metrics, Arc::clone(&overview));
        stages.push(Stage::Planner(Arc::new(planner)));
        let (connection, log, memory, metrics) = parts();
        let executor = Executor::new(connection, source.protect.clone(), config.mode, log, memory.ledger, metrics);
        stages.push(Stage::Executor(Arc::new(executor)));
        let (connection, log, _, metrics) = parts();
        stages.extend(Feed::of(source, connection, log, metrics).map(Stage::Feed));
        let (connection, log, memory, metrics) = parts();
        let sweeper = Sweeper::new(connection, log, memory.sweeps, Arc::clone(&overview), metrics);
        stages.push(Stage::Sweeper(Arc::new(sweeper)));
    }
    stages
}
