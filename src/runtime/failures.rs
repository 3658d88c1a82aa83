//! What fails in the work on partitions, and how that goes on, as it is told at `/readyz` and in metrics.

use super::stage::warming::{Restoring, Warming};
use crate::{
    health::{Component, Health},
    metrics::{CountedPartition, Metrics},
};

/// Tells what fails in one stage of one source. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Failures {
    health: Health,
    name: String,
    stage: String,
    source: String,
    metrics: Option<Metrics>,
    /// On its way to its first work, where that is told.
    warming: Option<Warming>,
}

impl Failures {
    /// For `stage` of `source`: `planner acme`. Without `metrics` nothing is counted.
    pub fn new(health: Health, stage: &str, source: &str, metrics: Option<&Metrics>) -> Self {
        let name = format!("{stage} {source}");
        Self {
            health,
            name,
            stage: stage.to_owned(),
            source: source.to_owned(),
            metrics: metrics.cloned(),
            warming: None,
        }
    }

    /// Tells on the way to the first work how far the stage is.
    #[must_use]
    pub fn warming_up(mut self) -> Self {
        self.warming = Some(Warming::new(self.health.warm_up(self.name.clone())));
        self
    }

    /// The group has taken the stage in.
    pub(crate) fn joined(&self) {
        if let Some(warming) = &self.warming {
            warming.joined();
        }
    }

    /// A partition is being read back until what is given is dropped.
    pub(crate) fn restores(&self) -> Option<Restoring> {
        self.warming.as_ref().map(Warming::restores)
    }

    /// The name of the component: `planner acme`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One that fails apart from others of the same name.
    pub fn component(&self) -> Component {
        self.health.component(self.name.clone())
    }

    /// Counts a failure.
    pub fn count(&self) {
        if let Some(metrics) = &self.metrics {
            metrics.partition_failures.with_label_values(&[self.stage.as_str(), self.source.as_str()]).inc();
        }
    }

    /// A partition that comes, counted until it is dropped; none if nothing is counted.
    pub fn partition_comes(&self) -> Option<CountedPartition> {
        Some(self.metrics.as_ref()?.partitions.comes(&self.stage, &self.source))
    }

    /// Counts that the group has shared out its partitions.
    pub fn rebalanced(&self) {
        if let Some(metrics) = &self.metrics {
            metrics.partitions.rebalanced(&self.stage);
        }
    }
}
