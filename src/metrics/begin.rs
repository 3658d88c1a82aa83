//! Counters that begin at 0 before the first count.

use super::Metrics;
use crate::domain::{ActionKind, Ignored, RecordKind, ReferenceKind, Stage, StepResult};

impl Metrics {
    /// Begins the counters of `source` at 0, so that the first of each is seen as an increase.
    pub fn begin(&self, source: &str) {
        for result in ["accepted", "ignored", "unauthorized", "malformed", "too_large", "overloaded", "unavailable"] {
            self.webhooks.with_label_values(&[source, result]);
        }
        for stage in [Stage::Planner, Stage::Executor, Stage::Sweeper] {
            self.duplicates.with_label_values(&[stage.as_str()]);
            self.dead_letters.with_label_values(&[stage.as_str()]);
            self.partition_failures.with_label_values(&[stage.as_str(), source]);
        }
        self.partition_failures.with_label_values(&[crate::domain::FEED_STAGE, source]);
        self.partitions.begin(source);
        self.dead_letters.with_label_values(&[Stage::Intake.as_str()]);
        self.duplicates.with_label_values(&[crate::domain::FEED_STAGE]);
        for result in StepResult::ALL {
            for action in ActionKind::ALL.map(ActionKind::as_str) {
                self.steps.with_label_values(&[source, action, result.as_str()]);
            }
        }
        self.decided_early.with_label_values(&[source]);
        self.implausible_times.with_label_values(&[source]);
        self.records_passed_over.with_label_values(&[source, "user"]);
        self.records_passed_over.with_label_values(&[source, RecordKind::AuditEntry.as_str()]);
        for reason in Ignored::ALL {
            self.webhooks_ignored.with_label_values(&[source, reason.label()]);
        }
        self.product_throttled.with_label_values(&[source]);
        self.sweep_users.with_label_values(&[source]);
        self.reconciled.with_label_values(&[source]);
        self.creations_held.with_label_values(&[source]);
        self.reconciliation_held.with_label_values(&[source]).set(0);
        for kind in ReferenceKind::ALL {
            self.references_unresolved.with_label_values(&[source, kind.as_str()]).set(0);
        }
    }
}
