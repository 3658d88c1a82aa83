//! The parts of a planner, put together, and what it may be given beside them.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Planner, activity::Activities, counters::PlannerMetrics, mass_creation::MassCreations};
use crate::{
    config::Protect,
    domain::{MassCreation, Mode, Stage},
    engine::{Memory, References, RunQueries, dead_letters::DeadLetters, sweeps::forecast::Forecaster},
    live::Live,
    log::Log,
    metrics::Metrics,
    rules::Schemes,
    runtime::Appender,
    source::{Arrivals, Connection},
};

impl Planner {
    /// A planner for the source of `connection`; `run_queries` shows when the steps of a user's last event have ended.
    /// Each event is decided by the `schemes` of that moment.
    pub fn new(
        connection: Arc<Connection>,
        schemes: watch::Receiver<Arc<Schemes>>,
        mode: impl Into<Live<Mode>>,
        log: Arc<dyn Log>,
        memory: Memory,
        metrics: Metrics,
        run_queries: Arc<dyn RunQueries>,
    ) -> Self {
        let appender = Appender::new(log);
        let dead_letters = DeadLetters {
            stage: Stage::Planner,
            connection: Arc::clone(&connection),
            appender: appender.clone(),
            metrics: metrics.clone(),
        };
        let Memory { ledger, pending, activity, .. } = memory;
        let source = connection.source.clone();
        let activities =
            Activities::new(source, (activity, ledger.clone()), appender.clone(), Arc::clone(&run_queries));
        let mass_creations =
            MassCreations::new(connection.source.clone(), None, Arc::clone(&run_queries), metrics.clone());
        let planner_metrics = PlannerMetrics { has_webhooks: false.into(), metrics };
        Self {
            connection,
            schemes,
            mode: mode.into(),
            appender,
            dead_letters,
            ledger,
            activities,
            run_queries,
            pending,
            forecaster: None,
            references: None,
            mass_creations,
            planner_metrics,
            arrivals: None,
        }
    }

    /// The same, noting in `arrivals` which times of users can't be right.
    #[must_use]
    pub fn noting(mut self, arrivals: Arrivals) -> Self {
        self.arrivals = Some(arrivals);
        self
    }

    /// The same planner, which makes forecasts in sweeps; `protect` has the protected users.
    #[must_use]
    pub fn foretelling(self, protect: impl Into<Live<Protect>>) -> Self {
        let forecaster = Forecaster::new(Arc::clone(&self.connection), protect, self.mode.clone());
        Self { forecaster: Some(forecaster), ..self }
    }

    /// The same planner, with `references` for names in schemes that resolve to a user, and for names that match
    /// nothing.
    #[must_use]
    pub fn referring(mut self, references: Arc<References>) -> Self {
        self.forecaster = self.forecaster.map(|forecaster| forecaster.referring(Arc::clone(&references)));
        self.references = Some(references);
        self
    }

    /// The same planner, which counts unreported creations if the source `has_webhooks`.
    #[must_use]
    pub fn counting_missed(mut self, has_webhooks: impl Into<Live<bool>>) -> Self {
        self.planner_metrics.has_webhooks = has_webhooks.into();
        self
    }

    /// The same, keeping back some steps where more users are created at once than `bound` allows.
    #[must_use]
    pub fn bounding_creations(mut self, bound: impl Into<Live<Option<MassCreation>>>) -> Self {
        self.mass_creations.set_bound(bound);
        self
    }
}
