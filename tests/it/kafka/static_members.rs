//! Static members: a restart moves nothing, and nobody acts on what a process of the same id may still be doing.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use usher::{
    config::KafkaConfig,
    health::Health,
    log::{
        Assignment, Consumer, Log, Partition, Stream,
        kafka::{KafkaLog, Predecessor},
    },
};

use super::{SOON, soon};
use crate::support::kafka::KafkaBroker;

const GROUP: &str = "usher.planner.acme";

/// A process in the group.
struct Process {
    log: KafkaLog,
    consumer: Consumer,
    held: BTreeMap<Partition, Assignment>,
    /// How often a partition came or went.
    moves: usize,
}

impl Process {
    async fn start(config: &KafkaConfig, id: &str, predecessor: Predecessor) -> Self {
        let config = KafkaConfig { instance_id: Some(id.to_owned()), options: Vec::new(), ..config.clone() };
        let log = KafkaLog::open_after(predecessor, &config, Health::default()).await.unwrap();
        let consumer = log.consume(Stream::Events, GROUP).await.unwrap();
        Self { log, consumer, held: BTreeMap::new(), moves: 0 }
    }

    /// Takes what comes and gives back what goes, as far as it is there.
    fn check(&mut self) {
        let before = self.held.len();
        self.held.retain(|_, assignment| !assignment.revoked.is_cancelled());
        self.moves += before - self.held.len();
        while let Ok(assignment) = self.consumer.assignments.try_recv() {
            self.held.insert(assignment.partition, assignment);
            self.moves += 1;
        }
    }

    fn holds(&self) -> Vec<Partition> {
        self.held.keys().copied().collect()
    }

    /// Ends it in order.
    async fn stop(self) {
        drop((self.held, self.consumer.assignments));
        soon(self.log.close()).await;
    }
}

/// Waits until all of them together are as `is` says.
async fn until(what: &str, processes: &mut [&mut Process], is: impl Fn(&[&mut Process]) -> bool) {
    let deadline = Instant::now() + SOON;
    loop {
        processes.iter_mut().for_each(|process| process.check());
        if is(processes) {
            return;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_static_member_that_is_restarted_has_its_partitions_again_and_no_other_ones_move() {
    let config = KafkaBroker::shared().config(4);
    let mut one = Process::start(&config, "one", Predecessor::Gone).await;
    let mut other = Process::start(&config, "other", Predecessor::Gone).await;
    until("each has two", &mut [&mut one, &mut other], |all| all.iter().all(|process| process.held.len() == 2)).await;
    let (its_own, moves) = (one.holds(), other.moves);
    for _ in 0..2 {
        one.stop().await;
        // One that had left the group would be replaced within this time.
        tokio::time::sleep(Duration::from_secs(2)).await;
        one = Process::start(&config, "one", Predecessor::Gone).await;
        until("it is back", &mut [&mut one, &mut other], |all| all[0].held.len() == 2).await;
        assert_eq!((one.holds(), other.moves), (its_own.clone(), moves));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_of_a_predecessor_that_may_live_are_taken_when_it_can_change_nothing_any_more() {
    let config = KafkaBroker::shared().config(2);
    let mut one = Process::start(&config, "one", Predecessor::Gone).await;
    until("it has all", &mut [&mut one], |all| all[0].held.len() == 2).await;
    let began = Instant::now();
    let mut next = Process::start(&config, "one", Predecessor::Unknown).await;
    until("the next one has all", &mut [&mut next], |all| all[0].held.len() == 2).await;
    assert!(began.elapsed() >= Duration::from_secs(5), "{:?}", began.elapsed());
    drop(one);
}
