//! Failures in the work on partitions, for `/readyz` and metrics.

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
    /// The warm-up before the first work, if it is reported.
    warming: Option<Warming>,
}

impl Failures {
    /// The failures of `stage` of `source`, named like `planner acme`. Without `metrics` nothing is counted.
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

    /// Reports that a partition is read back, until the result is dropped.
    pub(crate) fn restores(&self) -> Option<Restoring> {
        self.warming.as_ref().map(Warming::restores)
    }

    /// The name of the component: `planner acme`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A component that fails independently of others with the same name.
    pub fn component(&self) -> Component {
        self.health.component(self.name.clone())
    }

    /// Counts a failure.
    pub fn count(&self) {
        if let Some(metrics) = &self.metrics {
            metrics.partition_failures.with_label_values(&[self.stage.as_str(), self.source.as_str()]).inc();
        }
    }

    /// Counts an assigned partition until the result is dropped; none if nothing is counted.
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
