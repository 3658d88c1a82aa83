//! The topics of the streams: made where they are missing, held against each other where they are not.

pub(super) mod recreations;
mod tellings;

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use rdkafka::{
    admin::{AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication, TopicResult},
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
use recreations::Recreations;

/// Of most topics: a record is kept for 30 days, in milliseconds.
const KEPT_FOR_A_TIME: &[(&str, &str)] = &[("cleanup.policy", "delete"), ("retention.ms", "2592000000")];

/// Of compacted topics: the latest record of each key is kept for ever. What was written over stays for 30 days, so that
/// changes that two replicas made at the same moment are both seen; what was taken back is told for 7 more. A segment in
/// use is not compacted, so there is a new one each day.
const COMPACTED: &[(&str, &str)] = &[
    ("cleanup.policy", "compact"),
    ("min.compaction.lag.ms", "2592000000"),
    ("delete.retention.ms", "604800000"),
    ("segment.ms", "86400000"),
];
/// Of a compacted topic of which nobody needs but the latest record of each key: the rest goes as soon as may be.
const ONLY_THE_LATEST: &[(&str, &str)] = &[("cleanup.policy", "compact"), ("segment.ms", "600000")];
/// How long one question to the cluster may take.
const ANSWER: Duration = Duration::from_secs(9);
/// How long each question of a look at the topics may take.
pub(super) const LOOK: Duration = Duration::from_secs(2);
/// A process that takes longer from telling that a topic is lost to creating it has stood still.
const STOOD_STILL: Duration = Duration::from_secs(10);
/// How long new topics may take until all brokers asked know them.
const CREATION: Duration = Duration::from_secs(30);

/// Makes the missing topics and returns the partition count that all have.
pub(super) async fn ensure(
    client: &Client,
    settings: &Settings,
    config: &KafkaConfig,
    recreations: &Recreations,
) -> Result<u16, Error> {
    let found = look(client, settings).await?;
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

/// Creates the `missing` topics of an installation that had them; gives those that were not there. The outcomes come last, and what is
/// lost with them is told before that.
///
/// # Errors
/// [`Error`] where something can't be told or created now.
async fn create_again(
    settings: &Settings,
    config: &KafkaConfig,
    missing: &[Stream],
    count: u16,
    recreations: &Recreations,
) -> Result<Vec<Stream>, Error> {
    let others: Vec<_> = missing.iter().copied().filter(|stream| *stream != Stream::Outcomes).collect();
    let mut made = create(settings, config, &others, count).await?;
    // A broker that has just started may not know a topic that is there: those that create it do.
    if missing.contains(&Stream::Outcomes) && can_be_created(settings, config, Stream::Outcomes, count).await? {
        recreations.tell(count).await?;
        let told = Instant::now();
        let outcomes = create(settings, config, &[Stream::Outcomes], count).await?;
        // A process that stood still meanwhile may have created what was deleted once more.
        if !outcomes.is_empty() && told.elapsed() > STOOD_STILL {
            recreations.tell(count).await?;
        }
        made.extend(outcomes);
    }
    Ok(made)
}

/// Makes topics again that were there; gives those that were made. The others are there: a broker that lags behind did not
/// know them, or somebody else was faster.
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

/// How a topic is, as the brokers tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// All partitions have a leader.
    Fine,
    /// There is no such topic.
    Missing,
    /// A partition has no leader.
    Leaderless(i32),
    /// It has not all of the partitions.
    Short(usize),
    /// The brokers tell of it only this.
    Untold(String),
}

impl Standing {
    /// What is wrong with `topic`, if anything is.
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

/// How all topics are, each of which is to have `count` partitions. Each is asked for by name: the cluster may have thousands
/// of others. All are asked for at once, as the brokers may be far away.
///
/// # Errors
/// [`Error::Unavailable`] where the brokers don't answer.
pub(super) async fn standing(
    client: &Client,
    settings: &Settings,
    count: u16,
) -> Result<Vec<(Stream, Standing)>, Error> {
    try_join_all(Stream::ALL.into_iter().map(|stream| {
        let (client, topic) = (client.clone(), settings.topic(stream));
        blocking(move || Ok((stream, standing_of(&client, &topic, usize::from(count))?)))
    }))
    .await
}

/// Whether all topics can be used, as far as is found.
pub(super) fn all_fine(settings: &Settings, found: &Result<Vec<(Stream, Standing)>, Error>) -> Result<(), Error> {
    let mut found = found.as_ref().map_err(Clone::clone)?.iter();
    let trouble = found.find_map(|(stream, standing)| standing.trouble(&settings.topic(*stream)));
    trouble.map_or(Ok(()), |why| Err(Error::Unavailable(why)))
}

fn standing_of(client: &Client, topic: &str, count: usize) -> Result<Standing, Error> {
    let metadata = client.metadata(topic, LOOK)?;
    let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else {
        return Ok(Standing::Missing);
    };
    Ok(match found.error() {
        None | Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) => {
            let partitions = found.partitions();
            match partitions.iter().find(|partition| partition.leader() < 0) {
                Some(leaderless) => Standing::Leaderless(leaderless.id()),
                None if partitions.len() < count => Standing::Short(partitions.len()),
                None => Standing::Fine,
            }
        }
        Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) => Standing::Missing,
        Some(error) => Standing::Untold(crate::words::kafka_code(RDKafkaErrorCode::from(error))),
    })
}

