//! The parts that are there before the log: both ports, the data folder, the admin token, and answers to probes.

use std::{net::SocketAddr, sync::Arc};

use actix_web::web;

use crate::{
    admin::{self, ListenerState, Readiness},
    app::{
        Error, Listener, NewToken, Roles, Shutdown, data_folder,
        health::AppHealth,
        listeners::{self, Bound, Listeners},
    },
    config::{Config, LogConfig},
    console::Console,
    engine::Register,
    health::Health,
    metrics::Metrics,
    secret::Secret,
};

/// See the module.
pub(in crate::app) struct Front {
    /// The address for webhooks, if they are taken in.
    pub(in crate::app) webhooks: Option<Bound>,
    /// The address of probes.
    pub(in crate::app) admin: SocketAddr,
    pub(in crate::app) listeners: Listeners,
    /// Opened when the API can be answered.
    pub(in crate::app) listener: web::Data<ListenerState>,
    pub(in crate::app) readiness: Arc<AppHealth>,
    /// Empty until sources are connected.
    pub(in crate::app) register: Register,
    pub(in crate::app) health: Health,
    pub(in crate::app) metrics: Metrics,
    pub(in crate::app) token: Secret,
    pub(in crate::app) new_token: Option<NewToken>,
    pub(in crate::app) data_folder: data_folder::DataFolder,
}

impl Front {
    /// Takes both ports, then the data folder, and answers probes.
    ///
    /// # Errors
    /// `Error` names the part that can't be set up.
    pub(in crate::app) fn open(config: &Config, roles: Roles, shutdown: &Shutdown) -> Result<Self, Error> {
        let webhooks =
            roles.webhooks.then(|| listeners::bind(Listener::Webhooks, config.webhooks.listen)).transpose()?;
        if let (Some(bound), LogConfig::Embedded) = (&webhooks, &config.log) {
            // The start takes a moment: senders wait that long. Kafka may be away for hours, in which they are refused.
            bound.listen()?;
        }
        let bound = listeners::bind(Listener::Admin, config.admin.listen)?;
        bound.listen()?; // before anything is made: of two that listen on a port the second one is refused here
        let admin = bound.address;
        let (metrics, health) = (Metrics::new()?, Health::default());
        // Before the log is there: alerts are to see 0 and not nothing while Kafka is away.
        config.sources.iter().for_each(|source| metrics.begin(source.id.as_str()));
        let data_folder = data_folder::open(&config.data_dir)?;
        let token = admin::token(&config.admin, &config.data_dir)?;
        let new_token = token.newly_made.then(|| NewToken::of(&token.secret, &config.data_dir));
        let register = Register::default();
        let readiness = Arc::new(AppHealth::new(health.clone(), roles, register.clone(), shutdown.clone()));
        let listener = ListenerState::new(Arc::clone(&readiness) as Arc<dyn Readiness>, metrics.clone());
        let (listener, mut listeners) = (web::Data::new(listener), Listeners::default());
        let console = || Console::new(config, &config.data_dir, admin, web::Data::clone(&listener)).map(web::Data::new);
        let console = roles.admin.then(console).transpose()?;
        listeners.admin(bound, web::Data::clone(&listener), console, metrics.clone())?;
        let token = token.secret;
        Ok(Self {
            webhooks,
            admin,
            listeners,
            listener,
            readiness,
            register,
            health,
            metrics,
            token,
            new_token,
            data_folder,
        })
    }
}
