//! What fails in the work on partitions, and how that goes on, as it is told at `/readyz` and in metrics.

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
}

impl Failures {
    /// For `stage` of `source`: `planner acme`. Without `metrics` nothing is counted.
    pub fn new(health: Health, stage: &str, source: &str, metrics: Option<&Metrics>) -> Self {
        let name = format!("{stage} {source}");
        Self { health, name, stage: stage.to_owned(), source: source.to_owned(), metrics: metrics.cloned() }
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

    /// A partition that comes, counted until it is dropped; none where nothing is counted.
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
