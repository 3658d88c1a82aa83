//! What fails in the work on partitions, as it is told at `/readyz` and in metrics.

use prometheus::IntCounter;

use crate::{
    health::{Component, Health},
    metrics::Metrics,
};

/// Tells what fails in one stage of one source. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Failures {
    health: Health,
    name: String,
    counter: Option<IntCounter>,
}

impl Failures {
    /// For `stage` of `source`: `planner acme`. Without `metrics` nothing is counted.
    pub fn new(health: Health, stage: &str, source: &str, metrics: Option<&Metrics>) -> Self {
        let counter = metrics.map(|metrics| metrics.partition_failures.with_label_values(&[stage, source]));
        Self { health, name: format!("{stage} {source}"), counter }
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
        if let Some(counter) = &self.counter {
            counter.inc();
        }
    }
}
