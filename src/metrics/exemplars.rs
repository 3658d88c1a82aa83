//! Histograms that remember an example of what fell into each bucket.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use prometheus::Histogram;

use crate::telemetry::traces;

/// One observation, and the trace that shows it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Exemplar {
    pub(super) trace: String,
    pub(super) value: f64,
    /// Since 1970.
    pub(super) at: Duration,
}

/// By bucket, the latest observation that was made within a trace that is sent.
#[derive(Debug, Clone)]
pub(super) struct Exemplars {
    bounds: Arc<[f64]>,
    by_bucket: Arc<Mutex<BTreeMap<usize, Exemplar>>>,
}

impl Exemplars {
    fn new(bounds: &[f64]) -> Self {
        Self { bounds: bounds.into(), by_bucket: Arc::default() }
    }

    fn record(&self, exemplar: Exemplar) {
        let bucket = self.bounds.partition_point(|bound| *bound < exemplar.value);
        self.by_bucket.lock().unwrap_or_else(PoisonError::into_inner).insert(bucket, exemplar);
    }

    /// The example of the bucket that ends at `bound`.
    pub(super) fn of_bucket(&self, bound: f64) -> Option<Exemplar> {
        let bucket = self.bounds.partition_point(|other| *other < bound);
        self.by_bucket.lock().unwrap_or_else(PoisonError::into_inner).get(&bucket).cloned()
    }
}

/// A histogram with examples. Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub struct TracedHistogram {
    histogram: Histogram,
    exemplars: Exemplars,
}

impl TracedHistogram {
    /// `histogram`, which has buckets up to `bounds`.
    pub(super) fn new(histogram: Histogram, bounds: &[f64]) -> Self {
        Self { histogram, exemplars: Exemplars::new(bounds) }
    }

    /// Counts `value`; within a trace that is sent it becomes the example of its bucket.
    pub fn observe(&self, value: f64) {
        self.histogram.observe(value);
        if let Some(trace) = traces::sampled_trace() {
            let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            self.exemplars.record(Exemplar { trace, value, at });
        }
    }

    pub(super) fn exemplars(&self) -> Exemplars {
        self.exemplars.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_keeps_the_latest_of_its_own() {
        let exemplars = Exemplars::new(&[0.1, 1.0]);
        let exemplar = |trace: &str, value| Exemplar { trace: trace.into(), value, at: Duration::ZERO };
        for one in [exemplar("a", 0.05), exemplar("b", 0.1), exemplar("c", 5.0)] {
            exemplars.record(one);
        }
        let traces = [0.1, 1.0, f64::INFINITY].map(|bound| exemplars.of_bucket(bound).map(|one| one.trace));
        assert_eq!(traces, [Some("b".to_owned()), None, Some("c".to_owned())]);
    }
}
