//! The topics of the streams. Missing topics are created; existing ones are compared with each other.

mod creation;
mod loss_records;
pub(super) mod recreations;

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use rdkafka::{
    admin::{AdminClient, AdminOptions, ConfigResource, ResourceSpecifier},
    error::RDKafkaErrorCode,
    metadata::MetadataTopic,
    types::RDKafkaRespErr,
};

use super::{
    blocking,
    client::Client,
    context::ClientLogger,
    settings::{MAX_RECORD, Settings, refusal},
};
use crate::{
    config::KafkaConfig,
    log::{Error, Partition, Stream},
};
pub use creation::topic_settings;
use creation::{create, create_again};
use recreations::Recreations;

/// The time-out of one question to the cluster.
const ANSWER: Duration = Duration::from_secs(9);
/// The time-out of each question of a check of the topics.
pub(super) const QUERY_TIMEOUT: Duration = Duration::from_secs(2);
/// The time-out until all asked brokers know new topics.
const CREATION: Duration = Duration::from_secs(30);

/// Makes the missing topics and returns the partition count that all have.
///
/// # Errors
/// `Error::Unavailable` if the brokers don't answer, `Error::Unusable` if the topics can't be created or don't fit
/// together.
pub(super) async fn ensure(
    client: &Client,
    settings: &Settings,
    config: &KafkaConfig,
    recreations: &Recreations,
) -> Result<u16, Error> {
    let found = partition_counts(client, settings).await?;
    let count = match agreed(settings, &found)? {
        Some(count) => count,
        None => config.partitions,
    };
    let there: Vec<_> = found.iter().filter(|(_, count)| count.is_some()).map(|(stream, _)| *stream).collect();
    check_policies(settings, &there).await?;
    let missing: Vec<_> = found.into_iter().filter(|(_, count)| count.is_none()).map(|(stream, _)| stream).collect();
    if !missing.is_empty() {
        if !there.is_empty() {
            let topics: Vec<_> = missing.iter().map(|stream| settings.topic(*stream)).collect();
            let topics = topics.join(", ");
            tracing::warn!(
                topics,
                "kafka: some topics are missing and made; what stood in them, if they were there, is lost"
            );
        }
        if there.is_empty() {
            create(settings, config, &missing, count).await?;
        } else {
            create_again(settings, config, &missing, count, recreations).await?;
        }
        settled(client, settings, count).await?;
    }
    recreations.follow_decisions(count).await?;
    Ok(count)
}

/// Creates topics that existed before; returns the created ones. The others exist: a broker that lags behind did not
/// know them, or somebody else was faster.
///
/// # Errors
/// [`Error`] if they can't be created now.
pub(super) async fn make_again(
    client: &Client,
    settings: &Settings,
    config: &KafkaConfig,
    missing: &[Stream],
    count: u16,
    recreations: &Recreations,
) -> Result<Vec<Stream>, Error> {
    let made = create_again(settings, config, missing, count, recreations).await?;
    if !made.is_empty() {
        settled(client, settings, count).await?;
    }
    Ok(made)
}

/// The state of a topic, by the brokers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TopicState {
    /// All partitions have a leader.
    Fine,
    /// There is no such topic.
    Missing,
    /// A partition has no leader.
    Leaderless(i32),
    /// It has not all of the partitions.
    Short(usize),
    /// The brokers report only this error.
    Untold(String),
}

impl TopicState {
    /// The problem with `topic`, if there is one.
    pub(super) fn trouble(&self, topic: &str) -> Option<String> {
        match self {
            Self::Fine => None,
            Self::Missing => Some(format!("the topic {topic} is missing")),
            Self::Leaderless(partition) => Some(format!("partition {partition} of {topic} has no leader")),
            Self::Short(count) => Some(format!("the topic {topic} has only {count} partitions")),
            Self::Untold(why) => Some(format!("the topic {topic}: {why}")),
        }
    }
}

/// The states of all topics, each of which should have `count` partitions. Each is requested by name, because the
/// cluster may have thousands of others. All are requested at once, because the brokers may be far away.
///
/// # Errors
/// [`Error::Unavailable`] if the brokers don't answer.
pub(super) async fn standing(
    client: &Client,
    settings: &Settings,
    count: u16,
) -> Result<Vec<(Stream, TopicState)>, Error> {
    try_join_all(Stream::ALL.into_iter().map(|stream| {
        let (client, topic) = (client.clone(), settings.topic(stream));
        blocking(move || Ok((stream, topic_state(&client, &topic, usize::from(count))?)))
    }))
    .await
}

/// Whether all topics can be used, as far as is found.
///
/// # Errors
/// `Error::Unavailable` with the first problem.
pub(super) fn all_fine(settings: &Settings, found: &Result<Vec<(Stream, TopicState)>, Error>) -> Result<(), Error> {
    let mut found = found.as_ref().map_err(Clone::clone)?.iter();
    let trouble = found.find_map(|(stream, standing)| standing.trouble(&settings.topic(*stream)));
    trouble.map_or(Ok(()), |why| Err(Error::Unavailable(why)))
}

