//! Creates topics, with their settings; records the loss before it creates the outcomes again.

use std::time::{Duration, Instant};

use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication, TopicResult},
    error::RDKafkaErrorCode,
};

use super::{
    super::{
        context::ClientLogger,
        settings::{MAX_RECORD, Settings, refusal},
    },
    ANSWER,
    recreations::Recreations,
};
use crate::{
    config::KafkaConfig,
    log::{Error, Stream},
};

/// Of most topics: a record is kept for 30 days, in milliseconds.
const KEPT_FOR_A_TIME: &[(&str, &str)] = &[("cleanup.policy", "delete"), ("retention.ms", "2592000000")];

/// A record is kept for 400 days, in milliseconds.
const KEPT_FOR_LONGER: &[(&str, &str)] = &[("cleanup.policy", "delete"), ("retention.ms", "34560000000")];

/// For compacted topics: the latest record of each key is kept for ever. Overwritten records stay for 30 days, so that
/// both of two simultaneous changes by replicas are seen; deletions stay for 7 more days. Kafka does not compact the
/// segment in use, so there is a new segment each day.
const COMPACTED: &[(&str, &str)] = &[
    ("cleanup.policy", "compact"),
    ("min.compaction.lag.ms", "2592000000"),
    ("delete.retention.ms", "604800000"),
    ("segment.ms", "86400000"),
];
/// For a compacted topic of which only the latest record of each key is needed: the others are removed as soon as
/// possible.
const ONLY_THE_LATEST: &[(&str, &str)] = &[("cleanup.policy", "compact"), ("segment.ms", "600000")];
/// If a process takes longer from recording a loss to creating the topic, it has stood still.
const STOOD_STILL: Duration = Duration::from_secs(10);

/// Creates the `missing` topics of an existing installation; returns those that did not exist. The outcomes come last,
/// after their loss is recorded.
///
/// # Errors
/// [`Error`] if the loss can't be recorded, or a topic can't be created now.
pub(super) async fn create_again(
    settings: &Settings,
    config: &KafkaConfig,
    missing: &[Stream],
    count: u16,
    recreations: &Recreations,
) -> Result<Vec<Stream>, Error> {
    let others: Vec<_> = missing.iter().copied().filter(|stream| *stream != Stream::Outcomes).collect();
    let mut made = create(settings, config, &others, count).await?;
    // A broker that has just started may not know an existing topic; the brokers that create topics do.
    if missing.contains(&Stream::Outcomes) && can_be_created(settings, config, Stream::Outcomes, count).await? {
        recreations.record_loss(count).await?;
        let told = Instant::now();
        let outcomes = create(settings, config, &[Stream::Outcomes], count).await?;
        // After a standstill the topic may have been created and deleted once more.
        if !outcomes.is_empty() && told.elapsed() > STOOD_STILL {
            recreations.record_loss(count).await?;
        }
        made.extend(outcomes);
    }
    Ok(made)
}

/// Whether the cluster would create the topic of `stream`: it is not there.
async fn can_be_created(settings: &Settings, config: &KafkaConfig, stream: Stream, count: u16) -> Result<bool, Error> {
    Ok(!ask_to_create(settings, config, &[stream], count, true).await?.is_empty())
}

/// Makes the topics of the `missing` streams, and gives the streams whose topics were not there.
///
/// # Errors
/// `Error` if a topic can't be created now.
pub(super) async fn create(
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

/// The names of the created topics, without those that existed.
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

/// The settings of the topic of `stream`, as usher makes it with this number of `replicas`.
pub fn topic_settings(stream: Stream, replicas: u16) -> Vec<(&'static str, &'static str)> {
    let forgets = match (stream.is_compacted(), stream.keeps_written_over()) {
        (false, _) if stream.keeps_longer().is_some() => KEPT_FOR_LONGER,
        (false, _) => KEPT_FOR_A_TIME,
        (true, None) => COMPACTED,
        (true, Some(_)) => ONLY_THE_LATEST,
    };
    // With fewer replicas a single broker's absence would stop everything.
    let in_sync = (replicas >= 3).then_some(("min.insync.replicas", "2"));
    [("max.message.bytes", MAX_RECORD)].into_iter().chain(forgets.iter().copied()).chain(in_sync).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_kept_as_long_as_its_stream() {
        for stream in Stream::ALL.into_iter().filter(|stream| !stream.is_compacted()) {
            let keeps = stream.keeps_longer().unwrap_or(crate::log::RETENTION).as_millis().to_string();
            assert!(topic_settings(stream, 1).contains(&("retention.ms", &keeps)), "{stream}");
        }
    }

    #[test]
    fn a_topic_that_is_there_already_is_not_one_that_was_made() {
        let there = |name: &str| Err((name.to_owned(), RDKafkaErrorCode::TopicAlreadyExists));
        let results = vec![there("usher.events"), Ok("usher.outcomes".to_owned()), there("usher.claims")];
        assert_eq!(made(results, 1, 3, false).expect("made"), ["usher.outcomes"]);
        let refused = vec![Err(("usher.events".to_owned(), RDKafkaErrorCode::TopicAuthorizationFailed))];
        assert!(made(refused, 1, 3, false).is_err());
    }
}
