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

    fn keep(&self, trouble: &str) {
        *self.last_trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble.to_owned());
    }
}

impl ClientContext for Voice {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        use RDKafkaLogLevel::{Alert, Critical, Debug, Emerg, Error, Info, Notice, Warning};
        // Each connection's state is told line by line; what it comes to is told by `error`.
        let is_detail = matches!(facility, "FAIL" | "ERROR" | "REQTMOUT");
        match level {
            Emerg | Alert | Critical | Error if !is_detail => tracing::error!(facility, "kafka: {line}"),
            Warning if !is_detail => tracing::warn!(facility, "kafka: {line}"),
            Emerg | Alert | Critical | Error | Warning | Notice | Info | Debug => {
                tracing::debug!(facility, "kafka: {line}");
            }
        }
    }

    fn stats(&self, _: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            // Said by every client, twenty times a second; whoever appends, reads or asks for readiness says it once.
            Some(RDKafkaErrorCode::AllBrokersDown) => tracing::debug!("kafka: no broker can be reached"),
            Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve) => self.keep(reason),
            _ => {
                tracing::warn!("kafka: {reason}");
                self.keep(reason);
            }
        }
    }
}
