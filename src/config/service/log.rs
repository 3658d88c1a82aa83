//! The event log.

use serde::Serialize;

use super::kafka::{KAFKA, kafka};
use crate::config::{
    KafkaConfig, LogConfig,
    reader::{Reader, node::Node},
    shape::{
        Part,
        key::{Key, Or},
        object::Object,
        values::{Choice, as_json},
    },
};

/// The kind of log, before Kafka's settings are read.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Embedded,
    Kafka,
}

static KIND: Or<Choice<Kind>> = Or::new(
    "kind",
    "`embedded`: on disk, in `data_dir`, for one process. `kafka`: several processes may share the work.",
    Choice(&[("embedded", Kind::Embedded), ("kafka", Kind::Kafka)]),
    || Kind::Embedded,
    as_json,
);
static KAFKA_LOG: Key<Part<KafkaConfig>> =
    Key::new("kafka", "How Kafka is reached. Used where `kind` is `kafka`.", Part { read: kafka, described: &KAFKA });
/// The value of `log`.
pub(in crate::config) static LOG: Object = Object::new("Log", "The event log.", || vec![&KIND, &KAFKA_LOG]);

/// Reads `log`; the embedded one if `node` is none. Kafka's settings are checked even if they are not used.
pub(in crate::config) fn log(node: Option<&Node>, reader: &mut Reader<'_>) -> Option<LogConfig> {
    let Some(node) = node else {
        return Some(LogConfig::Embedded);
    };
    let mut fields = LOG.open(node, reader)?;
    let kind = fields.or(&KIND, reader);
    let kafka = fields.optional(&KAFKA_LOG, reader);
    fields.done(reader);
    match (kind?, kafka?) {
        (Kind::Embedded, _) => Some(LogConfig::Embedded),
        (Kind::Kafka, kafka) => Some(LogConfig::Kafka(kafka.unwrap_or_default())),
    }
}
