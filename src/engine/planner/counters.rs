//! The metrics of a planner's decisions.

use tracing::info;

use crate::{
    domain::{Decision, EventKind, NoAction, SourceId, Stage, Truth, Via},
    live::Live,
    metrics::Metrics,
};

/// The counters of one planner.
pub(in crate::engine) struct PlannerMetrics {
    /// Whether webhooks are taken in for the source. Otherwise none of them can be missed.
    pub has_webhooks: Live<bool>,
    pub metrics: Metrics,
}

impl PlannerMetrics {
    /// Counts a repeated report.
    pub fn duplicate(&self) {
        self.metrics.duplicates.with_label_values(&[Stage::Planner.as_str()]).inc();
    }

    /// Counts an event that is decided although steps of the user's earlier events have not ended.
    pub fn early(&self, source: &SourceId) {
        self.metrics.decided_early.with_label_values(&[source.as_str()]).inc();
    }

    /// Counts a decision.
    pub fn decided(&self, decision: &Decision) {
        let source = decision.source.as_str();
        for verdict in &decision.verdicts {
            let labels = [source, verdict.scheme.id.as_str(), result_label(verdict.selected)];
            self.metrics.decisions.with_label_values(&labels).inc();
        }
        if decision.verdicts.is_empty() {
            self.metrics.decisions.with_label_values(&[source, "", "nothing"]).inc();
        }
        if *self.has_webhooks.get() && is_first_told_otherwise(decision) {
            // Many of them mean that the product loses webhooks.
            self.metrics.reconciled.with_label_values(&[source]).inc();
            let via = decision.via.as_str();
            info!(event.id = %decision.event, source.id = source, via, "a creation that no webhook told of");
        }
    }
}

fn result_label(selected: Truth) -> &'static str {
    match selected {
        Truth::True => "selected",
        Truth::False => "not_selected",
        Truth::Unknown => "unknown",
    }
}

/// Whether it is a creation that was first learnt of without a webhook.
fn is_first_told_otherwise(decision: &Decision) -> bool {
    let is_news = match &decision.no_action {
        None | Some(NoAction::NoSchemeForEvent) => true,
        Some(NoAction::NotAPerson(_) | NoAction::KnownSince(_)) => false,
    };
    // The product may know no user with that id: then nobody was created.
    let is_there = decision.activity.as_ref().is_some_and(|activity| activity.created.is_some());
    let no_webhook = match decision.via {
        Via::Feed | Via::Reconciliation => true,
        Via::Webhook | Via::Sweep => false,
    };
    decision.kind == EventKind::Created && is_news && is_there && no_webhook
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Activity,
        views::testing::{at, decision},
    };

    fn created(via: Via, no_action: Option<NoAction>) -> Decision {
        let activity = Some(Activity { created: Some(at(0)), ..Activity::new(at(0)) });
        Decision { via, no_action, activity, ..decision("e", "jane", 0, vec![]) }
    }

    fn counted(has_webhooks: bool, decision: &Decision) -> u64 {
        let planner_metrics =
            PlannerMetrics { has_webhooks: has_webhooks.into(), metrics: Metrics::new().expect("metrics") };
        planner_metrics.decided(decision);
        planner_metrics.metrics.reconciled.with_label_values(&["acme"]).get()
    }

    #[test]
    fn a_creation_is_counted_that_was_first_learnt_of_without_a_webhook() {
        for via in [Via::Feed, Via::Reconciliation] {
            assert_eq!(counted(true, &created(via, None)), 1);
            assert_eq!(counted(true, &created(via, Some(NoAction::NoSchemeForEvent))), 1);
            assert_eq!(counted(true, &created(via, Some(NoAction::KnownSince(at(0))))), 0, "a webhook was first");
            assert_eq!(counted(true, &created(via, Some(NoAction::NotAPerson("app".into())))), 0);
            assert_eq!(counted(false, &created(via, None)), 0, "the source has no webhooks");
            let nobody = Decision { activity: Some(Activity::new(at(0))), ..created(via, None) };
            assert_eq!(counted(true, &nobody), 0, "the product knows nobody of that id");
        }
        assert_eq!(counted(true, &created(Via::Webhook, None)), 0);
    }
}