/// The longest record that the topic of `stream` takes, where the brokers tell.
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

/// Refuses topics that forget what must not be forgotten. Where that can't be asked, it is left to the administrator.
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

/// Whether the cluster would create the topic of `stream`: it is not there.
async fn can_be_created(settings: &Settings, config: &KafkaConfig, stream: Stream, count: u16) -> Result<bool, Error> {
    Ok(!ask_to_create(settings, config, &[stream], count, true).await?.is_empty())
}

/// Makes the topics of the `missing` streams, and gives the streams whose topics were not there.
async fn create(
    settings: &Settings,
    config: &KafkaConfig,
    missing: &[Stream],
    count: u16,
) -> Result<Vec<Stream>, Error> {
    ask_to_create(settings, config, missing, count, false).await
}

/// Asks the cluster to create topics; with `only_asking` it says whether it would.
async fn ask_to_create(
    settings: &Settings,
    config: &KafkaConfig,
    missing: &[Stream],
    count: u16,
    only_asking: bool,
) -> Result<Vec<Stream>, Error> {
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let admin: AdminClient<ClientLogger> =
        settings.admin().create_with_context(ClientLogger::default()).map_err(|e| refusal(&e))?;
    let names: Vec<_> = missing.iter().map(|stream| settings.topic(*stream)).collect();
    let topics: Vec<_> = names.iter().zip(missing).map(|(name, stream)| topic(name, *stream, config, count)).collect();
    let options =
        AdminOptions::new().request_timeout(Some(ANSWER)).operation_timeout(Some(ANSWER)).validate_only(only_asking);
    let results = admin.create_topics(&topics, &options).await.map_err(|error| {
        Error::Unavailable(format!("the topics could not be made: {}", crate::words::kafka(&error)))
    })?;
    let made = made(results, config.replication_factor, count, only_asking)?;
    Ok(missing.iter().copied().filter(|stream| made.contains(&settings.topic(*stream))).collect())
}

/// The names of the topics that were made; those that were there are not among them.
fn made(results: Vec<TopicResult>, replicas: u16, count: u16, only_asking: bool) -> Result<Vec<String>, Error> {
    let mut made = Vec::new();
    for result in results {
        match result {
            Ok(name) => {
                if !only_asking {
                    tracing::info!(topic = name, partitions = count, "kafka: topic made");
                }
                made.push(name);
            }
            // Another usher, starting at the same time, was faster.
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, code)) => {
                return Err(Error::Unusable(format!(
                    "the topic {name} could not be made with {count} partitions and {replicas} replicas: {}",
                    crate::words::kafka_code(code)
                )));
            }
        }
    }
    Ok(made)
}

fn topic<'a>(name: &'a str, stream: Stream, config: &KafkaConfig, count: u16) -> NewTopic<'a> {
    let replicas = TopicReplication::Fixed(i32::from(config.replication_factor));
    let topic = NewTopic::new(name, i32::from(count), replicas);
    topic_settings(stream, config.replication_factor)
        .into_iter()
        .fold(topic, |topic, (key, value)| topic.set(key, value))
}

/// The settings of the topic of `stream`, as usher makes it with so many `replicas`.
pub fn topic_settings(stream: Stream, replicas: u16) -> Vec<(&'static str, &'static str)> {
    let forgets = match (stream.is_compacted(), stream.keeps_written_over()) {
        (false, _) => KEPT_FOR_A_TIME,
        (true, None) => COMPACTED,
        (true, Some(_)) => ONLY_THE_LATEST,
    };
    // With fewer replicas a single broker's absence would stop everything.
    let in_sync = (replicas >= 3).then_some(("min.insync.replicas", "2"));
    [("max.message.bytes", MAX_RECORD)].into_iter().chain(forgets.iter().copied()).chain(in_sync).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_is_there_already_is_not_one_that_was_made() {
        let there = |name: &str| Err((name.to_owned(), RDKafkaErrorCode::TopicAlreadyExists));
        let results = vec![there("usher.events"), Ok("usher.outcomes".to_owned()), there("usher.claims")];
        assert_eq!(made(results, 1, 3, false).expect("made"), ["usher.outcomes"]);
        let refused = vec![Err(("usher.events".to_owned(), RDKafkaErrorCode::TopicAuthorizationFailed))];
        assert!(made(refused, 1, 3, false).is_err());
    }
}
