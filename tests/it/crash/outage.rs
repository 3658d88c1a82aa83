//! Kafka away for a while, under load.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tokio::sync::watch;

use super::{
    ending::let_finish,
    kafka::{judge_log, section},
    load::Load,
    scene::{Scene, rounds},
};
use crate::support::{kafka::KafkaBroker, process::Doors};

const PAUSE: Duration = Duration::from_millis(250);
/// How long something may take to be noticed.
const SOON: Duration = Duration::from_secs(60);
/// What usher may take more, in MiB, while it can't write: the queue of the Kafka client, and what a process takes anyway.
const MORE_MEMORY: u64 = 150;

type Act = fn(&KafkaBroker);

/// How an outage begins and ends: in order, by a crash, or by silence.
const OUTAGES: [(Act, Act); 3] = [
    (KafkaBroker::stop, KafkaBroker::start),
    (KafkaBroker::kill, KafkaBroker::start),
    (KafkaBroker::freeze, KafkaBroker::thaw),
];

#[tokio::test(flavor = "multi_thread")]
async fn while_kafka_is_away_usher_says_come_back_later_and_loses_nothing_it_accepted() {
    let broker = tokio::task::block_in_place(KafkaBroker::own);
    let kafka = broker.config(4);
    let mut scene = Scene::set_up(&section(&kafka)).await;
    let (open, listening) = watch::channel(Vec::new());
    let load = Load::start(&scene.people, &listening, scene.seed, PAUSE);
    let mut usher = scene.start(0);
    let doors = usher.running().await;
    open.send_replace(vec![doors.webhooks.clone()]);
    for round in 0..rounds(OUTAGES.len()) {
        let (begin, end) = OUTAGES[round % OUTAGES.len()];
        becomes(&doors, "readyz", StatusCode::OK).await;
        usher.has_logged("run ended").await;
        scene.wait_a_moment(500..3000).await;
        let before = usher.resident_mib();
        tokio::task::block_in_place(|| begin(&broker));
        becomes(&doors, "readyz", StatusCode::SERVICE_UNAVAILABLE).await;
        load.is_turned_away(SOON).await;
        assert_eq!(get(&doors, "healthz").await, StatusCode::OK, "liveness must not depend on Kafka");
        scene.wait_a_moment(1000..6000).await;
        let grown = usher.resident_mib().saturating_sub(before);
        assert!(grown < MORE_MEMORY, "it took {grown} MiB more");
        tokio::task::block_in_place(|| end(&broker));
    }
    becomes(&doors, "readyz", StatusCode::OK).await;
    let histories = let_finish(&scene, vec![(usher, doors)], &open, load).await;
    judge_log(&scene, &kafka, &histories).await;
}

async fn get(doors: &Doors, path: &str) -> StatusCode {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    http.get(doors.admin.join(path).expect("a URL")).send().await.expect("usher answers").status()
}

async fn becomes(doors: &Doors, path: &str, status: StatusCode) {
    let deadline = Instant::now() + SOON;
    while get(doors, path).await != status {
        assert!(Instant::now() < deadline, "{path} does not become {status}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
