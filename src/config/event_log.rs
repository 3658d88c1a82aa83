//! The event log.

use crate::secret::Secret;

use super::{
    KafkaConfig, LogConfig,
    fields::Fields,
    node::{Content, Entry, Node},
    reader::Reader,
    secret::secret,
};

/// Which log, before Kafka's settings are read.
#[derive(Clone, Copy)]
enum Kind {
    Embedded,
    Kafka,
}

/// Reads `log`; the embedded one where `node` is none. Kafka's settings are checked also where they are not used.
pub(super) fn log(node: Option<&Node>, reader: &mut Reader<'_>) -> Option<LogConfig> {
    let Some(node) = node else {
        return Some(LogConfig::Embedded);
    };
    let kinds = [("embedded", Kind::Embedded), ("kafka", Kind::Kafka)];
    let mut fields = Fields::of(node, reader)?;
    let kind = fields.or("kind", Kind::Embedded, |node| reader.choice(node, &kinds, &[]));
    let kafka = fields.or("kafka", KafkaConfig::default(), |node| kafka(node, reader));
    fields.done(reader);
    match (kind?, kafka?) {
        (Kind::Embedded, _) => Some(LogConfig::Embedded),
        (Kind::Kafka, kafka) => Some(LogConfig::Kafka(kafka)),
    }
}

impl Default for KafkaConfig {
    fn default() -> Self {
        Self {
            brokers: vec!["localhost:9092".to_owned()],
            topic_prefix: "usher.".to_owned(),
            partitions: 12,
            replication_factor: 3,
            options: Vec::new(),
        }
    }
}

fn kafka(node: &Node, reader: &mut Reader<'_>) -> Option<KafkaConfig> {
    let default = KafkaConfig::default();
    let mut fields = Fields::of(node, reader)?;
    let brokers = fields.or("brokers", default.brokers, |node| brokers(node, reader));
    let topic_prefix = fields.or("topic_prefix", default.topic_prefix, |node| reader.parsed(node, topic_prefix));
    let partitions = fields.or("partitions", default.partitions, |node| reader.whole(node, 1..=1000));
    let replication_factor =
        fields.or("replication_factor", default.replication_factor, |node| reader.whole(node, 1..=MAX_REPLICAS));
    let options = fields.or("options", default.options, |node| options(node, reader));
    fields.done(reader);
    Some(KafkaConfig {
        brokers: brokers?,
        topic_prefix: topic_prefix?,
        partitions: partitions?,
        replication_factor: replication_factor?,
        options: options?,
    })
}

/// Kafka's wire format has a signed number of 16 bits here.
const MAX_REPLICAS: u16 = i16::MAX.unsigned_abs();

fn brokers(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let brokers = reader.each(node, |item, reader| reader.parsed(item, broker))?;
    if brokers.is_empty() {
        return reader.refuse(&node.at, "no broker stands here; write `[\"localhost:9092\"]`, say");
    }
    Some(brokers)
}

fn broker(text: &str) -> Result<String, String> {
    let bad_host = |host: &str| host.is_empty() || host.contains([',', '/', '@']) || host.contains(char::is_whitespace);
    match text.rsplit_once(':') {
        Some((host, port)) if !bad_host(host) && port.parse().is_ok_and(|port: u16| port > 0) => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is not a broker; write `host:port`, each in an item of its own")),
    }
}

fn topic_prefix(text: &str) -> Result<String, String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.len() <= 200 && text.chars().all(good) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` can't begin a topic's name; write up to 200 of a-z, A-Z, 0-9, `.`, `_`, `-`"))
    }
}

/// librdkafka's own settings, each a single value or a secret.
fn options(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<(String, Secret)>> {
    let Content::Map(entries) = &node.content else {
        return reader.refuse(&node.at, format!("found {}; write keys and values, `key: value`", node.kind()));
    };
    let read: Vec<_> = entries.iter().map(|entry| option(entry, reader)).collect();
    read.into_iter().collect()
}

fn option(Entry { name, at, node }: &Entry, reader: &mut Reader<'_>) -> Option<(String, Secret)> {
    if matches!(node.content, Content::Map(_)) {
        return Some((name.clone(), secret(node, reader)?));
    }
    let value = reader.text(node)?;
    if ["password", "secret", "key.pem"].iter().any(|word| name.contains(word)) {
        reader.warn(at, "a secret stands in the configuration; keep it elsewhere: `{ env: NAME }` or `{ file: PATH }`");
    }
    Some((name.clone(), Secret::new(value)))
}
