//! Creations that no webhook told of first, though the source has webhooks.

use tracing::info;

use crate::{
    domain::{Decision, EventKind, NoAction, Via},
    metrics::Metrics,
};

/// Counts them: many mean that the product loses webhooks.
pub(super) struct Missed {
    /// Whether webhooks are taken in for the source. Otherwise nothing is missed.
    pub has_webhooks: bool,
    pub metrics: Metrics,
}

impl Missed {
    /// Counts the creation that `decision` answers, if it is one of them.
    pub fn count(&self, decision: &Decision) {
        if !self.has_webhooks || !is_first_told_otherwise(decision) {
            return;
        }
        let (source, via) = (decision.source.as_str(), decision.via.as_str());
        self.metrics.reconciled.with_label_values(&[source]).inc();
        info!(event.id = %decision.event, source.id = source, via, "a creation was learnt of that no webhook told of");
    }
}

fn is_first_told_otherwise(decision: &Decision) -> bool {
    let is_news = match &decision.no_action {
        None | Some(NoAction::NoSchemeForEvent) => true,
        Some(NoAction::NotAPerson(_) | NoAction::KnownSince(_)) => false,
    };
    // The product may know nobody of that id: then nobody was created.
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
        let missed = Missed { has_webhooks, metrics: Metrics::new().expect("metrics") };
        missed.count(decision);
        missed.metrics.reconciled.with_label_values(&["acme"]).get()
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
