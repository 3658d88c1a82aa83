//! All parts of usher, built in the order in which they need each other.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

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
        following,
        reloading::{self, Applied},
        sources::{Maker, Sources},
        supervisor::Supervisor,
        upkeep::{self, housekeeping::Housekeeping},
    },
    config::{Config, LogConfig},
    engine::Memory,
    health::Health,
    live::Live,
    log::Log,
    metrics::Metrics,
    products::Limits,
    sealed::{self, SecretsKey},
    settings::Settings,
    source::Arrivals,
    store::Store,
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
        settings.seal_by(secrets_key(&config)?);
        let (stop_stages, stop_views) = (CancellationToken::new(), CancellationToken::new());
        let (memory, views) = remembered(&store, &metrics)?;
        let background = Background::start().map_err(Error::Threads)?;
        let supervisor = Supervisor::new(&health, &shutdown, background.handle());
        // Planners ask the views too; only a process that does nothing but take webhooks in has no use for them.
        let keeps_views = roles.engine || roles.admin;
        let followed = keeps_views.then_some(&views);
        let mut view_tasks = following::follow(&supervisor, followed, &settings, &log, &stop_views);
        catching_up::begin(&mut view_tasks, roles, &views, &log, &health, &stop_views);
        // Before a source is connected: the settings have sources too.
        waiting::for_settings(&starting, &settings).await?;
        let (file, config) = (config.clone(), reloading::whole(&config, &settings));
        retire_others(&file, &settings, log.as_ref());
        let roster = roster::open(&config, roles, &store)?;
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
        let scheduler = maker.scheduler(&register, clock_was_set);
        let parts = maker.for_administrators(&register, background.handle(), &stop_views);
        let sources = Arc::new(Sources::new(maker, register, supervisor.clone(), stop_stages.clone()));
        let config = put_all(&sources, &file, config).await?;
        let mut senders = None;
        if let Some(bound) = webhooks {
            let intake = connecting::intake(&config, &log, &clock, &metrics, &arrivals);
            senders = Some(listeners.webhooks(bound, intake, shutdown.clone(), metrics.clone())?);
        }
        let configured = Live::new(config.sources.clone());
        let applied = Arc::new(reloading::Parts {
            mode,
            sources: Arc::clone(&sources),
            senders,
            settings: settings.clone(),
            shown: front.listener.open(admin::AdminState::new(&config, front.token, parts, metrics.clone(), readiness)),
            configured: configured.clone(),
            applied: Mutex::new(Applied { file: file.clone(), whole: config.clone() }),
        });
        let reloader = reloading::reloader(&applied, start, &file, &metrics, &clock);
        let housekeeping = Arc::new(Housekeeping {
            data_dir: config.data_dir,
            sources: configured,
            log: Arc::clone(&log),
            memory,
            settings: keeps_views.then_some(settings),
            views: keeps_views.then_some(views),
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
            applied,
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

/// Has `log` keep nothing for sources that are no more. What a source has left undone waits for it, also while its
/// secrets can't be opened.
fn retire_others(file: &Config, settings: &Settings, log: &dyn Log) {
    let of_file = file.sources.iter().map(|source| source.id.clone());
    log.retire_other_sources(&of_file.chain(settings.stored_source_ids()).collect());
}

/// Puts all sources of `config` in, and gives it without those that can't be set up. Nothing is called yet.
///
/// # Errors
/// [`Error::Connect`] if a source of `file` can't be set up. A stored one is left out: it must not keep usher from
/// starting, by which it could be mended.
async fn put_all(sources: &Sources, file: &Config, mut config: Config) -> Result<Config, Error> {
    let mut prepared = Vec::new();
    for source in std::mem::take(&mut config.sources) {
        match sources.prepare(&source) {
            Ok(ready) => {
                prepared.push(ready);
                config.sources.push(source);
            }
            Err(error) if file.sources.iter().any(|of_file| of_file.id == source.id) => return Err(error.into()),
            Err(error) => error!(source.id = %source.id, %error, "a stored source can't be set up"),
        }
    }
    for source in prepared {
        sources.put(source).await;
    }
    Ok(config)
}

/// The key for the secrets of stored sources. Replicas must share it, so that usher makes one for the embedded log alone.
fn secrets_key(config: &Config) -> Result<Option<Arc<SecretsKey>>, Error> {
    let key = match (&config.secrets_key, &config.log) {
        (Some(text), _) => SecretsKey::parse(text).ok(), // it was checked when it was read
        (None, LogConfig::Embedded) => Some(sealed::key_in(&config.data_dir)?),
        (None, LogConfig::Kafka(_)) => None,
    };
    Ok(key.map(Arc::new))
}

/// The memory of the stages and the views, as far as `store` has them.
///
/// # Errors
/// [`Error`] if they can't be opened.
fn remembered(store: &Store, metrics: &Metrics) -> Result<(Memory, Views), Error> {
    let memory = Memory::open(store)?;
    let views = Views::open(store)?.telling(memory.pending.clone());
    metrics.storage.store_rebuilds.inc_by(u64::from(store.is_rebuilt() || views.are_rebuilt()));
    Ok((memory, views))
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
