//! On Kafka: a real broker, and usher killed, alone and one of two.

use std::time::Duration;

use tokio::sync::watch;
use usher::{config::KafkaConfig, log::kafka::KafkaLog};

use super::{
    ending::{judge, let_finish},
    load::{History, Load},
    scene::{Scene, rounds},
};
use crate::support::{
    kafka::KafkaBroker,
    process::{Doors, Usher},
};

/// The longest that a sender waits between two things it tells. After a kill Kafka waits for the dead member's session
/// to end: there is time to tell of much.
const PAUSE: Duration = Duration::from_millis(800);
const PARTITIONS: u16 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_done_once_and_in_order_whenever_usher_is_killed() {
    let kafka = KafkaBroker::shared().config(PARTITIONS);
    let mut scene = Scene::set_up(&section(&kafka)).await;
    let (open, doors) = watch::channel(Vec::new());
    let load = Load::start(&scene.people, &doors, scene.seed, PAUSE);
    for round in 0..rounds(10) {
        let mut usher = scene.start(0);
        open.send_replace(vec![usher.running().await.webhooks]);
        if round % 4 != 3 {
            // Else it is killed while it still waits for its partitions.
            usher.has_logged("run ended").await;
        }
        scene.wait_a_moment(50..800).await;
        scene.kill(usher);
        open.send_replace(Vec::new());
    }
    let mut usher = scene.start(0);
    let doors = usher.running().await;
    let histories = let_finish(&scene, vec![(usher, doors)], &open, load).await;
    judge_log(&scene, &kafka, &histories).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_of_two_goes_the_other_takes_over_and_nothing_is_done_twice() {
    let kafka = KafkaBroker::shared().config(PARTITIONS);
    let mut scene = Scene::set_up(&section(&kafka)).await;
    let (open, doors) = watch::channel(Vec::new());
    let load = Load::start(&scene.people, &doors, scene.seed, PAUSE);
    let mut ushers = Vec::new();
    for replica in 0..2 {
        let mut usher = scene.start(replica);
        let doors = usher.running().await;
        ushers.push((usher, doors));
    }
    let webhooks = |ushers: &[(Usher, Doors)]| ushers.iter().map(|(_, doors)| doors.webhooks.clone()).collect();
    for round in 0..rounds(4) {
        open.send_replace(webhooks(&ushers));
        ushers[0].0.has_logged("run ended").await;
        scene.wait_a_moment(50..3000).await;
        // The one that has been there longer goes; another takes its place, and its data.
        let (leaver, _) = ushers.remove(0);
        open.send_replace(webhooks(&ushers));
        if round % 4 == 3 {
            assert!(leaver.stop().await.success(), "it did not end as it should");
        } else {
            scene.kill(leaver);
        }
        scene.wait_a_moment(50..3000).await;
        let mut usher = scene.start(round % 2);
        let doors = usher.running().await;
        ushers.push((usher, doors));
    }
    let histories = let_finish(&scene, ushers, &open, load).await;
    judge_log(&scene, &kafka, &histories).await;
}

/// The section `log` of the configuration.
pub fn section(kafka: &KafkaConfig) -> String {
    let KafkaConfig { brokers, topic_prefix, partitions, replication_factor, options, .. } = kafka;
    let options: Vec<_> = options.iter().map(|(key, value)| format!("{key:?}: {:?}", value.reveal())).collect();
    format!(
        "log: {{ kind: kafka, kafka: {{ brokers: {brokers:?}, topic_prefix: {topic_prefix:?}, partitions: {partitions}, \
         replication_factor: {replication_factor}, options: {{ {} }} }} }}",
        options.join(", ")
    )
}

pub async fn judge_log(scene: &Scene, kafka: &KafkaConfig, histories: &[History]) {
    let log = KafkaLog::open(kafka).await.expect("the broker answers");
    judge(scene, &log, histories).await;
}