fn topic_state(client: &Client, topic: &str, count: usize) -> Result<TopicState, Error> {
    let metadata = client.metadata(topic, QUERY_TIMEOUT)?;
    let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else {
        return Ok(TopicState::Missing);
    };
    Ok(match found.error() {
        None | Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) => {
            let partitions = found.partitions();
            match partitions.iter().find(|partition| partition.leader() < 0) {
                Some(leaderless) => TopicState::Leaderless(leaderless.id()),
                None if partitions.len() < count => TopicState::Short(partitions.len()),
                None => TopicState::Fine,
            }
        }
        Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) => TopicState::Missing,
        Some(error) => TopicState::Untold(crate::words::kafka_code(RDKafkaErrorCode::from(error))),
    })
}

/// The length of the longest record that the topic of `stream` accepts, if the brokers say it.
pub(super) async fn longest(settings: &Settings, stream: Stream) -> Option<usize> {
    let admin: AdminClient<ClientLogger> = settings.admin().create_with_context(ClientLogger::default()).ok()?;
    let topic = settings.topic(stream);
    let options = AdminOptions::new().request_timeout(Some(ANSWER));
    let described = admin.describe_configs([&ResourceSpecifier::Topic(&topic)], &options).await.ok()?;
    described.into_iter().next()?.ok().as_ref().and_then(longest_in)
}

fn longest_in(described: &ConfigResource) -> Option<usize> {
    described.get("max.message.bytes")?.value.as_deref()?.parse().ok()
}

/// The partition counts of the topics that are there, [`Stream::ALL`] in order.
type PartitionCounts = Vec<(Stream, Option<u16>)>;

async fn partition_counts(client: &Client, settings: &Settings) -> Result<PartitionCounts, Error> {
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
        Some(error) => Err(Error::Unusable(format!(
            "the topic {topic}: {}",
            crate::words::kafka_code(RDKafkaErrorCode::from(error))
        ))),
    }
}

fn count(topic: &str, found: &MetadataTopic) -> Result<Option<u16>, Error> {
    let count = found.partitions().len();
    let count = u16::try_from(count)
        .map_err(|_| Error::Unusable(format!("the topic {topic} has too many partitions: {count}")))?;
    Ok((count > 0).then_some(count))
}

/// The count that all topics there have; none: there are none.
fn agreed(settings: &Settings, found: &PartitionCounts) -> Result<Option<u16>, Error> {
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

/// Refuses topics with a retention that is too short. If the brokers don't show the retention, the administrator is
/// responsible for it.
async fn check_policies(settings: &Settings, there: &[Stream]) -> Result<(), Error> {
    if there.is_empty() {
        return Ok(());
    }
    let admin: AdminClient<ClientLogger> =
        settings.admin().create_with_context(ClientLogger::default()).map_err(|e| refusal(&e))?;
    let names: Vec<_> = there.iter().map(|stream| settings.topic(*stream)).collect();
    let topics: Vec<_> = names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
    let options = AdminOptions::new().request_timeout(Some(ANSWER));
    let described = admin.describe_configs(&topics, &options).await;
    let described = described.unwrap_or_else(|error| {
        let error = crate::words::kafka(&error);
        tracing::warn!(error, "kafka: what the topics forget can't be asked; see that their `cleanup.policy` is right");
        Vec::new()
    });
    for (described, (stream, topic)) in described.into_iter().zip(there.iter().zip(&names)) {
        match described {
            Ok(described) => {
                let policy = described.get("cleanup.policy").and_then(|entry| entry.value.as_deref());
                check_policy(*stream, topic, policy.unwrap_or_default())?;
                check_longest(topic, &described);
            }
            Err(code) => {
                tracing::warn!(topic, %code, "kafka: what the topic forgets can't be asked; see that its `cleanup.policy` is right");
            }
        }
    }
    Ok(())
}

/// Warns of a topic that takes no records as long as usher's can be. Most are far shorter.
fn check_longest(topic: &str, described: &ConfigResource) {
    let wanted = MAX_RECORD.parse().unwrap_or(usize::MAX);
    if let Some(longest) = longest_in(described).filter(|longest| *longest < wanted) {
        tracing::warn!(
            topic,
            "kafka: records longer than {longest} bytes would be refused; set `max.message.bytes` of the topic to {MAX_RECORD}"
        );
    }
}

fn check_policy(stream: Stream, topic: &str, policy: &str) -> Result<(), Error> {
    let (wanted, loses) = match stream.is_compacted() {
        true => ("compact", "what stands in it for longer than the retention"),
        false => ("delete", "records that are still to be worked on"),
    };
    if policy.is_empty() || policy.split(',').map(str::trim).eq([wanted]) {
        return Ok(());
    }
    Err(Error::Unusable(format!(
        "the topic {topic} has `cleanup.policy={policy}` and would lose {loses}; set it to `{wanted}`"
    )))
}

/// Waits until the brokers know all topics with `count` partitions, and the leader of each partition answers: before
/// that, the first records could overtake each other.
async fn settled(client: &Client, settings: &Settings, count: u16) -> Result<(), Error> {
    let deadline = Instant::now() + CREATION;
    loop {
        let found = partition_counts(client, settings).await?;
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
