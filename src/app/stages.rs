//! The stages of the engine: built, then run.

use std::sync::Arc;

use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

use super::{
    reloading::{LiveConfig, LiveSource},
    schedules::AppSchedules,
    supervisor::Supervisor,
};
use crate::{
    clock::Clock,
    config::{Config, Source},
    engine::{Executor, Memory, Planner, References, RunQueries, Scheduler, Sweeper},
    health::Health,
    intake::feed::Feed,
    log::Log,
    metrics::Metrics,
    runtime::{self, Handler as _},
    settings::Settings,
    source::{Arrivals, Connection},
    store::Ledger,
    views::Views,
};

/// A stage, not yet running.
#[derive(Clone)]
pub(super) enum Stage {
    Planner(Arc<Planner>),
    Executor(Arc<Executor>),
    Sweeper(Arc<Sweeper>),
    Scheduler(Arc<Scheduler>),
    Feed(Arc<Feed>),
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
        tasks.spawn(supervisor.clone().run(name, stop, make));
    }

    async fn run(self, log: Arc<dyn Log>, ledger: Ledger, health: Health, stop: CancellationToken) {
        match self {
            Self::Planner(planner) => runtime::run(log, ledger, planner, health, stop).await,
            Self::Executor(executor) => runtime::run(log, ledger, executor, health, stop).await,
            Self::Sweeper(sweeper) => runtime::run(log, ledger, sweeper, health, stop).await,
            Self::Scheduler(scheduler) => scheduler.run(health, stop).await,
            Self::Feed(feed) => feed.run(health, stop).await,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Planner(planner) => format!("planner {}", planner.source()),
            Self::Executor(executor) => format!("executor {}", executor.source()),
            Self::Sweeper(sweeper) => format!("sweeper {}", sweeper.source()),
            Self::Scheduler(_) => "scheduler".to_owned(),
            Self::Feed(feed) => format!("feed {}", feed.source()),
        }
    }
}

/// The parts from which stages are made.
pub(super) struct Parts<'p> {
    pub(super) config: &'p Config,
    /// The parts of the configuration that may change.
    pub(super) live: &'p LiveConfig,
    /// In the order of its sources.
    pub(super) references: &'p [Arc<References>],
    pub(super) log: &'p Arc<dyn Log>,
    pub(super) memory: &'p Memory,
    pub(super) metrics: &'p Metrics,
    pub(super) views: &'p Views,
    pub(super) settings: &'p Settings,
    pub(super) clock: &'p Arc<dyn Clock>,
    pub(super) arrivals: &'p Arrivals,
}

impl Parts<'_> {
    /// All stages: three for each source, a feed if it has one, and the scheduler, which waits for `clock_was_set`.
    pub(super) fn stages(&self, connections: &[Arc<Connection>], clock_was_set: Arc<Notify>) -> Vec<Stage> {
        let sources = self.config.sources.iter().zip(&self.live.sources).zip(connections).zip(self.references);
        let of_sources = sources.flat_map(|(((source, live), connection), references)| {
            self.of_source(source, live, connection, references)
        });
        of_sources.chain([Stage::Scheduler(Arc::new(self.scheduler(clock_was_set)))]).collect()
    }

    fn of_source(
        &self,
        source: &Source,
        live: &LiveSource,
        connection: &Arc<Connection>,
        references: &Arc<References>,
    ) -> Vec<Stage> {
        let run_queries: Arc<dyn RunQueries> = Arc::new(self.views.clone());
        let (schemes, mode) = (self.settings.schemes(), &self.live.mode);
        let parts = || (Arc::clone(connection), Arc::clone(self.log), self.memory.clone(), self.metrics.clone());
        let (connection, log, memory, metrics) = parts();
        let planner =
            Planner::new(connection, schemes.clone(), mode.clone(), log, memory, metrics, Arc::clone(&run_queries))
                .counting_missed(live.has_webhooks.clone())
                .bounding_creations(live.mass_creation.clone())
                .noting(self.arrivals.clone())
                .foretelling(live.protect.clone())
                .referring(Arc::clone(references));
        let (connection, log, memory, metrics) = parts();
        let executor = Executor::new(connection, live.protect.clone(), mode.clone(), log, memory.ledger, metrics)
            .referring(Arc::clone(references));
        let (connection, log, memory, metrics) = parts();
        let (known, every) = (Arc::new(self.views.clone()), source.reconcile.map(|reconcile| reconcile.every));
        let sweeper = Sweeper::new(connection, log, memory.sweeps, run_queries, metrics)
            .of_product(source.product)
            .reconciling(known, schemes, every);
        let (connection, log, _, metrics) = parts();
        let feed = Feed::of(source, connection, log, metrics, self.arrivals.clone()).map(Stage::Feed);
        let three =
            [Stage::Planner(Arc::new(planner)), Stage::Executor(Arc::new(executor)), Stage::Sweeper(Arc::new(sweeper))];
        three.into_iter().chain(feed).collect()
    }

    fn scheduler(&self, clock_was_set: Arc<Notify>) -> Scheduler {
        let sources = self.config.sources.iter().map(|source| source.id.clone()).collect();
        let schedules = AppSchedules { settings: self.settings.clone(), views: self.views.clone(), sources };
        let (log, clock, metrics) = (Arc::clone(self.log), Arc::clone(self.clock), self.metrics.clone());
        Scheduler::new(Arc::new(schedules), log, clock, metrics, clock_was_set)
    }
}
