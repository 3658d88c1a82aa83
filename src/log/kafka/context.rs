//! What librdkafka has to say, into usher's own log.

use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::{
    ClientContext, Statistics,
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
};

/// Passes on what a client says, and keeps its last trouble for the error that follows from it.
#[derive(Clone, Default)]
pub(super) struct Voice {
    last_trouble: Arc<Mutex<Option<String>>>,
}

impl Voice {
    /// The last trouble with a broker: host, port and why.
    pub(super) fn last_trouble(&self) -> Option<String> {
        self.last_trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ClientContext for Voice {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        use RDKafkaLogLevel::{Alert, Critical, Debug, Emerg, Error, Info, Notice, Warning};
        match level {
            // The state of each connection; what it means is told by `error`.
            _ if matches!(facility, "FAIL" | "ERROR" | "REQTMOUT") => tracing::debug!(facility, "kafka: {line}"),
            Emerg | Alert | Critical | Error => tracing::error!(facility, "kafka: {line}"),
            Warning => tracing::warn!(facility, "kafka: {line}"),
            Notice | Info => tracing::info!(facility, "kafka: {line}"),
            Debug => tracing::debug!(facility, "kafka: {line}"),
        }
    }

    fn stats(&self, _: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => tracing::warn!("kafka: no broker can be reached"),
            Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve) => {
                tracing::debug!("kafka: {reason}");
                self.keep(reason);
            }
            _ => {
                tracing::warn!("kafka: {reason}");
                self.keep(reason);
            }
        }
    }
}

impl Voice {
    fn keep(&self, reason: &str) {
        *self.last_trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }
}
