//! Records that wait for the groups of usher, as the broker tells it.

use std::time::Duration;

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
};
use usher::{config::KafkaConfig, log::Stream};

/// The broker answers within this time.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many records of `events` and `decisions` are not done, by group and partition; nothing where all are.
pub async fn records(kafka: &KafkaConfig) -> Result<Vec<String>, String> {
    let (brokers, prefix) = (kafka.brokers.join(","), kafka.topic_prefix.clone());
    tokio::task::spawn_blocking(move || count(&brokers, &prefix).map_err(|error| error.to_string()))
        .await
        .expect("no panic")
}

fn count(brokers: &str, prefix: &str) -> Result<Vec<String>, rdkafka::error::KafkaError> {
    let client = |group: &str| -> Result<BaseConsumer, _> {
        ClientConfig::new().set("bootstrap.servers", brokers).set("group.id", group).create()
    };
    let any = client("looking")?;
    let groups = any.fetch_group_list(None, WAIT_TIMEOUT)?;
    let (mut waiting, mut groups_seen) = (Vec::new(), 0);
    for group in groups.groups().iter().map(rdkafka::groups::GroupInfo::name) {
        let Some(stage) = group.strip_prefix(prefix) else { continue };
        let stream = if stage.contains("planner.") {
            Stream::Events
        } else if stage.contains("executor.") {
            Stream::Decisions
        } else {
            continue;
        };
        groups_seen += 1;
        let topic = format!("{prefix}{stream}");
        let about = any.fetch_metadata(Some(&topic), WAIT_TIMEOUT)?;
        let mut partitions = TopicPartitionList::new();
        for partition in about.topics().iter().flat_map(|topic| topic.partitions()) {
            partitions.add_partition(&topic, partition.id());
        }
        for one in client(group)?.committed_offsets(partitions, WAIT_TIMEOUT)?.elements() {
            let (low, high) = any.fetch_watermarks(&topic, one.partition(), WAIT_TIMEOUT)?;
            let done = match one.offset() {
                Offset::Offset(next) => next,
                _ => low,
            };
            if high > done {
                waiting.push(format!("{stage} {}: {} before {high}", one.partition(), high - done));
            }
        }
    }
    assert!(groups_seen > 0, "usher has no group at this broker");
    Ok(waiting)
}
