//! The texts that Prometheus scrapes.

use std::collections::HashMap;

use prometheus::{Encoder, TextEncoder};

use super::{Metrics, open_metrics};
use crate::telemetry::{self, traces};

impl Metrics {
    /// The text that Prometheus scrapes.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be written as text.
    pub fn render(&self) -> Result<String, prometheus::Error> {
        self.update_telemetry_counters();
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// The same as OpenMetrics, with examples of traces.
    pub fn render_open_metrics(&self) -> String {
        self.update_telemetry_counters();
        let exemplars = HashMap::from([
            ("usher_webhook_seconds", self.webhook_seconds.exemplars()),
            ("usher_event_to_action_seconds", self.event_to_action_seconds.exemplars()),
        ]);
        open_metrics::encode(&self.registry.gather(), &exemplars)
    }

    /// Counts what telemetry lost: it is there before these metrics are.
    fn update_telemetry_counters(&self) {
        let dropped = &self.log_lines_dropped;
        dropped.inc_by(telemetry::lost_lines().saturating_sub(dropped.get()));
        for lost in traces::Lost::ALL {
            let dropped = self.trace_spans_dropped.with_label_values(&[lost.as_str()]);
            dropped.inc_by(traces::dropped(lost).saturating_sub(dropped.get()));
        }
    }
}
