//! Gauges whose series come and go.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use prometheus::IntGaugeVec;

/// A gauge whose series are set all at once. A series that is not set any more is removed; no scrape finds the gauge
/// empty meanwhile. Cheap to clone; all clones share it.
#[derive(Clone, Debug)]
pub struct GaugeSet<const LABELS: usize> {
    gauges: IntGaugeVec,
    there: Arc<Mutex<BTreeSet<[String; LABELS]>>>,
}

impl<const LABELS: usize> GaugeSet<LABELS> {
    pub(super) fn new(gauges: IntGaugeVec) -> Self {
        Self { gauges, there: Arc::default() }
    }

    /// Sets `series`, each by the values of its labels, and removes all others.
    pub fn replace(&self, series: impl IntoIterator<Item = ([String; LABELS], i64)>) {
        let mut there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        let mut set = BTreeSet::new();
        for (labels, value) in series {
            self.gauges.with_label_values(&labels).set(value);
            set.insert(labels);
        }
        for gone in there.difference(&set) {
            // An error says that there is no such series.
            let _ = self.gauges.remove_label_values(gone);
        }
        *there = set;
    }
}

#[cfg(test)]
mod tests {
    use prometheus::{Opts, core::Collector as _};

    use super::*;

    #[test]
    fn a_series_that_is_not_set_any_more_is_removed() {
        let gauges = IntGaugeVec::new(Opts::new("one", "a test"), &["of"]).expect("a right name");
        let set = GaugeSet::new(gauges.clone());
        let values = || -> Vec<(String, f64)> {
            let family = gauges.collect().pop();
            let series = family.iter().flat_map(|family| family.get_metric());
            let mut values: Vec<_> = series
                .map(|series| (series.get_label()[0].value().to_owned(), series.get_gauge().get_value()))
                .collect();
            values.sort_by(|one, other| one.0.cmp(&other.0));
            values
        };
        set.replace([(["a".to_owned()], 1), (["b".to_owned()], 2)]);
        assert_eq!(values(), [("a".to_owned(), 1.0), ("b".to_owned(), 2.0)]);
        set.replace([(["b".to_owned()], 0)]);
        assert_eq!(values(), [("b".to_owned(), 0.0)]);
        set.replace([]);
        assert_eq!(values(), []);
    }
}
