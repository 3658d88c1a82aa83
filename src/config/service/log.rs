//! The event log.

use crate::{
    config::{
        KafkaConfig, LogConfig,
        reader::{
            Reader,
            fields::Fields,
            node::{Content, Entry, Node},
            problem::Place,
        },
        secret::secret,
    },
    secret::Secret,
};

/// Which log, before Kafka's settings are read.
#[derive(Clone, Copy)]
enum Kind {
    Embedded,
    Kafka,
}

/// Reads `log`; the embedded one where `node` is none. Kafka's settings are checked also where they are not used.
pub(in crate::config) fn log(node: Option<&Node>, reader: &mut Reader<'_>) -> Option<LogConfig> {
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
            instance_id: None,
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
    let instance_id = fields.or("instance_id", None, |node| instance_id(node, reader).map(Some));
    let options_node = fields.get("options");
    let options = options_node.map_or(Some(default.options), |node| options(node, reader));
    fields.done(reader);
    if let (Some(options), Some(node)) = (&options, options_node) {
        check_membership(instance_id.as_ref().is_some_and(Option::is_some), options, node, reader);
    }
    Some(KafkaConfig {
        brokers: brokers?,
        topic_prefix: topic_prefix?,
        partitions: partitions?,
        replication_factor: replication_factor?,
        instance_id: instance_id?,
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

/// The name of a static member: itself, or where it is kept.
fn instance_id(node: &Node, reader: &mut Reader<'_>) -> Option<String> {
    let id = match node.content {
        Content::Map(_) => secret(node, reader)?.reveal().to_owned(),
        Content::Scalar { .. } | Content::List(_) => reader.filled(node)?.to_owned(),
    };
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if id.len() <= LONGEST_INSTANCE_ID && id.chars().all(good) && !matches!(id.as_str(), "." | "..") {
        Some(id)
    } else {
        reader.refuse(
            &node.at,
            "this can't be an instance id; give each process one of its own of up to 249 of a-z, A-Z, 0-9, `.`, `_`, `-`: \
             `{ env: POD_NAME }`, say",
        )
    }
}

/// Reports options that don't go with static membership.
fn check_membership(has_id: bool, options: &[(String, Secret)], node: &Node, reader: &mut Reader<'_>) {
    let value = |key: &str| options.iter().find(|(name, _)| name == key).map(|(_, value)| value.reveal());
    let is_set_twice = has_id && value(INSTANCE_ID).is_some();
    if is_set_twice {
        let at = place_of(INSTANCE_ID, node);
        reader.refuse::<()>(at, format!("`instance_id` stands here too, which is the same; leave `{INSTANCE_ID}` out"));
    }
    let session = value(SESSION).and_then(|millis| millis.parse::<u32>().ok());
    if (has_id || value(INSTANCE_ID).is_some()) && session.is_some_and(|millis| millis < SHORT_SESSION) {
        let message = "a process with an instance id that is away for longer than this loses its partitions, so a restart moves \
                       them; set it to 20000 at least, or leave it out: 45000 is the default then";
        reader.warn(place_of(SESSION, node), message);
    }
}

/// Where the option `key` stands.
fn place_of<'n>(key: &str, options: &'n Node) -> &'n Place {
    match &options.content {
        Content::Map(entries) => entries.iter().find(|entry| entry.name == key).map_or(&options.at, |entry| &entry.at),
        Content::Scalar { .. } | Content::List(_) => &options.at,
    }
}

/// librdkafka's name for an instance id.
const INSTANCE_ID: &str = "group.instance.id";
const SESSION: &str = "session.timeout.ms";
/// Kafka's bound.
const LONGEST_INSTANCE_ID: usize = 249;
/// No process is restarted on another machine in less, in milliseconds.
const SHORT_SESSION: u32 = 20_000;

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
