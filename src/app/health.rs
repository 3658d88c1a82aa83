//! The state that the probes show.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;

use super::{Roles, Shutdown};
use crate::{
    admin::{Readiness, SourceHealth, SourceState, Wait},
    engine::{Register, RunningSource},
    health::Health,
    log::Log,
    source,
};

/// Knows the log, the components, the sources, and whether the process ends. The log is set when it is there.
pub(super) struct AppHealth {
    log: OnceLock<Arc<dyn Log>>,
    components: Health,
    /// Whether parts that have not worked yet make the process not ready.
    waits_for_warm_ups: bool,
    register: Register,
    shutdown: Shutdown,
}

impl AppHealth {
    /// For a process with `roles`. A process that takes webhooks in is ready before its other parts are warm: it must
    /// not refuse deliveries while it reads back. See docs/decisions/0025-ready-by-role.md.
    pub(super) fn new(components: Health, roles: Roles, register: Register, shutdown: Shutdown) -> Self {
        let waits_for_warm_ups = !roles.webhooks;
        Self { log: OnceLock::new(), components, waits_for_warm_ups, register, shutdown }
    }

    fn warm_ups(&self) -> Vec<Wait> {
        self.components.warming_up().into_iter().map(|(what, why)| Wait::new(what, &why)).collect()
    }

    /// The log is open. From now on it is asked itself.
    pub(super) fn opened(&self, log: Arc<dyn Log>) {
        // A process opens one log: an error means that it is set already.
        let _told = self.log.set(log);
    }

    /// Why no record would be taken now, as far as the log itself tells. Before it is open, a component says why.
    async fn log(&self) -> Option<Wait> {
        let error = self.log.get()?.ready().await.err()?;
        Some(Wait::new("log", &error.to_string()))
    }
}

#[async_trait]
impl Readiness for AppHealth {
    async fn waiting_for(&self) -> Vec<Wait> {
        if self.shutdown.has_begun() {
            return vec![Wait::stopping()]; // the log may be closed already
        }
        let log = self.log().await;
        let components = self.components.failing().into_iter().map(|(what, why)| Wait::new(what, &why));
        let warm_ups = if self.waits_for_warm_ups { self.warm_ups() } else { Vec::new() };
        log.into_iter().chain(components).chain(warm_ups).collect()
    }

    fn warming_up(&self) -> Vec<Wait> {
        if self.waits_for_warm_ups { Vec::new() } else { self.warm_ups() }
    }

    fn components(&self) -> BTreeMap<String, bool> {
        self.components.components()
    }

    fn sources(&self) -> Vec<SourceHealth> {
        let health = |running: &Arc<RunningSource>| {
            let connection = &running.connection;
            let (state, why, since) = match connection.health() {
                source::Health::Running => (SourceState::Running, None, None),
                source::Health::Unreachable { why, since } => (SourceState::Unreachable, Some(why), Some(since)),
                source::Health::Halted { why, since } => (SourceState::Halted, Some(why), Some(since)),
            };
            SourceHealth { source: connection.source.clone(), state, why, since }
        };
        self.register.all().iter().map(health).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::testing::MemoryLog;

    #[tokio::test]
    async fn a_process_is_not_ready_from_the_moment_on_that_it_is_told_to_stop() {
        let shutdown = Shutdown::default();
        let health = AppHealth::new(Health::default(), Roles::ALL, Register::default(), shutdown.clone());
        health.opened(MemoryLog::new());
        assert_eq!(health.waiting_for().await, []);
        shutdown.begin();
        assert_eq!(health.waiting_for().await, [Wait::stopping()]);
    }
    #[tokio::test]
    async fn what_has_not_worked_yet_is_waited_for_where_no_webhooks_are_taken_in() {
        let (components, engine) = (Health::default(), Roles { webhooks: false, engine: true, admin: false });
        let alone = AppHealth::new(components.clone(), engine, Register::default(), Shutdown::default());
        let together = AppHealth::new(components.clone(), Roles::ALL, Register::default(), Shutdown::default());
        for health in [&alone, &together] {
            health.opened(MemoryLog::new());
        }
        let warm_up = components.warm_up("planner acme");
        warm_up.report("its group is not joined yet");
        let wait = Wait::new("planner acme", "its group is not joined yet");
        assert_eq!((alone.waiting_for().await, alone.warming_up()), (vec![wait.clone()], vec![]));
        assert_eq!((together.waiting_for().await, together.warming_up()), (vec![], vec![wait]));
        warm_up.done();
        assert_eq!((alone.waiting_for().await, together.warming_up()), (vec![], vec![]));
    }
}
