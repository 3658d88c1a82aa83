//! Errors of Kafka. The terms are Kafka's own, as administrators look for them.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// An error of Kafka, or of the way to it.
pub(crate) fn kafka(error: &KafkaError) -> String {
    match (error.rdkafka_error_code(), error) {
        (Some(known), _) => code(known),
        (None, KafkaError::Canceled) => "it was closed meanwhile".to_owned(),
        (None, KafkaError::ClientCreation(why) | KafkaError::Subscription(why)) => why.clone(),
        _ => "it did not do what it was asked".to_owned(),
    }
}

/// The same for a code alone: its description without its name in the library, and without who says so.
pub(crate) fn code(code: RDKafkaErrorCode) -> String {
    let text = code.to_string();
    let described = text.split_once(" (").and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(&text);
    let said = described.strip_prefix("Local: ").or(described.strip_prefix("Broker: ")).unwrap_or(described);
    said.to_lowercase()
}
