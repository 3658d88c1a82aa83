//! The stages of the engine, each a supervised task.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::supervisor::Supervisor;
use crate::{
    engine::{Executor, Planner, References, Scheduler, Sweeper},
    health::Health,
    intake::feed::Feed,
    log::Log,
    runtime::{self, Handler as _},
    store::Ledger,
};

/// A stage, not yet running.
#[derive(Clone)]
pub(super) enum Stage {
    Planner(Arc<Planner>),
    Executor(Arc<Executor>),
    Sweeper(Arc<Sweeper>),
    Scheduler(Arc<Scheduler>),
    Feed(Arc<Feed>),
    LookUps(Arc<References>),
}

impl Stage {
    /// Runs it among `tasks`, supervised, until `stop` is cancelled.
    pub(super) fn spawn(
        self,
        tasks: &mut JoinSet<()>,
        supervisor: &Supervisor,
        log: Arc<dyn Log>,
        ledger: Ledger,
        stop: CancellationToken,
    ) {
        let (name, health, until) = (self.name(), supervisor.health.clone(), stop.clone());
        let make = move || self.clone().run(Arc::clone(&log), ledger.clone(), health.clone(), until.clone());
        tasks.spawn_on(supervisor.clone().run(name, stop, make), &supervisor.runtime);
    }

    async fn run(self, log: Arc<dyn Log>, ledger: Ledger, health: Health, stop: CancellationToken) {
        match self {
            Self::Planner(planner) => runtime::run(log, ledger, planner, health, stop).await,
            Self::Executor(executor) => runtime::run(log, ledger, executor, health, stop).await,
            Self::Sweeper(sweeper) => runtime::run(log, ledger, sweeper, health, stop).await,
            Self::Scheduler(scheduler) => scheduler.run(health, stop).await,
            Self::Feed(feed) => feed.run(health, stop).await,
            Self::LookUps(references) => references.run(stop).await,
        }
    }

    /// The name: `planner acme`.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Planner(planner) => format!("planner {}", planner.source()),
            Self::Executor(executor) => format!("executor {}", executor.source()),
            Self::Sweeper(sweeper) => format!("sweeper {}", sweeper.source()),
            Self::Scheduler(_) => "scheduler".to_owned(),
            Self::Feed(feed) => format!("feed {}", feed.source()),
            Self::LookUps(references) => format!("references {}", references.source()),
        }
    }
}
