//! The connection to Kafka.

mod keys;

pub(super) use keys::KAFKA;

use crate::{
    config::{
        KafkaConfig,
        reader::{
            Reader,
            node::{Content, Entry, Node},
            problem::Place,
        },
        secret::secret,
    },
    secret::Secret,
};
use keys::{BROKERS, ID, OPTIONS, PARTITIONS, REPLICATION_FACTOR, TOPIC_PREFIX};

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

/// Reads `kafka`.
pub(super) fn kafka(node: &Node, reader: &mut Reader<'_>) -> Option<KafkaConfig> {
    let mut fields = KAFKA.open(node, reader)?;
    let brokers = fields.or(&BROKERS, reader);
    let topic_prefix = fields.or(&TOPIC_PREFIX, reader);
    let partitions = fields.or(&PARTITIONS, reader);
    let replication_factor = fields.or(&REPLICATION_FACTOR, reader);
    let instance_id = fields.optional(&ID, reader);
    let options_node = fields.node(&OPTIONS);
    let options = options_node.map_or(Some(Vec::new()), |node| options(node, reader));
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

/// The place of the option `key`.
fn place_of<'n>(key: &str, options: &'n Node) -> &'n Place {
    match &options.content {
        Content::Map(entries) => entries.iter().find(|entry| entry.name == key).map_or(&options.at, |entry| &entry.at),
        Content::Scalar { .. } | Content::List(_) => &options.at,
    }
}

/// librdkafka's name for an instance id.
const INSTANCE_ID: &str = "group.instance.id";
const SESSION: &str = "session.timeout.ms";
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
