//! What replicas tell of the partitions that they share.

use crate::support::{
    face::{Face, eventually},
    ground::Ground,
    kafka::KafkaBroker,
    usher::Usher,
};

const PARTITIONS: u16 = 4;
const HELD: &str = "usher_partitions{source=\"acme\",stage=\"planner\",state=\"held\"}";
const RESTORING: &str = "usher_partitions{source=\"acme\",stage=\"planner\",state=\"restoring\"}";
const REBALANCES: &str = "usher_rebalances_total{group_stage=\"planner\"}";

async fn value(face: &Face, series: &str) -> f64 {
    face.metric(series).await.expect("it is there from the start")
}

/// Waits until each of `replicas` works on some partitions of the planner, and all together on all.
async fn share(replicas: &[&Usher]) {
    eventually("the partitions are shared out", || async {
        let mut held = Vec::new();
        for replica in replicas {
            held.push(value(replica, HELD).await);
        }
        let all: f64 = held.iter().sum();
        (all == f64::from(PARTITIONS) && held.iter().all(|held| *held > 0.0)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_tell_which_partitions_they_have_and_how_often_they_were_shared_out() {
    let ground = Ground::new("").on_kafka(&KafkaBroker::shared().config(PARTITIONS));
    let one = Usher::replica(&ground, "one").await;
    share(&[&one]).await;
    let before = value(&one, REBALANCES).await;
    assert!(before >= 1.0, "it has joined: {before}");
    assert_eq!(value(&one, RESTORING).await, 0.0);

    let other = Usher::replica(&ground, "other").await;
    share(&[&one, &other]).await;
    assert!(value(&one, REBALANCES).await > before, "the other one has joined");

    other.terminate();
    assert!(other.wait().0.success());
    share(&[&one]).await;
    assert!(value(&one, "usher_restore_seconds_count").await >= f64::from(PARTITIONS));
}
