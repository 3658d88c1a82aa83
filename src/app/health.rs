//! What the probes are told.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    admin::{Readiness, SourceHealth, SourceState, Wait},
    engine::{Connection, Health},
    log::Log,
};

/// Knows the log and the sources.
pub(super) struct AppHealth {
    log: Arc<dyn Log>,
    connections: Vec<Arc<Connection>>,
}

impl AppHealth {
    pub(super) fn new(log: Arc<dyn Log>, connections: Vec<Arc<Connection>>) -> Self {
        Self { log, connections }
    }
}

#[async_trait]
impl Readiness for AppHealth {
    async fn waiting_for(&self) -> Vec<Wait> {
        self.log.ready().await.err().map(|error| Wait::new("log", error.to_string())).into_iter().collect()
    }

    fn sources(&self) -> Vec<SourceHealth> {
        let health = |connection: &Arc<Connection>| {
            let (state, why, since) = match connection.health() {
                Health::Running => (SourceState::Running, None, None),
                Health::Unreachable { why, since } => (SourceState::Unreachable, Some(why), Some(since)),
                Health::Halted { why, since } => (SourceState::Halted, Some(why), Some(since)),
            };
            SourceHealth { source: connection.source.clone(), state, why, since }
        };
        self.connections.iter().map(health).collect()
    }
}
