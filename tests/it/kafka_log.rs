//! What only the log on Kafka does: groups that share partitions, brokers that go away, topics that were there before.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::StreamExt;
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    mocking::MockCluster,
    types::{RDKafkaApiKey, RDKafkaRespErr},
};
use tokio::{sync::mpsc, time::timeout};
use usher::{
    config::KafkaConfig,
    domain::UserKey,
    log::{Assignment, Consumer, Error, Log, Partition, Record, Stream, kafka::KafkaLog},
};

use crate::support::kafka::KafkaBroker;

const SOON: Duration = Duration::from_secs(30);

fn record(user: usize) -> Record {
    let key = UserKey::parse(&format!("acme/id/{user}")).unwrap();
    Record { key, payload: Bytes::from(format!("payload {user}")) }
}

async fn append(log: &KafkaLog, users: std::ops::Range<usize>) {
    for user in users {
        log.append(Stream::Events, record(user)).await.unwrap();
    }
}

/// Waits for `condition`, at most as long as anything here may take.
async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !condition() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn next(consumer: &mut Consumer) -> Assignment {
    timeout(SOON, consumer.assignments.recv()).await.expect("an assignment in time").expect("a living membership")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_group_has_done_is_not_given_to_it_again() {
    let config = KafkaBroker::shared().config(1);
    let log = KafkaLog::open(&config).await.unwrap();
    append(&log, 0..10).await;

    let mut first = log.consume(Stream::Events, "usher.planner.acme").await.unwrap();
    let mut assignment = next(&mut first).await;
    for offset in 0..4 {
        let stored = timeout(SOON, assignment.records.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(stored.position.offset, offset);
    }
    assignment.offsets.store(4).unwrap();
    drop((assignment, first.membership));
    timeout(SOON, first.left.cancelled()).await.unwrap();

    let mut second = log.consume(Stream::Events, "usher.planner.acme").await.unwrap();
    let mut assignment = next(&mut second).await;
    let stored = timeout(SOON, assignment.records.next()).await.unwrap().unwrap().unwrap();
    assert_eq!((stored.position.offset, stored.key.as_str()), (4, "acme/id/4"));
}
