//! A client that knows no broker any more, and never will again.
//!
//! A broker that is just coming back may tell that the cluster has no brokers. librdkafka then lets go of every broker
//! it knows, also of those it was configured with, and has nobody left to ask: it neither fails nor recovers. Such a
//! client is replaced. Source: issue 5301 of confluentinc/librdkafka, open as of version 2.12.1.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use rdkafka::Statistics;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// So many statistics in a row tell of no broker before the client is given up: between letting go of all and
/// beginning anew, a healthy client has none for a moment too.
const MAX_WITHOUT_BROKERS: u32 = 3;

/// Whether a client knows no broker any more, as its statistics tell; clones are about the same client.
#[derive(Clone, Default)]
pub(super) struct BrokerLoss {
    in_a_row: Arc<AtomicU32>,
    noticed: CancellationToken,
}

impl BrokerLoss {
    /// Takes note of new statistics.
    pub(super) fn record(&self, statistics: &Statistics) {
        let mut sources = statistics.brokers.values().map(|broker| broker.source.as_str());
        if sources.any(|source| matches!(source, "learned" | "configured")) {
            self.in_a_row.store(0, Ordering::Relaxed);
        } else if self.in_a_row.fetch_add(1, Ordering::Relaxed) + 1 == MAX_WITHOUT_BROKERS {
            tracing::warn!(client = statistics.name, "kafka: a client has lost all its brokers and is replaced");
            self.noticed.cancel();
        }
    }

    /// Whether it was noticed.
    pub(super) fn is_noticed(&self) -> bool {
        self.noticed.is_cancelled()
    }

    /// Waits until it is noticed.
    pub(super) fn noticed(&self) -> WaitForCancellationFuture<'_> {
        self.noticed.cancelled()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rdkafka::statistics::Broker;

    use super::*;

    fn statistics(sources: &[&str]) -> Statistics {
        let broker = |source: &&str| Broker { source: (*source).to_owned(), ..Default::default() };
        let brokers: HashMap<_, _> = sources.iter().map(|source| ((*source).to_owned(), broker(source))).collect();
        Statistics { brokers, ..Default::default() }
    }

    #[test]
    fn a_client_without_brokers_is_noticed_after_a_while_and_one_that_waits_for_its_brokers_is_not() {
        for sources in [&["learned", "logical"][..], &["configured"]] {
            let broker_loss = BrokerLoss::default();
            (0..9).for_each(|_| broker_loss.record(&statistics(sources)));
            assert!(!broker_loss.is_noticed(), "{sources:?}");
        }
        let broker_loss = BrokerLoss::default();
        for sources in [&["logical", "internal"][..], &[], &["learned"], &["logical"], &[]] {
            broker_loss.record(&statistics(sources));
            assert!(!broker_loss.is_noticed());
        }
        broker_loss.record(&statistics(&["logical"]));
        assert!(broker_loss.is_noticed());
    }
}
