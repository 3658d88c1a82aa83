//! Makes the parts of one source, and those of all of them.

use std::sync::Arc;

use tokio::{runtime::Handle, sync::Notify};
use tokio_util::sync::CancellationToken;

use crate::{
    admin,
    app::{Roles, schedules::AppSchedules, stages::Stage},
    clock::Clock,
    config::Source,
    domain::{Mode, SourceId},
    engine::{
        AdminCommands, Executor, LiveSource, LookUps, Memory, Planner, References, Register, RunQueries, RunningSource,
        Scheduler, Sweeper, WrittenSchemes,
    },
    explain::Explainer,
    intake::feed::Feed,
    live::Live,
    log::Log,
    metrics::Metrics,
    products::{self, CallSettings, Client, ConnectError, Limits},
    roster::Roster,
    settings::Settings,
    source::{Arrivals, Calls, Connection, Controls, ListRecorder},
    users::Users,
    views::Views,
};

/// The parts of this process from which those of a source are made.
pub(in crate::app) struct Maker {
    pub(in crate::app) roles: Roles,
    pub(in crate::app) limits: Limits,
    pub(in crate::app) look_ups: LookUps,
    /// The number of partitions that processes share; none if this process does all the work.
    pub(in crate::app) partitions: Option<u16>,
    pub(in crate::app) mode: Live<Mode>,
    pub(in crate::app) log: Arc<dyn Log>,
    pub(in crate::app) memory: Memory,
    pub(in crate::app) metrics: Metrics,
    pub(in crate::app) views: Views,
    pub(in crate::app) settings: Settings,
    pub(in crate::app) clock: Arc<dyn Clock>,
    pub(in crate::app) arrivals: Arrivals,
    /// Present if this process keeps the lists of users.
    pub(in crate::app) roster: Option<Roster>,
}

/// A source with its client. Nothing is called yet, and no other part knows of it.
pub(in crate::app) struct PreparedSource {
    source: Source,
    client: Arc<dyn Client>,
    settings: Arc<CallSettings>,
}

impl PreparedSource {
    /// The id.
    pub(in crate::app) fn id(&self) -> &SourceId {
        &self.source.id
    }
}

impl Maker {
    /// The scheduler of schemes of the sources in `register`, which waits for `clock_was_set`; none in a process that does
    /// not decide and act.
    pub(in crate::app) fn scheduler(&self, register: &Register, clock_was_set: Arc<Notify>) -> Option<Stage> {
        let (settings, views, register) = (self.settings.clone(), self.views.clone(), register.clone());
        let schedules = Arc::new(AppSchedules { settings, views, register });
        let (log, clock, metrics) = (Arc::clone(&self.log), Arc::clone(&self.clock), self.metrics.clone());
        let scheduler = Scheduler::new(schedules, log, clock, metrics, clock_was_set);
        self.roles.engine.then(|| Stage::Scheduler(Arc::new(scheduler)))
    }

    /// The parts that answer administrators. Lists of users that they ask for are read in `runtime` until `stop` is
    /// cancelled.
    pub(in crate::app) fn for_administrators(
        &self,
        register: &Register,
        runtime: &Handle,
        stop: &CancellationToken,
    ) -> admin::Parts {
        let (views, clock) = (self.views.clone(), Arc::clone(&self.clock));
        let (runtime, stop) = (runtime.clone(), stop.clone());
        let users = Users::new(self.roster.clone(), views, clock, register.clone(), runtime, stop);
        let seen = Arc::new(self.views.clone());
        admin::Parts {
            log: Arc::clone(&self.log),
            views: self.views.clone(),
            settings: self.settings.clone(),
            explainer: Explainer::new(register.clone(), seen, Arc::clone(&self.clock)),
            commands: AdminCommands::new(Arc::clone(&self.log), Arc::clone(&self.clock)),
            arrivals: self.arrivals.clone(),
            users,
            register: register.clone(),
        }
    }

    /// Makes the client of `source`. May wait for the disk.
    ///
    /// # Errors
    /// [`ConnectError`] if there can be no client, whatever the product answers.
    pub(super) fn prepare(&self, source: &Source) -> Result<PreparedSource, ConnectError> {
        let (metrics, clock) = (self.metrics.clone(), Arc::clone(&self.clock));
        let (client, settings) = products::connect_adjustable(self.limits, source, metrics, clock)?;
        Ok(PreparedSource { source: source.clone(), client, settings })
    }

    /// Connects a source: its names are known, and its metrics begin.
    pub(super) fn connect(&self, prepared: PreparedSource) -> (Source, Arc<RunningSource>) {
        let PreparedSource { source, client, settings } = prepared;
        self.metrics.begin(source.id.as_str());
        let calls = Calls { client, settings: Some(settings), rate: source.rate, partitions: self.partitions };
        let controls: Arc<dyn Controls> = Arc::new(self.settings.clone());
        let (clock, metrics) = (Arc::clone(&self.clock), self.metrics.clone());
        let connection = Connection::adjustable(source.id.clone(), calls, clock, controls, metrics);
        if let Some(roster) = &self.roster {
            let recorder: Arc<dyn ListRecorder> = Arc::new(roster.clone());
            connection.record_lists(recorder);
        }
        let (live, schemes) = (LiveSource::from(&source), Arc::new(self.settings.clone()) as Arc<dyn WrittenSchemes>);
        let (protect, metrics) = (live.protect.clone(), self.metrics.clone());
        let (connected, product) = (Arc::clone(&connection), source.product);
        let references = References::new(connected, product, protect, schemes, self.look_ups, metrics);
        (source, Arc::new(RunningSource { connection, references, live }))
    }

    /// The stages of `source` in a process with these roles: with the engine three and the feed, if it has one; and the
    /// look-ups of names.
    pub(super) fn stages(&self, source: &Source, running: &RunningSource) -> Vec<Stage> {
        let Roles { engine, admin, webhooks: _ } = self.roles;
        let of_engine = if engine { self.of_engine(source, running) } else { Vec::new() };
        let look_ups = (engine || admin).then(|| Stage::LookUps(Arc::clone(&running.references)));
        of_engine.into_iter().chain(look_ups).collect()
    }

    fn of_engine(&self, source: &Source, running: &RunningSource) -> Vec<Stage> {
        let RunningSource { connection, references, live } = running;
        let run_queries: Arc<dyn RunQueries> = Arc::new(self.views.clone());
        let (schemes, mode) = (self.settings.schemes(), &self.mode);
        let parts = || (Arc::clone(connection), Arc::clone(&self.log), self.memory.clone(), self.metrics.clone());
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
}
