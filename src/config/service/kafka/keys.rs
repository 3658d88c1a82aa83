//! The keys of `kafka`.

use serde_json::{Value, json};

use crate::config::{
    KafkaConfig,
    reader::{
        Reader,
        node::{Content, Node},
    },
    secret::{SECRET, secret},
    shape::{
        Described, Part,
        definitions::Definitions,
        key::{Key, Or},
        lists::List,
        object::Object,
        texts::{Parsed, Text},
        values::{AnyOf, Whole, as_json},
    },
};

/// Kafka's bound.
const MAX_INSTANCE_ID: usize = 249;

pub(super) static BROKERS: Or<Part<Vec<String>>> = Or::new(
    "brokers",
    "`host:port` of some brokers; the others are found through them.",
    Part { read: brokers, described: &A_BROKER },
    || KafkaConfig::default().brokers,
    as_json,
);
static A_BROKER: List = List::some(&HOST_AND_PORT);
static HOST_AND_PORT: Text = Text::PLAIN.matching(r"^[^\s,/@]+:\+?[0-9]+$").like(&["localhost:9092"]);
pub(super) static TOPIC_PREFIX: Or<Parsed<String>> = Or::new(
    "topic_prefix",
    "Put before every topic's name: up to 200 of a-z, A-Z, 0-9, `.`, `_`, `-`.",
    Parsed { read: topic_prefix, text: Text::ANY.or_empty().matching("^[A-Za-z0-9._-]{0,200}$") },
    || KafkaConfig::default().topic_prefix,
    as_json,
);
pub(super) static PARTITIONS: Or<Whole<u16>> = Or::new(
    "partitions",
    "Partitions of topics that usher makes.",
    Whole(1..=1000),
    || KafkaConfig::default().partitions,
    as_json,
);
pub(super) static REPLICATION_FACTOR: Or<Whole<u16>> = Or::new(
    "replication_factor",
    "Replicas of topics that usher makes.",
    Whole(1..=MAX_REPLICAS),
    || KafkaConfig::default().replication_factor,
    as_json,
);
pub(super) static ID: Key<Part<String>> = Key::new(
    "instance_id",
    "The name under which this process is a static member of its groups, so that a restart moves no partition: itself, or where it \
     is kept. Unique among processes. Left out: members are dynamic.",
    Part { read: instance_id, described: &AnyOf(&[&Text::ANY.matching("^[A-Za-z0-9._-]{1,249}$"), &SECRET]) },
);
pub(super) static OPTIONS: Key<Options> = Key::new(
    "options",
    "Any librdkafka setting but those that would break a promise. A value may be a secret.",
    Options,
);
/// The value of `kafka`.
pub(in crate::config) static KAFKA: Object = Object::new("Kafka", "How Kafka is reached.", || {
    vec![&BROKERS, &TOPIC_PREFIX, &PARTITIONS, &REPLICATION_FACTOR, &ID, &OPTIONS]
});

/// librdkafka's settings by name.
pub(super) struct Options;

static OPTION: AnyOf = AnyOf(&[&OPTION_TEXT, &SECRET]);
static OPTION_TEXT: Text = Text::ANY.or_empty();

impl Described for Options {
    fn schema(&self, definitions: &mut Definitions) -> Value {
        json!({ "type": "object", "additionalProperties": OPTION.schema(definitions) })
    }
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

/// The name of a static member, or the place where it is kept.
fn instance_id(node: &Node, reader: &mut Reader<'_>) -> Option<String> {
    let id = match node.content {
        Content::Map(_) => secret(node, reader)?.reveal().to_owned(),
        Content::Scalar { .. } | Content::List(_) => reader.filled(node)?.to_owned(),
    };
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if id.len() <= MAX_INSTANCE_ID && id.chars().all(good) && !matches!(id.as_str(), "." | "..") {
        Some(id)
    } else {
        reader.refuse(
            &node.at,
            "this can't be an instance id; give each process one of its own of up to 249 of a-z, A-Z, 0-9, `.`, `_`, `-`: \
             `{ env: POD_NAME }`, say",
        )
    }
}
