//! Detects a client that has lost all brokers for good.
//!
//! A broker that is just coming back may report a cluster without brokers. librdkafka then drops every known broker,
//! also the configured ones, and has none left to ask: it neither fails nor recovers. Such a client is replaced.
//! Source: issue 5301 of confluentinc/librdkafka, open as of version 2.12.1.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use rdkafka::Statistics;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// The number of successive statistics without a broker after which the client is replaced. A healthy client has none
/// for a moment, too, between dropping all brokers and starting again.
const MAX_WITHOUT_BROKERS: u32 = 3;

/// Whether a client has lost all brokers, by its statistics; clones are about the same client.
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
