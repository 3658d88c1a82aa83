//! Creating topics: how each is set, and what is told before the outcomes are created again.

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
/// A process that takes longer from telling that a topic is lost to creating it has stood still.
const STOOD_STILL: Duration = Duration::from_secs(10);

/// Creates the `missing` topics of an installation that had them; gives those that were not there. The outcomes come last, and what is
/// lost with them is told before that.
///
/// # Errors
/// [`Error`] where something can't be told or created now.
pub(super) async fn create_again(
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
        recreations.record_loss(count).await?;
        let told = Instant::now();
        let outcomes = create(settings, config, &[Stream::Outcomes], count).await?;
        // A process that stood still meanwhile may have created what was deleted once more.
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
