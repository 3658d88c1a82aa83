//! Series that end with their source.

use std::collections::HashMap;

use prometheus::core::{Collector as _, MetricVec, MetricVecBuilder};

use super::Metrics;

/// The label that names a source.
const SOURCE: &str = "source";

impl Metrics {
    /// Removes the series of `source`, when nothing counts for it any more.
    pub fn end(&self, source: &str) {
        for family in [
            &self.webhooks,
            &self.webhooks_ignored,
            &self.records_passed_over,
            &self.implausible_times,
            &self.events,
            &self.decisions,
            &self.steps,
            &self.decided_early,
            &self.reconciled,
            &self.creations_held,
            &self.partition_failures,
            &self.product_throttled,
            &self.sweep_users,
        ] {
            remove(family, source);
        }
        for family in [
            &self.reconciliation_held,
            &self.references_unresolved,
            &self.source_halted,
            &self.source_unreachable,
            self.partitions.by_source(),
        ] {
            remove(family, source);
        }
        for family in [
            &self.webhook_last_accepted,
            &self.credentials_expiry_seconds,
            &self.schedule_next,
            &self.feed_lag_seconds,
            &self.source_paused_seconds,
            &self.rate_share,
        ] {
            remove(family, source);
        }
        remove(&self.product_request_seconds, source);
    }
}

/// Removes the series of `family` with this source.
fn remove<T: MetricVecBuilder>(family: &MetricVec<T>, source: &str) {
    for found in family.collect() {
        for series in found.get_metric() {
            let labels: HashMap<&str, &str> =
                series.get_label().iter().map(|label| (label.name(), label.value())).collect();
            if labels.get(SOURCE) == Some(&source) {
                // An error says that there is no such series any more.
                let _ = family.remove(&labels);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_of_a_source_that_ends_are_gone_and_those_of_others_stay() {
        let metrics = Metrics::new().expect("metrics");
        for source in ["acme", "code"] {
            metrics.begin(source);
            metrics.product_request_seconds.with_label_values(&[source, "user", "200"]).observe(0.1);
            metrics.events.with_label_values(&[source, "created"]).inc();
            metrics.decisions.with_label_values(&[source, "s", "selected"]).inc();
            metrics.schedule_next.with_label_values(&[source, "s"]).set(1.0);
            for gauge in [&metrics.source_halted, &metrics.source_unreachable] {
                gauge.with_label_values(&[source]).set(0);
            }
            for gauge in [
                &metrics.webhook_last_accepted,
                &metrics.credentials_expiry_seconds,
                &metrics.feed_lag_seconds,
                &metrics.source_paused_seconds,
                &metrics.rate_share,
            ] {
                gauge.with_label_values(&[source]).set(1.0);
            }
        }
        let lines = |of: &str| {
            let text = metrics.render().expect("text");
            text.lines().filter(|line| line.contains(&format!("\"{of}\""))).count()
        };
        let before = lines("code");
        assert!(before > 50 && lines("acme") == before);
        metrics.end("acme");
        assert_eq!((lines("acme"), lines("code")), (0, before));
        metrics.begin("acme");
        assert!(lines("acme") > 50, "it may come again");
    }
}
