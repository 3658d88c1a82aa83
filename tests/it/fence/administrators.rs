//! The last administrators, where two processes are each about to take one.

use usher::{
    domain::{Decision, Step},
    log::{Log, Partition, Record, Stream, codec, kafka::KafkaLog},
    sandbox::{ADMIN_GROUP, Account, Effect, Fault},
};

use crate::support::{
    decided::{decided, ended},
    face::eventually,
    ground::{ACME, Ground},
    kafka::KafkaBroker,
    usher::Usher,
};

const ROUNDS: usize = 4;

/// An administrator whose decisions are in this partition of two.
fn administrator(ground: &Ground, name: &str, partition: Partition) -> Account {
    let mut numbered = (0..).map(|number| Account::new(format!("KEY-{name}-{number}"), format!("{name}-{number}")));
    let is_there = |account: &Account| {
        let key = decided(ACME, account, &[Step::Deactivate]).key();
        Partition::of(key.as_str(), 2) == partition
    };
    let account = numbered.find(is_there).expect("one of many");
    ground.sandbox.put_user(ACME.product, account.clone());
    ground.sandbox.add_member(ACME.product, &account.id, ADMIN_GROUP).expect("both are there");
    account
}

/// How often an executor of this process was given partitions.
fn given(usher: &Usher) -> usize {
    let given = |line: &&str| line.contains("kafka: partitions come") && line.contains(".decisions\"");
    usher.log().lines().filter(given).filter(|line| !line.contains("[]")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_last_administrators_two_processes_take_one_between_them() {
    let kafka = KafkaBroker::shared().config(2);
    let ground = Ground::new("").on_kafka(&kafka);
    let (one, other) = (Usher::replica(&ground, "one").await, Usher::replica(&ground, "other").await);
    // One of each source: the members of a group share its two partitions.
    eventually("both have work", || async { (given(&other) >= 2).then_some(()) }).await;
    // Each has read the list before the other has done anything.
    let slow = Fault::new(Effect::Delay { millis: 400 }).site(ACME.product).path("group/member");
    ground.sandbox.inject(slow);
    let log = KafkaLog::open(&kafka).await.expect("the broker answers");
    // usher's own account is an administrator too, and two must stay.
    let mut left = administrator(&ground, "first", Partition(0));
    for round in 0..ROUNDS {
        let next = Partition(u16::from(Partition::of(decided(ACME, &left, &[]).key().as_str(), 2) == Partition(0)));
        let another = administrator(&ground, &format!("next-{round}"), next);
        let decisions = [&left, &another].map(|user| decided(ACME, user, &[Step::Deactivate]));
        let put = |decision: &Decision| {
            log.append(Stream::Decisions, Record { key: decision.key(), payload: codec::encode(decision) })
        };
        let (a, b) = tokio::join!(put(&decisions[0]), put(&decisions[1]));
        assert_ne!(a.expect("appended").partition, b.expect("appended").partition);
        let mut taken = Vec::new();
        for decision in &decisions {
            let ended = ended(&one, decision).await;
            taken.push(ended[0]["result"] == "changed");
        }
        assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "round {round}: {:?}", ground.effects());
        left = if taken[0] { another } else { left };
    }
    assert_eq!(ground.effects().len(), ROUNDS, "{:?}", ground.effects());
    log.close().await;
}
