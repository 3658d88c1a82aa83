//! Applies a changed configuration to the running parts.

use std::sync::Arc;

use crate::{
    admin::Shown,
    clock::Clock,
    config::{Config, Protect, Source},
    domain::{MassCreation, Mode},
    intake::Senders,
    live::Live,
    metrics::Metrics,
    products::{ConnectError, Prepared},
    reload::{NotApplied, Reloader, Start, Target},
    settings::Settings,
    source::Connection,
};

/// The values of a configuration that the engine takes as they are at the moment.
pub(super) struct LiveConfig {
    pub(super) mode: Live<Mode>,
    /// In the order of the sources.
    pub(super) sources: Vec<LiveSource>,
}

/// Those of one source.
pub(super) struct LiveSource {
    pub(super) protect: Live<Protect>,
    pub(super) mass_creation: Live<Option<MassCreation>>,
    pub(super) has_webhooks: Live<bool>,
}

impl LiveConfig {
    pub(super) fn of(config: &Config) -> Self {
        let source = |source: &Source| LiveSource {
            protect: source.protect.clone().into(),
            mass_creation: source.mass_creation.into(),
            has_webhooks: source.webhook.is_set_up().into(),
        };
        Self { mode: config.mode.into(), sources: config.sources.iter().map(source).collect() }
    }
}

/// The parts of a running app that hold values of the configuration.
pub(super) struct Parts {
    live: LiveConfig,
    /// In the order of the sources.
    connections: Vec<Arc<Connection>>,
    /// Present if this process takes webhooks in.
    senders: Option<Arc<Senders>>,
    settings: Settings,
    shown: Shown,
    /// The sources for housekeeping.
    sources: Live<Vec<Source>>,
}

impl Parts {
    pub(super) fn new(
        live: LiveConfig,
        connections: Vec<Arc<Connection>>,
        senders: Option<Arc<Senders>>,
        (settings, shown): (Settings, Shown),
        sources: Live<Vec<Source>>,
    ) -> Self {
        Self { live, connections, senders, settings, shown, sources }
    }

    /// The reloader for the configuration with the origin `start`; `running` is in use. None if it can't be read again.
    pub(super) fn reloader(
        self,
        start: Option<Start>,
        running: &Config,
        metrics: &Metrics,
        clock: &Arc<dyn Clock>,
    ) -> Option<Arc<Reloader>> {
        let Some(start) = start else {
            metrics.config.loaded("unknown", clock.now());
            return None;
        };
        Some(Reloader::new(start, running.clone(), Arc::new(self), metrics.clone(), Arc::clone(clock)))
    }
}

impl Target for Parts {
    fn apply(&self, running: &Config, next: &Config) -> Result<(), NotApplied> {
        let prepared = self.prepare(next)?; // all that can fail comes first
        if next.mode == Mode::Observe {
            self.live.mode.replace(next.mode); // before anything that lets more be done
        }
        self.change_sources(next, prepared);
        if let Some(senders) = &self.senders {
            senders.replace(&next.sources);
        }
        self.settings.provide(next.schemes.clone());
        self.shown.replace(next);
        self.sources.replace(next.sources.clone());
        self.live.mode.replace(next.mode);
        self.have_judged_anew(running, next);
        Ok(())
    }
}

impl Parts {
    /// The new call settings of each source, in the order of the sources.
    fn prepare(&self, next: &Config) -> Result<Vec<Option<Prepared>>, NotApplied> {
        let prepare = |(connection, source): (&Arc<Connection>, &Source)| {
            let refused =
                |error: ConnectError| NotApplied { key: format!("sources.{}", source.id), why: error.to_string() };
            connection.settings().map(|settings| settings.prepare(source)).transpose().map_err(refused)
        };
        self.connections.iter().zip(&next.sources).map(prepare).collect()
    }

    fn change_sources(&self, next: &Config, prepared: Vec<Option<Prepared>>) {
        let parts = self.connections.iter().zip(&self.live.sources);
        for ((connection, live), (source, prepared)) in parts.zip(next.sources.iter().zip(prepared)) {
            live.protect.replace(source.protect.clone());
            live.mass_creation.replace(source.mass_creation);
            live.has_webhooks.replace(source.webhook.is_set_up());
            if let (Some(settings), Some(prepared)) = (connection.settings(), prepared) {
                settings.change(prepared);
            }
            connection.set_rate(source.rate);
        }
    }

    /// Steps that were judged with the old settings, and are not sent yet, are judged again.
    fn have_judged_anew(&self, running: &Config, next: &Config) {
        let is_changed = |before: &Source, after: &Source| {
            before.auth != after.auth || before.transport != after.transport || before.protect != after.protect
        };
        for (connection, (before, after)) in self.connections.iter().zip(running.sources.iter().zip(&next.sources)) {
            if running.mode != next.mode || is_changed(before, after) {
                connection.revise();
            }
        }
    }
}
