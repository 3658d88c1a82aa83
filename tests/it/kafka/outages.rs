//! Brokers that are not there, go away, come back, refuse or are slow.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::{StreamExt, future::try_join_all};
use rdkafka::{
    mocking::MockCluster,
    types::{RDKafkaApiKey, RDKafkaRespErr},
};
use tokio_util::sync::CancellationToken;
use usher::{
    config::KafkaConfig,
    log::{Error, Log, Partition, Record, Stream, kafka::KafkaLog},
    secret::Secret,
};

use super::{SOON, append, record, soon};
use crate::support::kafka::KafkaBroker;

pub(super) fn config(brokers: &str) -> KafkaConfig {
    KafkaConfig {
        brokers: vec![brokers.into()],
        topic_prefix: "usher.".into(),
        partitions: 1,
        replication_factor: 1,
        instance_id: None,
        options: Vec::new(),
    }
}

/// A mock cluster has no admin interface: its topics are made beforehand.
pub(super) fn mock() -> MockCluster<'static, rdkafka::producer::DefaultProducerContext> {
    let cluster = MockCluster::new(1).unwrap();
    for stream in Stream::ALL {
        cluster.create_topic(&format!("usher.{stream}"), 1, 1).unwrap();
    }
    cluster
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_that_do_not_answer_are_named_in_one_line() {
    let start = Instant::now();
    let Err(Error::Unavailable(why)) = KafkaLog::open(&config("127.0.0.1:1")).await else { panic!("there is none") };
    assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
    assert!(why.starts_with("Kafka at 127.0.0.1:1: ") && why.contains("refused") && !why.contains('\n'), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_broker_the_log_says_so_in_time_and_goes_on_when_it_is_back() {
    let broker = KafkaBroker::own();
    let log = KafkaLog::open(&broker.config(1)).await.unwrap();
    append(&log, 0..3).await;
    log.ready().await.unwrap();
    let mut records = log.read(Stream::Events, vec![(Partition(0), 0)]).await.unwrap();
    let mut consumer = log.consume(Stream::Events, "usher.planner.acme").await.unwrap();
    let mut assignment = soon(consumer.assignments.recv()).await.unwrap();
    for offset in 0..3 {
        assert_eq!(soon(records.next()).await.unwrap().unwrap().position.offset, offset);
        assert_eq!(soon(assignment.records.next()).await.unwrap().unwrap().position.offset, offset);
    }

    tokio::task::block_in_place(|| broker.stop());
    let start = Instant::now();
    // An answer to `ready` is good for a moment.
    let not_ready = async { while log.ready().await.is_ok() {} };
    let (refused, bounds, ()) = soon(async {
        tokio::join!(log.append(Stream::Events, record(3)), log.bounds(Stream::Events, Partition(0)), not_ready)
    })
    .await;
    // 8 s until the record is given up, and what librdkafka takes to notice.
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    assert!(matches!(bounds, Err(Error::Unavailable(_))), "{bounds:?}");

    tokio::task::block_in_place(|| broker.start());
    let deadline = Instant::now() + SOON;
    let position = loop {
        match log.append(Stream::Events, record(4)).await {
            Ok(position) => break position,
            Err(error) => assert!(Instant::now() < deadline, "still {error}"),
        }
    };
    assert!(position.offset >= 3);
    let from_there = soon(records.next()).await.unwrap().unwrap();
    assert_eq!(from_there.position.offset, 3);
    // Its session may be over: then the partition comes anew, from what was stored, which is nothing.
    loop {
        tokio::select! {
            biased;
            () = assignment.revoked.cancelled() => {
                drop(assignment);
                assignment = soon(consumer.assignments.recv()).await.unwrap();
            }
            Some(stored) = assignment.records.next() => {
                if stored.unwrap().key == from_there.key {
                    break;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_that_can_not_go_on_is_replaced() {
    let cluster = mock();
    // Once for each of the two producers, which can't go on after that.
    let denied = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED; 2];
    cluster.request_errors(RDKafkaApiKey::InitProducerId, &denied);
    let log = KafkaLog::open(&config(&cluster.bootstrap_servers())).await.unwrap();
    for stream in [Stream::Events, Stream::Decisions] {
        // It may have been noticed before the first append, or by it.
        if soon(log.append(stream, record(0))).await.is_err() {
            soon(log.append(stream, record(0))).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_an_overload_and_not_an_outage() {
    let cluster = mock();
    cluster.broker_round_trip_time(1, Duration::from_millis(300)).unwrap();
    let mut config = config(&cluster.bootstrap_servers());
    config.options.push(("queue.buffering.max.messages".into(), Secret::new("2")));
    let log = KafkaLog::open(&config).await.unwrap();
    let appends = (0..5).map(|user| log.append(Stream::Events, record(user)));
    let results = soon(futures::future::join_all(appends)).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 2, "{results:?}");
    assert_eq!(results.iter().filter(|result| matches!(result, Err(Error::Overloaded))).count(), 3, "{results:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_under_load_and_comes_back_loses_repeats_and_mixes_up_nothing() {
    const USERS: usize = 8;
    let broker = KafkaBroker::own();
    let log = Arc::new(KafkaLog::open(&broker.config(3)).await.unwrap());
    let restarted = CancellationToken::new();
    let appenders = (0..USERS).map(|user| {
        let (log, restarted) = (log.clone(), restarted.clone());
        tokio::spawn(async move {
            let mut appended = 0_usize;
            while !restarted.is_cancelled() {
                let payload = Bytes::from(appended.to_string());
                log.append(Stream::Decisions, Record { payload, ..record(user) }).await.unwrap();
                appended += 1;
            }
            appended
        })
    });
    let appenders: Vec<_> = appenders.collect();
    until_there_are(&log, 200).await;
    tokio::task::block_in_place(|| broker.kill());
    tokio::task::block_in_place(|| broker.start());
    let before = until_there_are(&log, 0).await;
    until_there_are(&log, before + 200).await;
    restarted.cancel();
    let mut expected = BTreeMap::new();
    for (user, appender) in appenders.into_iter().enumerate() {
        let numbers: Vec<_> = (0..appender.await.unwrap()).map(|number| number.to_string()).collect();
        expected.insert(format!("acme/id/{user}"), numbers);
    }

    let from = (0..3).map(|number| (Partition(number), 0)).collect();
    let records = log.read(Stream::Decisions, from).await.unwrap();
    let mut found = BTreeMap::<_, Vec<_>>::new();
    let mut records = records.take(expected.values().map(Vec::len).sum());
    while let Some(stored) = soon(records.next()).await {
        let stored = stored.unwrap();
        found.entry(stored.key).or_default().push(String::from_utf8_lossy(&stored.payload).into_owned());
    }
    assert!(found == expected, "lost, repeated or mixed up");
}

/// Waits until at least `count` decisions are in the log; gives how many are.
async fn until_there_are(log: &KafkaLog, count: u64) -> u64 {
    let deadline = Instant::now() + SOON;
    loop {
        let bounds = (0..log.partitions()).map(|number| log.bounds(Stream::Decisions, Partition(number)));
        if let Ok(bounds) = try_join_all(bounds).await {
            let found = bounds.iter().map(|bounds| bounds.end - bounds.start).sum();
            if found >= count {
                return found;
            }
        }
        assert!(Instant::now() < deadline, "not in time: {count} decisions");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_its_broker_is_closed_in_time() {
    let broker = KafkaBroker::own();
    let log = KafkaLog::open(&broker.config(1)).await.unwrap();
    append(&log, 0..3).await;
    let mut consumer = log.consume(Stream::Decisions, "usher.planner.acme").await.unwrap();
    let assignment = soon(consumer.assignments.recv()).await.unwrap();
    tokio::task::block_in_place(|| broker.stop());
    assignment.offsets.store(3).unwrap();
    drop(assignment);
    soon(log.close()).await;
    assert!(consumer.left.is_cancelled());
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_that_are_200_milliseconds_away_are_ready_and_a_probe_waits_less_than_a_second() {
    let cluster = mock();
    let log = KafkaLog::open(&config(&cluster.bootstrap_servers())).await.unwrap();
    cluster.broker_round_trip_time(1, Duration::from_millis(200)).unwrap();
    // No answer is given again for that long.
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(4) {
        let probe = tokio::time::timeout(Duration::from_secs(1), log.ready()).await;
        probe.expect("in time").unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
