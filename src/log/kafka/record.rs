//! Translates the results of a consumer into those of the log.

use bytes::Bytes;
use rdkafka::{
    Message,
    error::{KafkaError, RDKafkaErrorCode},
    message::BorrowedMessage,
};

use crate::{
    domain::Timestamp,
    log::{Error, Partition, Position, Stored},
};

/// A record, or an error that does not pass by itself. `None` for errors that librdkafka handles by itself.
pub(super) fn read(polled: Result<BorrowedMessage<'_>, KafkaError>) -> Option<Result<Stored, Error>> {
    match polled {
        Ok(message) => Some(Ok(stored(&message))),
        Err(error) => lasting(&error).map(Err),
    }
}

/// The record in `message`.
pub(super) fn stored(message: &BorrowedMessage<'_>) -> Stored {
    Stored {
        position: Position {
            partition: Partition(u16::try_from(message.partition()).unwrap_or(u16::MAX)),
            offset: u64::try_from(message.offset()).unwrap_or(0),
        },
        key: String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned(),
        payload: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
        // A topic of very old brokers has no times; then it was long ago.
        appended: Timestamp::from_millis(message.timestamp().to_millis().unwrap_or(0)),
    }
}

/// Whether the topic, or the partition, is not there.
pub(super) fn is_missing(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as Code;
    let code = error.rdkafka_error_code();
    matches!(code, Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition))
}

/// The message about an error that lasts until somebody acts.
pub(super) fn lasting(error: &KafkaError) -> Option<Error> {
    use RDKafkaErrorCode as Code;
    if let KafkaError::MessageConsumptionFatal(code) = error {
        return Some(Error::Unavailable(format!("the consumer can't go on: {}", crate::words::kafka_code(*code))));
    }
    match error.rdkafka_error_code()? {
        code @ (Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::UnknownTopicOrPartition
        | Code::UnknownTopic
        | Code::UnknownPartition) => {
            Some(Error::Unusable(format!("a topic can't be read: {}", crate::words::kafka_code(code))))
        }
        _ => None,
    }
}
