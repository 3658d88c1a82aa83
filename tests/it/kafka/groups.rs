//! Groups: who works on what, from where, and how far behind.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::StreamExt;
use tokio::sync::mpsc;
use usher::log::{Assignment, Consumer, Log, Lost, Partition, Stream, kafka::KafkaLog};

use super::{append, soon, until};
use crate::support::kafka::KafkaBroker;

const GROUP: &str = "usher.planner.acme";

async fn one_partition_with_ten_records() -> KafkaLog {
    let log = KafkaLog::open(&KafkaBroker::shared().config(1)).await.unwrap();
    append(&log, 0..10).await;
    log
}

async fn join(log: &KafkaLog) -> (Consumer, Assignment) {
    let mut consumer = log.consume(Stream::Events, GROUP).await.unwrap();
    let assignment = soon(consumer.assignments.recv()).await.unwrap();
    (consumer, assignment)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_group_has_done_is_not_given_to_it_again() {
    let log = one_partition_with_ten_records().await;
    let (first, mut assignment) = join(&log).await;
    for offset in 0..4 {
        let stored = soon(assignment.records.next()).await.unwrap().unwrap();
        assert_eq!(stored.position.offset, offset);
    }
    assignment.offsets.store(4).unwrap();
    drop((assignment, first.membership));
    soon(first.left.cancelled()).await;

    let (_second, mut assignment) = join(&log).await;
    let stored = soon(assignment.records.next()).await.unwrap().unwrap();
    assert_eq!((stored.position.offset, stored.key.as_str()), (4, "acme/id/4"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_has_left_only_when_its_work_is_released_and_can_store_nothing_after() {
    let log = one_partition_with_ten_records().await;
    let (consumer, assignment) = join(&log).await;
    let Assignment { offsets, revoked, released, mut records, .. } = assignment;
    drop(consumer.membership);
    soon(revoked.cancelled()).await;
    assert!(!consumer.left.is_cancelled(), "something is still in the works");
    offsets.store(7).unwrap();
    drop(released);
    soon(consumer.left.cancelled()).await;
    assert!(offsets.store(9).is_err());
    assert!(soon(records.next()).await.is_none(), "no record of a partition that was taken away");

    let (_next, mut assignment) = join(&log).await;
    assert_eq!(soon(assignment.records.next()).await.unwrap().unwrap().position.offset, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_proved_by_the_group_and_over_with_the_membership() {
    let log = one_partition_with_ten_records().await;
    let (consumer, mut assignment) = join(&log).await;
    assert_eq!(soon(assignment.records.next()).await.unwrap().unwrap().position.offset, 0);
    let lease = Arc::clone(&assignment.lease);
    let until = soon(lease.hold()).await.unwrap().expect("an end, as others may join");
    let good_for = until.saturating_duration_since(tokio::time::Instant::now());
    assert!(good_for > Duration::ZERO && good_for <= Duration::from_secs(3), "half of the session: {good_for:?}");
    drop((assignment, consumer.membership));
    soon(consumer.left.cancelled()).await;
    assert_eq!(soon(lease.hold()).await, Err(Lost));
    // What was committed for the proof has told nothing new.
    let (_next, mut assignment) = join(&log).await;
    assert_eq!(soon(assignment.records.next()).await.unwrap().unwrap().position.offset, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lag_is_what_has_not_been_stored() {
    let log = one_partition_with_ten_records().await;
    assert_eq!(log.lag(Stream::Events), None);
    let (consumer, assignment) = join(&log).await;
    until("a lag of all", || log.lag(Stream::Events) == Some(10)).await;
    assignment.offsets.store(7).unwrap();
    until("a lag of the rest", || log.lag(Stream::Events) == Some(3)).await;
    drop((assignment, consumer.membership));
    soon(consumer.left.cancelled()).await;
    until("no lag, as nobody consumes", || log.lag(Stream::Events).is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_the_log_ends_its_readers_and_leaves_its_groups() {
    let log = one_partition_with_ten_records().await;
    let (consumer, assignment) = join(&log).await;
    let reader = log.read(Stream::Events, vec![(Partition(0), 3)]).await.unwrap();
    let close = async {
        soon(assignment.revoked.cancelled()).await;
        drop(assignment);
    };
    soon(async { tokio::join!(log.close(), close) }).await;
    assert!(consumer.left.is_cancelled());
    let left_to_read = soon(reader.collect::<Vec<_>>()).await.len();
    assert!(left_to_read <= 7);
    assert!(log.append(Stream::Events, super::record(1)).await.is_err());
}

/// Who holds which partition, and what has been done by whom.
#[derive(Default)]
struct Ledger {
    holders: Mutex<BTreeMap<Partition, &'static str>>,
    overlaps: Mutex<Vec<String>>,
    done: Mutex<BTreeMap<String, usize>>,
}

impl Ledger {
    fn held_by(&self, member: &str) -> usize {
        self.holders.lock().unwrap().values().filter(|holder| **holder == member).count()
    }

    async fn work(self: Arc<Self>, member: &'static str, mut assignments: mpsc::Receiver<Assignment>) {
        while let Some(assignment) = assignments.recv().await {
            tokio::spawn(self.clone().work_on(member, assignment));
        }
    }

    async fn work_on(self: Arc<Self>, member: &'static str, mut assignment: Assignment) {
        let partition = assignment.partition;
        if let Some(holder) = self.holders.lock().unwrap().insert(partition, member) {
            self.overlaps.lock().unwrap().push(format!("{member} got {partition} while {holder} held it"));
        }
        loop {
            tokio::select! {
                biased;
                () = assignment.revoked.cancelled() => break,
                record = assignment.records.next() => {
                    let record = record.unwrap().unwrap();
                    *self.done.lock().unwrap().entry(record.key).or_default() += 1;
                    assignment.offsets.store(record.position.offset + 1).unwrap();
                }
            }
        }
        // Work that was started takes its time.
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.holders.lock().unwrap().remove(&partition);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_share_partitions_and_hand_them_over_only_when_released() {
    let config = KafkaBroker::shared().config(6);
    let (here, there) = (KafkaLog::open(&config).await.unwrap(), KafkaLog::open(&config).await.unwrap());
    let ledger = Arc::<Ledger>::default();

    let first = here.consume(Stream::Events, GROUP).await.unwrap();
    tokio::spawn(ledger.clone().work("first", first.assignments));
    until("the first has all", || ledger.held_by("first") == 6).await;
    append(&here, 0..200).await;

    let second = there.consume(Stream::Events, GROUP).await.unwrap();
    tokio::spawn(ledger.clone().work("second", second.assignments));
    append(&here, 200..400).await;
    until("each has half", || ledger.held_by("first") == 3 && ledger.held_by("second") == 3).await;
    append(&here, 400..600).await;

    drop(second.membership);
    append(&here, 600..800).await;
    soon(second.left.cancelled()).await;
    until("the first has all again", || ledger.held_by("first") == 6).await;
    append(&here, 800..1000).await;

    until("all is done", || ledger.done.lock().unwrap().len() == 1000).await;
    assert_eq!(*ledger.overlaps.lock().unwrap(), Vec::<String>::new());
    // Where nobody crashes, what is handed over is committed first: nothing comes twice.
    let repeated = ledger.done.lock().unwrap().iter().filter(|(_, times)| **times > 1).count();
    assert_eq!(repeated, 0);
}
