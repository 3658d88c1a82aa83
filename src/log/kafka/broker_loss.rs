//! Detects a client that has lost all brokers for good.
//!
//! A broker that is just coming back may report a cluster without brokers. librdkafka then drops every known broker,
//! also the configured ones, and has none left to ask: it neither fails nor recovers. A dropped broker that something in
//! the client still waits for stays in the statistics, and is never asked again. Such a client is replaced.
//! Source: issue 5301 of confluentinc/librdkafka, open as of version 2.12.1.

use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::{Statistics, statistics::Broker};
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// The number of successive statistics without a broker after which the client is replaced. A healthy client has none
/// for a moment, too, between dropping all brokers and starting again.
const MAX_WITHOUT_BROKERS: u32 = 3;

/// The number of successive statistics without any attempt to reach a broker after which the client is replaced. A
/// healthy client of brokers that are away tries each two seconds; an attempt may take half a minute where nobody says no.
const MAX_IDLE: u32 = 60;

/// Whether a client has lost all brokers, by its statistics; clones are about the same client.
#[derive(Clone, Default)]
pub(super) struct BrokerLoss {
    seen: Arc<Mutex<Seen>>,
    noticed: CancellationToken,
}

/// The latest statistics.
#[derive(Default)]
struct Seen {
    /// The number of successive ones without a broker.
    without_brokers: u32,
    /// The number of successive ones without an attempt.
    idle: u32,
    /// The attempts to connect, and the answers, since the client was made.
    attempts: u64,
}

impl BrokerLoss {
    /// Takes note of new statistics.
    pub(super) fn record(&self, statistics: &Statistics) {
        let is_lost = self.seen.lock().unwrap_or_else(PoisonError::into_inner).record(statistics);
        if is_lost && !self.is_noticed() {
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

impl Seen {
    /// Takes in new statistics; whether the brokers are lost.
    fn record(&mut self, statistics: &Statistics) -> bool {
        let mut sources = statistics.brokers.values().map(|broker| broker.source.as_str());
        let has_brokers = sources.any(|source| matches!(source, "learned" | "configured"));
        self.without_brokers = if has_brokers { 0 } else { self.without_brokers + 1 };
        let attempts = statistics.brokers.values().filter(|broker| !broker.nodename.is_empty()).map(attempts).sum();
        let tries = attempts != std::mem::replace(&mut self.attempts, attempts);
        // A producer with nothing to write asks nobody.
        let is_at_rest = statistics.client_type == "producer" && statistics.msg_cnt == 0;
        self.idle = if tries || is_at_rest { 0 } else { self.idle + 1 };
        self.without_brokers >= MAX_WITHOUT_BROKERS || self.idle >= MAX_IDLE
    }
}

/// The attempts to connect to a broker, and its answers. The coordinator without an address, which is known again only by
/// asking a broker, counts attempts all the time and makes none.
fn attempts(broker: &Broker) -> u64 {
    let connects = broker.connects.and_then(|connects| u64::try_from(connects).ok());
    connects.unwrap_or_default() + broker.rx
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn with(brokers: impl IntoIterator<Item = Broker>) -> Statistics {
        let brokers: HashMap<_, _> = brokers.into_iter().enumerate().map(|(at, one)| (at.to_string(), one)).collect();
        Statistics { brokers, client_type: "consumer".into(), ..Default::default() }
    }

    fn statistics(sources: &[&str]) -> Statistics {
        with(sources.iter().map(|source| Broker { source: (*source).to_owned(), ..Default::default() }))
    }

    /// Statistics of a client whose only broker has connected and answered so often.
    fn at_work(connects: i64, rx: u64) -> Statistics {
        let nodename = "kafka-0:9092".to_owned();
        with([Broker { source: "learned".into(), nodename, connects: Some(connects), rx, ..Default::default() }])
    }

    /// Whether the loss is noticed after these statistics.
    fn is_noticed(statistics: impl IntoIterator<Item = Statistics>) -> bool {
        let broker_loss = BrokerLoss::default();
        statistics.into_iter().for_each(|statistics| broker_loss.record(&statistics));
        broker_loss.is_noticed()
    }

    #[test]
    fn a_client_without_brokers_is_noticed_after_a_while_and_one_that_waits_for_its_brokers_is_not() {
        for sources in [&["learned", "logical"][..], &["configured"]] {
            assert!(!is_noticed((0..9).map(|_| statistics(sources))), "{sources:?}");
        }
        let broker_loss = BrokerLoss::default();
        for sources in [&["logical", "internal"][..], &[], &["learned"], &["logical"], &[]] {
            broker_loss.record(&statistics(sources));
            assert!(!broker_loss.is_noticed());
        }
        broker_loss.record(&statistics(&["logical"]));
        assert!(broker_loss.is_noticed());
    }

    #[test]
    fn a_client_that_no_longer_tries_to_reach_a_broker_that_it_shows_is_noticed_after_a_minute() {
        let stalled = |times: usize| std::iter::repeat_with(|| at_work(7, 1_000)).take(times);
        assert!(!is_noticed(stalled(60)), "the first ones tell of its past");
        assert!(is_noticed(stalled(61)));
    }

    #[test]
    fn a_coordinator_without_an_address_is_no_broker_that_is_tried() {
        let coordinator =
            |connects| Broker { source: "logical".into(), connects: Some(connects), ..Default::default() };
        let stalled = (0..61).map(|second| {
            let mut statistics = at_work(7, 1_000);
            statistics.brokers.insert("coordinator".into(), coordinator(second));
            statistics
        });
        assert!(is_noticed(stalled));
    }

    #[test]
    fn a_client_that_connects_again_and_again_or_gets_answers_is_not_lost() {
        let connects = (0..600).map(|second| at_work(second / 30, 5));
        let answers = (0..600).map(|second| at_work(1, u64::try_from(second / 59).unwrap_or_default()));
        assert!(!is_noticed(connects) && !is_noticed(answers));
    }

    #[test]
    fn a_producer_is_lost_only_if_it_has_something_to_write() {
        let producer = |waiting: u64| {
            let of_producer = move || Statistics { client_type: "producer".into(), msg_cnt: waiting, ..at_work(1, 1) };
            std::iter::repeat_with(of_producer).take(600)
        };
        assert!(!is_noticed(producer(0)));
        assert!(is_noticed(producer(1)));
    }
}
