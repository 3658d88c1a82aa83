//! The client that writes. It also answers questions about the cluster, as the one client that is always there.

use std::{
    ops::Range,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rdkafka::{
    error::KafkaError,
    metadata::Metadata,
    producer::{FutureProducer, Producer as _, PurgeConfig},
};

use super::{
    broker_loss::BrokerLoss,
    context::ClientLogger,
    settings::{DeliveryTimeout, Settings, refusal},
};
use crate::log::{Error, Partition};

/// The time before a question is asked again.
const RETRY_DELAY: Duration = Duration::from_millis(50);

/// A connection to the cluster; clones share it. Its questions block.
#[derive(Clone)]
pub(super) struct Client(Arc<Inner>);

struct Inner {
    producer: FutureProducer<ClientLogger>,
    brokers: String,
    client_logger: ClientLogger,
}

impl Client {
    /// Begins to connect, without waiting for it.
    ///
    /// # Errors
    /// `Error::Unusable` if an option can't be used.
    pub(super) fn new(settings: &Settings, delivery_timeout: DeliveryTimeout) -> Result<Self, Error> {
        let client_logger = ClientLogger::default();
        let config = settings.producer(delivery_timeout);
        let producer = config.create_with_context(client_logger.clone()).map_err(|e| refusal(&e))?;
        Ok(Self(Arc::new(Inner { producer, brokers: settings.brokers().to_owned(), client_logger })))
    }

    /// The producer itself.
    pub(super) fn producer(&self) -> &FutureProducer<ClientLogger> {
        &self.0.producer
    }

    /// The brokers' metadata of `topic`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if no broker answers in time.
    pub(super) fn metadata(&self, topic: &str, timeout: Duration) -> Result<Metadata, Error> {
        self.producer().client().fetch_metadata(Some(topic), timeout).map_err(|error| self.unanswered(&error))
    }

    /// The oldest kept offset, and the one past the newest. It asks again until `timeout`: after its creation or a
    /// move, a partition may not be at the broker in the metadata yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if no broker answers in time.
    pub(super) fn bounds(&self, topic: &str, partition: Partition, timeout: Duration) -> Result<Range<u64>, Error> {
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.producer().client().fetch_watermarks(topic, i32::from(partition.0), left) {
                Ok((oldest, next)) => return Ok(u64::try_from(oldest).unwrap_or(0)..u64::try_from(next).unwrap_or(0)),
                Err(error) if left.is_zero() => return Err(self.unanswered(&error)),
                Err(_) => thread::sleep(RETRY_DELAY.min(left)),
            }
        }
    }

    /// The id that the cluster was given when it was made.
    ///
    /// # Errors
    /// `Error::Unavailable` if no broker answers in time.
    pub(super) fn cluster_id(&self, timeout: Duration) -> Result<String, Error> {
        let id = self.producer().client().fetch_cluster_id(timeout);
        id.ok_or_else(|| Error::Unavailable(format!("the Kafka at {} does not tell its cluster id", self.0.brokers)))
    }

    /// The problem in one line, with the brokers and the underlying cause, if there is one.
    pub(super) fn unanswered(&self, error: &KafkaError) -> Error {
        let code = crate::words::kafka(error);
        let trouble = self.0.client_logger.last_trouble().map(|trouble| format!("; last trouble: {trouble}"));
        Error::Unavailable(format!("Kafka at {}: {code}{}", self.0.brokers, trouble.unwrap_or_default()))
    }

    /// Whether it must be replaced, as far as it has told: an idempotent producer refuses everything after some errors, and
    /// any client may lose all its brokers.
    pub(super) fn is_broken(&self) -> bool {
        self.broker_loss().is_noticed() || self.0.client_logger.has_failed()
    }

    /// The same after an error, of which it may not have told yet.
    pub(super) fn is_broken_by_error(&self) -> bool {
        self.is_broken() || self.producer().client().fatal_error().is_some()
    }

    /// Whether it has lost all its brokers.
    pub(super) fn broker_loss(&self) -> &BrokerLoss {
        &self.0.client_logger.broker_loss
    }

    /// Gives up all undelivered records; their waiters are notified.
    pub(super) fn give_up(&self) {
        self.producer().purge(PurgeConfig::default().queue().inflight());
    }

    /// Whether both are one connection.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.producer().client().native_ptr() == other.producer().client().native_ptr()
    }
}
