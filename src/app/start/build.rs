//! All parts of usher, built in the order in which they need each other.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    catching_up,
    connecting::{self, open_log},
    front::Front,
    greeting, roster, waiting,
};
use crate::{
    admin,
    app::{
        App, Error, Roles, Surroundings,
        background::Background,
        following, reloading,
        schedules::AppSchedules,
        sources::{Maker, Sources},
        stages::Stage,
        supervisor::Supervisor,
        upkeep::{self, housekeeping::Housekeeping},
    },
    config::{Config, LogConfig},
    engine::{AdminCommands, Memory, Scheduler},
    explain::Explainer,
    health::Health,
    live::Live,
    log::Log,
    products::Limits,
    settings::Settings,
    source::Arrivals,
    store::Store,
    users::Users,
    views::Views,
};

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
        greeting::starts(&config, roles);
        let front = Front::open(&config, roles, &surroundings.shutdown)?;
        let Surroundings { limits, clock, clock_was_set, look_ups, shutdown, start } = surroundings;
        let Front { webhooks, mut listeners, readiness, register, health, metrics, .. } = front;
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
        let (stop_stages, stop_views) = (CancellationToken::new(), CancellationToken::new());
        let memory = Memory::open(&store)?;
        let views = Views::open(&store)?.telling(memory.pending.clone());
        metrics.storage.store_rebuilds.inc_by(u64::from(store.is_rebuilt() || views.are_rebuilt()));
        let roster = roster::open(&config, roles, &store)?;
        let background = Background::start().map_err(Error::Threads)?;
        let supervisor =
            Supervisor { health: health.clone(), shutdown: shutdown.clone(), runtime: background.handle().clone() };
        let (mode, arrivals) = (Live::new(config.mode), Arrivals::new([], metrics.clone(), Arc::clone(&clock)));
        let maker = Maker {
            roles,
            limits,
            look_ups,
            partitions: matches!(config.log, LogConfig::Kafka(_)).then(|| log.partitions()),
            mode: mode.clone(),
            log: Arc::clone(&log),
            memory: memory.clone(),
            metrics: metrics.clone(),
            views: views.clone(),
            settings: settings.clone(),
            clock: Arc::clone(&clock),
            arrivals: arrivals.clone(),
            roster: roster.clone(),
        };
        let sources = Arc::new(Sources::new(maker, register.clone(), supervisor.clone(), stop_stages.clone()));
        put_all(&sources, &config).await?;
        // Planners ask the views too; only a process that does nothing but take webhooks in has no use for them.
        let keeps_views = roles.engine || roles.admin;
        let (mut view_tasks, mut senders) = (JoinSet::new(), None);
        if keeps_views {
            view_tasks = following::follow(&supervisor, &views, &settings, &log, &stop_views);
            catching_up::begin(&mut view_tasks, roles, &views, &log, &health, &stop_views);
            waiting::for_settings(&starting, &settings).await?;
        }
        let scheduler = roles.engine.then(|| {
            let schedules =
                AppSchedules { settings: settings.clone(), views: views.clone(), register: register.clone() };
            let (log, clock, metrics) = (Arc::clone(&log), Arc::clone(&clock), metrics.clone());
            Stage::Scheduler(Arc::new(Scheduler::new(Arc::new(schedules), log, clock, metrics, clock_was_set)))
        });
        if let Some(bound) = webhooks {
            let intake = connecting::intake(&config, &log, &clock, &metrics, &arrivals);
            senders = Some(listeners.webhooks(bound, intake, shutdown.clone(), metrics.clone())?);
        }
        let users = Users::new(
            roster.clone(),
            views.clone(),
            Arc::clone(&clock),
            register.clone(),
            background.handle().clone(),
            stop_views.clone(),
        );
        let explainer = Explainer::new(register.clone(), Arc::new(views.clone()), Arc::clone(&clock));
        let commands = AdminCommands::new(Arc::clone(&log), Arc::clone(&clock));
        let kept_views = keeps_views.then(|| views.clone());
        let (stored, log_now) = (settings.clone(), Arc::clone(&log));
        let parts =
            admin::Parts { log: log_now, views, settings: stored, explainer, commands, arrivals, users, register };
        let state = admin::AdminState::new(&config, front.token, parts, metrics.clone(), readiness);
        let holders = (settings.clone(), front.listener.open(state));
        let configured = Live::new(config.sources.clone());
        let parts = reloading::Parts::new(mode, Arc::clone(&sources), senders, holders, configured.clone());
        let reloader = parts.reloader(start, &config, &metrics, &clock);
        let housekeeping = Arc::new(Housekeeping {
            data_dir: config.data_dir,
            sources: configured,
            log: Arc::clone(&log),
            memory,
            settings: keeps_views.then_some(settings),
            views: kept_views,
            roster,
            metrics,
            clock,
            on_kafka: matches!(config.log, LogConfig::Kafka(_)),
        });
        Ok(Self {
            webhooks: webhooks_address,
            admin: front.admin,
            new_token: front.new_token,
            listeners,
            sources,
            scheduler,
            views: view_tasks,
            log,
            supervisor,
            background,
            shutdown,
            store,
            _data_folder: front.data_folder,
            stop_stages,
            stop_views,
            housekeeping,
            reloader,
        })
    }
}

/// Puts all sources of `config` in. Nothing is called yet.
async fn put_all(sources: &Sources, config: &Config) -> Result<(), Error> {
    let prepared = config.sources.iter().map(|source| sources.prepare(source)).collect::<Result<Vec<_>, _>>()?;
    for source in prepared {
        sources.put(source).await;
    }
    Ok(())
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
