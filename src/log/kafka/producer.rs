//! Appending: acknowledged by all in-sync replicas, in order.

use std::{
    sync::{PoisonError, RwLock, Weak},
    time::Duration,
};

use rdkafka::{
    error::{KafkaError, RDKafkaErrorCode},
    producer::FutureRecord,
};

use super::{
    client::Client,
    settings::{DeliveryTimeout, Settings},
};
use crate::log::{Error, Partition};

/// The brokers' answer about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivered {
    /// It is here.
    At(u64),
    /// It is unknown whether and where the record is in the log. A broker may have recognised it as a duplicate:
    /// librdkafka counts that as delivered, without an offset, and requests may have overtaken each other, as on a
    /// topic that was just created. Or the record was sent, and its client was given up before the answer.
    Somewhere,
}

/// Why a record was not taken.
pub(super) enum Refused {
    /// The topic, or this partition of it, does not exist.
    Missing,
    /// The record is longer than the topic takes.
    TooLong,
    /// For another reason.
    Otherwise(Error),
}

/// How often is looked whether a client has lost its brokers.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Writes records; replaces its client if that can't continue.
pub(super) struct Producer {
    settings: Settings,
    delivery_timeout: DeliveryTimeout,
    client: RwLock<Client>,
}

impl Producer {
    /// A producer with a first client.
    ///
    /// # Errors
    /// [`Error`] if the client can't be made.
    pub(super) fn new(settings: Settings, delivery_timeout: DeliveryTimeout) -> Result<Self, Error> {
        let client = RwLock::new(Client::new(&settings, delivery_timeout)?);
        Ok(Self { settings, delivery_timeout, client })
    }

    /// A working client.
    pub(super) fn client(&self) -> Client {
        let client = self.current();
        if !client.is_broken() {
            return client;
        }
        self.replace(&client);
        self.current()
    }

    fn current(&self) -> Client {
        self.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces each client that loses all its brokers, until the producer is dropped: what such a client was given would be
    /// waited for without end.
    pub(super) async fn keep_connected(producer: Weak<Self>) {
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            let Some(producer) = producer.upgrade() else { return };
            drop(producer.client());
        }
    }

    /// Writes a record, and waits until Kafka has acknowledged it.
    ///
    /// # Errors
    /// [`Refused`] if the record was not written, or it is unknown whether it was.
    pub(super) async fn append(
        &self,
        topic: &str,
        partition: Partition,
        key: &str,
        payload: &[u8],
    ) -> Result<Delivered, Refused> {
        let client = self.client();
        let record = FutureRecord::to(topic).partition(i32::from(partition.0)).key(key);
        // A record without a payload deletes the key in Kafka.
        let record = if payload.is_empty() { record } else { record.payload(payload) };
        let delivery =
            client.producer().send_result(record).map_err(|(error, _)| self.failed(&client, topic, &error))?;
        // The client may have been given up before it took the record, which nobody would give up then.
        if !self.current().is(&client) {
            client.give_up();
        }
        match delivery.await {
            Ok(Ok(delivered)) => Ok(u64::try_from(delivered.offset).map_or(Delivered::Somewhere, Delivered::At)),
            Ok(Err((KafkaError::MessageProduction(RDKafkaErrorCode::PurgeInflight), _))) => Ok(Delivered::Somewhere),
            Ok(Err((error, _))) => Err(self.failed(&client, topic, &error)),
            Err(_) => {
                let why = "the producer was closed before the record was delivered";
                Err(Refused::Otherwise(Error::Unavailable(why.into())))
            }
        }
    }

    /// The error for the caller of a failed append to `topic`.
    fn failed(&self, client: &Client, topic: &str, error: &KafkaError) -> Refused {
        use RDKafkaErrorCode as Code;
        if client.is_broken_by_error() {
            self.replace(client);
        }
        Refused::Otherwise(match error.rdkafka_error_code() {
            Some(Code::QueueFull) => Error::Overloaded,
            Some(Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition) => {
                return Refused::Missing;
            }
            Some(Code::MessageSizeTooLarge | Code::InvalidMessageSize) => return Refused::TooLong,
            Some(Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed) => {
                Error::Unusable(format!("Kafka refuses to write to {topic}: {}", crate::words::kafka(error)))
            }
            _ => client.unanswered(error),
        })
    }

    fn replace(&self, broken: &Client) {
        let mut current = self.client.write().unwrap_or_else(PoisonError::into_inner);
        if !current.is(broken) {
            // Another append has done it.
            return;
        }
        match Client::new(&self.settings, self.delivery_timeout) {
            Ok(fresh) => {
                tracing::warn!("kafka: the producer could not go on and was replaced");
                *current = fresh;
                broken.give_up();
            }
            Err(error) => tracing::error!(%error, "kafka: the producer could not be replaced"),
        }
    }
}
