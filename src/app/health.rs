//! What the probes are told.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;

use crate::{
    admin::{Readiness, SourceHealth, SourceState, Wait},
    engine::{self, Connection},
    health::Health,
    log::Log,
};

/// Knows the log, the components and the sources.
pub(super) struct AppHealth {
    log: Arc<dyn Log>,
    components: Health,
    connections: Vec<Arc<Connection>>,
}

impl AppHealth {
    pub(super) fn new(log: Arc<dyn Log>, components: Health, connections: Vec<Arc<Connection>>) -> Self {
        Self { log, components, connections }
    }
}

#[async_trait]
impl Readiness for AppHealth {
    async fn waiting_for(&self) -> Vec<Wait> {
        let log = self.log.ready().await.err().map(|error| Wait::new("log", &error.to_string()));
        let components = self.components.failing().into_iter().map(|(what, why)| Wait::new(what, &why));
        log.into_iter().chain(components).collect()
    }

    fn components(&self) -> BTreeMap<String, bool> {
        self.components.components()
    }

    fn sources(&self) -> Vec<SourceHealth> {
        let health = |connection: &Arc<Connection>| {
            let (state, why, since) = match connection.health() {
                engine::Health::Running => (SourceState::Running, None, None),
                engine::Health::Unreachable { why, since } => (SourceState::Unreachable, Some(why), Some(since)),
                engine::Health::Halted { why, since } => (SourceState::Halted, Some(why), Some(since)),
            };
            SourceHealth { source: connection.source.clone(), state, why, since }
        };
        self.connections.iter().map(health).collect()
    }
}
