//! The partitions that stages of this process have, and the groups that give them.

use std::time::Instant;

use prometheus::{Histogram, IntCounterVec, IntGaugeVec};

use super::families::Families;
use crate::domain::{FEED_STAGE, Stage};

/// From a partition without news to 30 days of log.
const RESTORE: &[f64] = &[0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0];

/// Whether the stage works on a partition that this process has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Restoring,
    Held,
}

impl State {
    const ALL: [Self; 2] = [Self::Restoring, Self::Held];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Restoring => "restoring",
            Self::Held => "held",
        }
    }
}

/// The families about partitions. Cheap to clone; all clones count together.
#[derive(Clone, Debug)]
pub struct PartitionMetrics {
    partitions: IntGaugeVec,
    restore_seconds: Histogram,
    rebalances: IntCounterVec,
}

impl PartitionMetrics {
    /// Makes and registers the families.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be registered: two have the same name.
    pub(super) fn new(add: &Families<'_>) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            partitions: add.gauges(
                "partitions",
                "Partitions that this process has: held are worked on, restoring are read back before that.",
                &["stage", "source", "state"],
            )?,
            restore_seconds: add.histogram(
                "restore_seconds",
                "Seconds from a partition coming to this process to its stage having read back what was done there.",
                RESTORE,
            )?,
            rebalances: add.counters(
                "rebalances_total",
                "Times that a group on Kafka has shared out its partitions with this process in it.",
                &["group_stage"],
            )?,
        };
        for stage in stages() {
            metrics.rebalances.with_label_values(&[stage]);
        }
        Ok(metrics)
    }

    /// Begins the series of `source` at 0.
    pub(super) fn begin(&self, source: &str) {
        for (stage, state) in stages().flat_map(|stage| State::ALL.map(|state| (stage, state))) {
            self.partitions.with_label_values(&[stage, source, state.as_str()]);
        }
    }

    /// The family with a series for each source.
    pub(super) fn by_source(&self) -> &IntGaugeVec {
        &self.partitions
    }

    /// A partition that comes to `stage` of `source`, and is restored first.
    pub fn comes(&self, stage: &str, source: &str) -> CountedPartition {
        let partition = CountedPartition {
            metrics: self.clone(),
            stage: stage.to_owned(),
            source: source.to_owned(),
            state: State::Restoring,
            came: Instant::now(),
        };
        partition.add(1);
        partition
    }

    /// Records that the group of `stage` has shared out its partitions.
    pub fn rebalanced(&self, stage: &str) {
        self.rebalances.with_label_values(&[stage]).inc();
    }
}

/// The stages that have groups, as labels.
fn stages() -> impl Iterator<Item = &'static str> {
    [Stage::Planner, Stage::Executor, Stage::Sweeper].map(Stage::as_str).into_iter().chain([FEED_STAGE])
}

/// A partition of this process, counted until this is dropped.
#[derive(Debug)]
pub struct CountedPartition {
    metrics: PartitionMetrics,
    stage: String,
    source: String,
    state: State,
    came: Instant,
}

impl CountedPartition {
    /// The finished work of the partition is read back: new work begins.
    pub fn is_restored(&mut self) {
        if self.state == State::Held {
            return;
        }
        self.metrics.restore_seconds.observe(self.came.elapsed().as_secs_f64());
        self.becomes(State::Held);
    }

    /// The partition has nothing to be read back.
    pub fn needs_no_restore(&mut self) {
        self.becomes(State::Held);
    }

    fn becomes(&mut self, state: State) {
        self.add(-1);
        self.state = state;
        self.add(1);
    }

    fn add(&self, count: i64) {
        let labels = [self.stage.as_str(), self.source.as_str(), self.state.as_str()];
        self.metrics.partitions.with_label_values(&labels).add(count);
    }
}

impl Drop for CountedPartition {
    fn drop(&mut self) {
        self.add(-1);
    }
}

#[cfg(test)]
mod tests {
    use crate::metrics::Metrics;

    #[test]
    fn a_partition_is_restoring_then_held_then_gone() {
        let metrics = Metrics::new().expect("registered");
        metrics.begin("acme");
        let count = |state: &str| {
            let labels = ["planner", "acme", state];
            metrics.partitions.partitions.with_label_values(&labels).get()
        };
        let mut partition = metrics.partitions.comes("planner", "acme");
        assert_eq!((count("restoring"), count("held")), (1, 0));
        partition.is_restored();
        partition.is_restored();
        assert_eq!((count("restoring"), count("held")), (0, 1));
        assert_eq!(metrics.partitions.restore_seconds.get_sample_count(), 1);
        drop(partition);
        assert_eq!((count("restoring"), count("held")), (0, 0));
    }
}
