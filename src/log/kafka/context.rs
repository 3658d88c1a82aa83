//! Passes librdkafka's messages on to usher's own log.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use rdkafka::{
    ClientContext, Statistics,
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
};

use super::broker_loss::BrokerLoss;
use crate::rate_limited_log::LogLimiter;

/// Facilities that are not logged: the state of each connection, because [`ClientLogger::error`] reports its result;
/// and settings of the user that are meant for another kind of client.
const DETAILS: [&str; 4] = ["FAIL", "ERROR", "REQTMOUT", "CONFWARN"];

/// Passes on the messages of a client, and keeps its last error for the error that follows from it.
#[derive(Clone)]
pub(super) struct ClientLogger {
    last_trouble: Arc<Mutex<Option<String>>>,
    has_failed: Arc<AtomicBool>,
    limiter: Arc<LogLimiter>,
    pub(super) broker_loss: BrokerLoss,
}

/// Every client of a topic that is not there says so.
static MISSING: LogLimiter = LogLimiter::once_a_minute();

impl Default for ClientLogger {
    fn default() -> Self {
        let limiter = Arc::new(LogLimiter::once_a_minute());
        Self { last_trouble: Arc::default(), has_failed: Arc::default(), limiter, broker_loss: BrokerLoss::default() }
    }
}

impl ClientLogger {
    /// The last trouble with a broker: host, port and why.
    pub(super) fn last_trouble(&self) -> Option<String> {
        self.last_trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the client has met an error after which it refuses everything.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
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
        let code = error.rdkafka_error_code();
        if code == Some(RDKafkaErrorCode::Fatal) {
            self.has_failed.store(true, Ordering::Relaxed);
        }
        match code {
            // Every client reports it, twenty times a second. The caller that appends, reads or asks for readiness
            // reports it once.
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
