//! What librdkafka has to say, into usher's own log.

use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::{
    ClientContext, Statistics,
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
};

use super::broker_loss::BrokerLoss;
use crate::rate_limited_log::LogLimiter;

/// Each connection's state, line by line: what it comes to is told by [`ClientLogger::error`]. And settings of the user's that
/// are meant for another kind of client.
const DETAILS: [&str; 4] = ["FAIL", "ERROR", "REQTMOUT", "CONFWARN"];

/// Passes on what a client says, and keeps its last trouble for the error that follows from it.
#[derive(Clone)]
pub(super) struct ClientLogger {
    last_trouble: Arc<Mutex<Option<String>>>,
    limiter: Arc<LogLimiter>,
    pub(super) broker_loss: BrokerLoss,
}

/// Every client of a topic that is not there says so.
static MISSING: LogLimiter = LogLimiter::once_a_minute();

impl Default for ClientLogger {
    fn default() -> Self {
        let limiter = Arc::new(LogLimiter::once_a_minute());
        Self { last_trouble: Arc::default(), limiter, broker_loss: BrokerLoss::default() }
    }
}

impl ClientLogger {
    /// The last trouble with a broker: host, port and why.
    pub(super) fn last_trouble(&self) -> Option<String> {
        self.last_trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, trouble: &str) {
        *self.last_trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble.to_owned());
    }
}

impl ClientContext for ClientLogger {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        use RDKafkaLogLevel::{Alert, Critical, Emerg, Error, Warning};
        let is_serious = matches!(level, Emerg | Alert | Critical | Error | Warning);
        if is_serious && !DETAILS.contains(&facility) {
            tracing::warn!(facility, "kafka: {line}");
        } else {
            tracing::debug!(facility, "kafka: {line}");
        }
    }

    fn stats(&self, statistics: Statistics) {
        self.broker_loss.record(&statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            // Said by every client, twenty times a second; whoever appends, reads or asks for readiness says it once.
            Some(RDKafkaErrorCode::AllBrokersDown) => tracing::debug!("kafka: no broker can be reached"),
            Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve) => self.keep(reason),
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
                self.keep(reason);
                if let Some(suppressed) = MISSING.permit() {
                    tracing::warn!(suppressed, "kafka: {reason}");
                }
            }
            _ => {
                self.keep(reason);
                if let Some(suppressed) = self.limiter.permit() {
                    tracing::warn!(suppressed, "kafka: {reason}");
                }
            }
        }
    }
}
