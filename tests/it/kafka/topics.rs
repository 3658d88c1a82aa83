//! Topics that were there before, and what is no longer in them.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier, TopicReplication},
    client::DefaultClientContext,
};
use usher::{
    config::KafkaConfig,
    log::{Error, Log, Partition, Record, Stream, kafka::KafkaLog},
};

use super::{append, record, soon, until};
use crate::support::kafka::KafkaBroker;

fn admin(config: &KafkaConfig) -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", config.brokers.join(",")).create().unwrap()
}

async fn make(config: &KafkaConfig, stream: Stream, partitions: i32) {
    make_with(config, stream, partitions, "delete").await;
}

async fn make_with(config: &KafkaConfig, stream: Stream, partitions: i32, policy: &str) {
    let name = format!("{}{stream}", config.topic_prefix);
    let topic = NewTopic::new(&name, partitions, TopicReplication::Fixed(1)).set("cleanup.policy", policy);
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(10)));
    let admin = admin(config);
    admin.create_topics([&topic], &options).await.unwrap()[0].as_ref().unwrap();
    // Made is not yet known.
    let known = || {
        let metadata = admin.inner().fetch_metadata(Some(&name), Duration::from_secs(10)).unwrap();
        metadata.topics()[0].partitions().len() == usize::try_from(partitions).unwrap()
    };
    until("the topic is known", || tokio::task::block_in_place(known)).await;
}

/// Has what is written over in a compacted stream forgotten within seconds, where it would take a month.
pub(super) async fn compact_soon(config: &KafkaConfig, stream: Stream) {
    let name = format!("{}{stream}", config.topic_prefix);
    let soon = AlterConfig::new(ResourceSpecifier::Topic(&name))
        .set("cleanup.policy", "compact")
        .set("min.compaction.lag.ms", "0")
        .set("delete.retention.ms", "0")
        .set("segment.ms", "100")
        .set("min.cleanable.dirty.ratio", "0.001");
    admin(config).alter_configs([&soon], &AdminOptions::new()).await.unwrap()[0].as_ref().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_topics_are_made_like_those_that_are_there() {
    let config = KafkaBroker::shared().config(3);
    make(&config, Stream::Decisions, 5).await;
    let log = KafkaLog::open(&config).await.unwrap();
    assert_eq!(log.partitions(), 5);
    for stream in Stream::ALL {
        assert_eq!(log.bounds(stream, Partition(4)).await.unwrap(), 0..0);
    }
    let again = KafkaLog::open(&config).await.unwrap();
    assert_eq!((again.partitions(), again.identity()), (5, log.identity()));
    assert!(log.identity().ends_with(&config.topic_prefix));
    log.ready().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_start_at_once_make_the_topics_together() {
    let config = KafkaBroker::shared().config(3);
    let (one, other) = tokio::join!(KafkaLog::open(&config), KafkaLog::open(&config));
    assert_eq!(one.unwrap().identity(), other.unwrap().identity());
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_kept_for_thirty_days_and_the_latest_of_a_setting_for_ever() {
    let config = KafkaBroker::shared().config(1);
    KafkaLog::open(&config).await.unwrap();
    for stream in Stream::ALL {
        let topic = format!("{}{stream}", config.topic_prefix);
        let described = admin(&config)
            .describe_configs([&ResourceSpecifier::Topic(&topic)], &AdminOptions::new())
            .await
            .unwrap()
            .remove(0)
            .unwrap();
        let setting = |name| described.get(name).unwrap().value.clone().unwrap();
        if stream == Stream::Feeds {
            assert_eq!((setting("segment.ms"), setting("cleanup.policy")), ("600000".into(), "compact".into()));
        } else if stream.is_compacted() {
            assert_eq!(
                (setting("min.compaction.lag.ms"), setting("cleanup.policy")),
                ("2592000000".into(), "compact".into())
            );
        } else {
            let days = if stream == Stream::AdminActions { "34560000000" } else { "2592000000" };
            assert_eq!((setting("retention.ms"), setting("cleanup.policy")), (days.into(), "delete".into()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_would_forget_too_much_are_refused_with_what_to_set() {
    for (stream, policy, wanted) in [
        (Stream::Settings, "delete", "compact"),
        (Stream::Activity, "compact,delete", "compact"),
        (Stream::Events, "compact", "delete"),
    ] {
        let config = KafkaBroker::shared().config(1);
        make_with(&config, stream, 1, policy).await;
        let Err(Error::Unusable(why)) = KafkaLog::open(&config).await else { panic!("it must be refused") };
        let topic = format!("{}{stream}", config.topic_prefix);
        assert!(why.contains(&topic) && why.ends_with(&format!("set it to `{wanted}`")), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_megabytes_comes_back_whole_and_a_longer_one_is_refused() {
    let log = KafkaLog::open(&KafkaBroker::shared().config(1)).await.unwrap();
    let of_length = |length| Record { payload: Bytes::from(vec![7; length]), ..record(1) };
    log.append(Stream::Events, of_length(4_000_000)).await.unwrap();
    let refused = log.append(Stream::Events, of_length(5_000_000)).await;
    assert!(matches!(refused, Err(Error::Unusable(_))), "{refused:?}");
    let mut records = log.read(Stream::Events, vec![(Partition(0), 0)]).await.unwrap();
    assert_eq!(soon(records.next()).await.unwrap().unwrap().payload.len(), 4_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_with_unequal_partitions_are_refused() {
    let config = KafkaBroker::shared().config(3);
    make(&config, Stream::Events, 2).await;
    make(&config, Stream::Outcomes, 4).await;
    let Err(Error::Unusable(why)) = KafkaLog::open(&config).await else { panic!("it must be refused") };
    let prefix = &config.topic_prefix;
    assert_eq!(
        why,
        format!("all topics must have the same number of partitions: {prefix}events has 2, {prefix}outcomes has 4")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_starts_at_the_oldest_record_kept() {
    let config = KafkaBroker::shared().config(1);
    let log = KafkaLog::open(&config).await.unwrap();
    append(&log, 0..10).await;
    let mut before = TopicPartitionList::new();
    before.add_partition_offset(&format!("{}events", config.topic_prefix), 0, Offset::Offset(6)).unwrap();
    admin(&config).delete_records(&before, &AdminOptions::new()).await.unwrap();

    assert_eq!(log.bounds(Stream::Events, Partition(0)).await.unwrap(), 6..10);
    let mut records = log.read(Stream::Events, vec![(Partition(0), 2)]).await.unwrap();
    assert_eq!(soon(records.next()).await.unwrap().unwrap().position.offset, 6);
}
