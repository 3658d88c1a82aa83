//! What the probes are told.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;

use super::Shutdown;
use crate::{
    admin::{Readiness, SourceHealth, SourceState, Wait},
    engine::{self, Connection},
    health::Health,
    log::Log,
};

/// Knows the log, the components, the sources, and whether the process ends.
pub(super) struct AppHealth {
    log: Arc<dyn Log>,
    components: Health,
    connections: Vec<Arc<Connection>>,
    shutdown: Shutdown,
}

impl AppHealth {
    pub(super) fn new(
        log: Arc<dyn Log>,
        components: Health,
        connections: Vec<Arc<Connection>>,
        shutdown: Shutdown,
    ) -> Self {
        Self { log, components, connections, shutdown }
    }
}

#[async_trait]
impl Readiness for AppHealth {
    async fn waiting_for(&self) -> Vec<Wait> {
        if self.shutdown.has_begun() {
            return vec![Wait::stopping()]; // the log may be closed already
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::testing::MemoryLog;

    #[tokio::test]
    async fn a_process_is_not_ready_from_the_moment_on_that_it_is_told_to_stop() {
        let shutdown = Shutdown::default();
        let health = AppHealth::new(MemoryLog::new(), Health::default(), Vec::new(), shutdown.clone());
        assert_eq!(health.waiting_for().await, []);
        shutdown.begin();
        assert_eq!(health.waiting_for().await, [Wait::stopping()]);
    }
}
