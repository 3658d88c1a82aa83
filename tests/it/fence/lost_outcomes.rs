//! Which outcomes were lost with their topic, as the log tells it to each process.

use std::time::Duration;

use tokio::time::timeout;
use usher::{
    config::KafkaConfig,
    domain::{OutcomesRecreated, UserId, UserKey, UserRef},
    health::Health,
    log::{Log, Partition, Record, Stream, kafka::KafkaLog},
};

use super::topics::delete;
use crate::support::kafka::KafkaBroker;

/// A busy broker may take long for each of several questions.
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);

async fn open(kafka: &KafkaConfig) -> (KafkaLog, Health) {
    let health = Health::default();
    (KafkaLog::open_in(kafka, health.clone()).await.expect("the broker answers"), health)
}

/// Appends records about some users; how many there are in the first partition then.
async fn append(log: &KafkaLog, stream: Stream, users: std::ops::Range<usize>) -> u64 {
    for user in users {
        let user = UserRef::Id(UserId::new(format!("user-{user}")));
        let key = UserKey::new(&"acme".parse().expect("an id"), &user);
        log.append(stream, Record { key, payload: "a record".into() }).await.expect("appended");
    }
    log.bounds(stream, Partition(0)).await.expect("the broker answers").end
}

async fn lost(log: &KafkaLog) -> Option<OutcomesRecreated> {
    log.outcomes_recreated(Partition(0)).await.expect("the broker answers")
}

/// Waits until the watch over the topics has created one again and ends the process.
async fn is_created_again(health: &Health) {
    let why = timeout(WAIT_TIMEOUT, health.process_must_end()).await.expect("it is noticed");
    assert!(why.contains("was deleted"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_loss_of_outcomes_is_told_to_all_with_the_decisions_that_stood_there() {
    let kafka = KafkaBroker::shared().config(2);
    let (log, health) = open(&kafka).await;
    let (other, _) = open(&kafka).await;
    assert_eq!(lost(&log).await, None, "nothing was lost at the first start");
    let first = append(&log, Stream::Decisions, 0..20).await;
    append(&log, Stream::Outcomes, 0..20).await;

    delete(&kafka, Stream::Outcomes).await;
    is_created_again(&health).await;
    let told = lost(&log).await.expect("it is told");
    assert_eq!(told.decisions_until, first);
    assert!(log.outcomes_known_recreated(Partition(0)).is_some_and(|known| known.number >= told.number));
    assert!(lost(&other).await.is_some_and(|known| known.number >= told.number), "the other process learns of it");
    log.close().await;
    other.close().await;

    // While no process is there to see it.
    let (log, _) = open(&kafka).await;
    let second = append(&log, Stream::Decisions, 20..40).await;
    log.close().await;
    delete(&kafka, Stream::Outcomes).await;
    let (log, _) = open(&kafka).await;
    let again = lost(&log).await.expect("it is told");
    assert!(again.number > told.number, "{again:?} {told:?}");
    assert_eq!(again.decisions_until, second);
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_that_were_created_again_themselves_are_in_no_doubt() {
    let kafka = KafkaBroker::shared().config(2);
    let (log, _) = open(&kafka).await;
    assert!(append(&log, Stream::Decisions, 0..20).await > 0);
    log.close().await;
    delete(&kafka, Stream::Outcomes).await;
    let (log, _) = open(&kafka).await;
    assert!(lost(&log).await.is_some_and(|told| told.decisions_until > 0));
    log.close().await;
    delete(&kafka, Stream::Decisions).await;
    let (log, _) = open(&kafka).await;
    assert_eq!(lost(&log).await.map(|told| told.decisions_until), Some(0), "those that come now are others");
    log.close().await;

    delete(&kafka, Stream::Outcomes).await;
    delete(&kafka, Stream::Decisions).await;
    delete(&kafka, Stream::Settings).await;
    let (log, _) = open(&kafka).await;
    assert_eq!(lost(&log).await, None, "without decisions there is nothing to lose");
    log.close().await;
}
