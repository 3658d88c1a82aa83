//! The four topics: made where they are missing, held against each other where they are not.

use std::time::{Duration, Instant};

use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    error::RDKafkaErrorCode,
    metadata::MetadataTopic,
    types::RDKafkaRespErr,
};

use super::{
    blocking,
    client::Client,
    context::Voice,
    settings::{MAX_RECORD, Settings, refusal},
};
use crate::{
    config::KafkaConfig,
    log::{Error, Partition, Stream},
};

/// How long a record is kept: 30 days, in milliseconds.
const RETENTION_MS: &str = "2592000000";
/// How long one question to the cluster may take.
const ANSWER: Duration = Duration::from_secs(9);
/// How long new topics may take until all brokers asked know them.
const CREATION: Duration = Duration::from_secs(30);

/// Makes the missing topics and returns the partition count that all four have.
pub(super) async fn ensure(client: &Client, settings: &Settings, config: &KafkaConfig) -> Result<u16, Error> {
    let found = look(client, settings).await?;
    let count = match agreed(settings, &found)? {
        Some(count) => count,
        None => config.partitions,
    };
    let missing: Vec<_> = found.into_iter().filter(|(_, count)| count.is_none()).map(|(stream, _)| stream).collect();
    if !missing.is_empty() {
        create(settings, config, &missing, count).await?;
        settled(client, settings, count).await?;
    }
    Ok(count)
}

/// The partition counts of the topics that are there, [`Stream::ALL`] in order.
type Found = Vec<(Stream, Option<u16>)>;

async fn look(client: &Client, settings: &Settings) -> Result<Found, Error> {
    let (client, settings) = (client.clone(), settings.clone());
    blocking(move || {
        let count = |stream| Ok((stream, partitions(&client, &settings.topic(stream))?));
        Stream::ALL.into_iter().map(count).collect()
    })
    .await
}

/// `None`: no such topic, or the brokers don't know its partitions yet.
fn partitions(client: &Client, topic: &str) -> Result<Option<u16>, Error> {
    let metadata = client.metadata(topic, ANSWER)?;
    let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else { return Ok(None) };
    match found.error() {
        None | Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) => count(topic, found),
        Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) => Ok(None),
        Some(error) => Err(Error::Unusable(format!("the topic {topic}: {}", RDKafkaErrorCode::from(error)))),
    }
}

fn count(topic: &str, found: &MetadataTopic) -> Result<Option<u16>, Error> {
    let count = found.partitions().len();
    let count = u16::try_from(count)
        .map_err(|_| Error::Unusable(format!("the topic {topic} has too many partitions: {count}")))?;
    Ok((count > 0).then_some(count))
}

/// The count that all topics there have; none: there are none.
fn agreed(settings: &Settings, found: &Found) -> Result<Option<u16>, Error> {
    let mut counts = found.iter().filter_map(|(stream, count)| count.map(|count| (stream, count)));
    let Some((_, first)) = counts.next() else { return Ok(None) };
    if counts.all(|(_, count)| count == first) {
        return Ok(Some(first));
    }
    let each: Vec<_> = found
        .iter()
        .filter_map(|(stream, count)| count.map(|count| format!("{} has {count}", settings.topic(*stream))))
        .collect();
    Err(Error::Unusable(format!("all topics must have the same number of partitions: {}", each.join(", "))))
}

async fn create(settings: &Settings, config: &KafkaConfig, missing: &[Stream], count: u16) -> Result<(), Error> {
    let admin: AdminClient<Voice> = settings.admin().create_with_context(Voice::default()).map_err(|e| refusal(&e))?;
    let names: Vec<_> = missing.iter().map(|stream| settings.topic(*stream)).collect();
    let topics: Vec<_> = names.iter().map(|name| topic(name, config, count)).collect();
    let options = AdminOptions::new().request_timeout(Some(ANSWER)).operation_timeout(Some(ANSWER));
    let results = admin
        .create_topics(&topics, &options)
        .await
        .map_err(|error| Error::Unavailable(format!("the topics could not be made: {error}")))?;
    for result in results {
        match result {
            Ok(name) => tracing::info!(topic = name, partitions = count, "kafka: topic made"),
            // Another usher, starting at the same time, was faster.
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, code)) => {
                return Err(Error::Unusable(format!(
                    "the topic {name} could not be made with {count} partitions and {} replicas: {code}",
                    config.replication_factor
                )));
            }
        }
    }
    Ok(())
}

fn topic<'a>(name: &'a str, config: &KafkaConfig, count: u16) -> NewTopic<'a> {
    let replicas = TopicReplication::Fixed(i32::from(config.replication_factor));
    let topic = NewTopic::new(name, i32::from(count), replicas)
        .set("cleanup.policy", "delete")
        .set("retention.ms", RETENTION_MS)
        .set("max.message.bytes", MAX_RECORD);
    // With fewer replicas a single broker's absence would stop everything.
    if config.replication_factor >= 3 { topic.set("min.insync.replicas", "2") } else { topic }
}

/// Waits until the brokers know all topics with `count` partitions, and the leader of each partition answers: before
/// that, the first records could overtake each other.
async fn settled(client: &Client, settings: &Settings, count: u16) -> Result<(), Error> {
    let deadline = Instant::now() + CREATION;
    loop {
        let found = look(client, settings).await?;
        agreed(settings, &found)?;
        if found.iter().all(|(_, found)| *found == Some(count)) {
            break;
        }
        if Instant::now() > deadline {
            return Err(Error::Unavailable("the new topics don't become ready".into()));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (client, settings) = (client.clone(), settings.clone());
    blocking(move || {
        Stream::ALL.into_iter().map(|stream| settings.topic(stream)).try_for_each(|topic| {
            let mut partitions = (0..count).map(Partition);
            partitions.try_for_each(|partition| client.bounds(&topic, partition, CREATION).map(|_| ()))
        })
    })
    .await
}
