//! A disk that is filled at once and freed, again and again, under load, with usher's log on it too. usher is started again when it
//! ends, and nobody does more for it.
//!
//! How often: `USHER_TEST_FILLS`.

use std::{
    env,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;
use usher::log::{
    Log,
    embedded::{EmbeddedLog, Options},
};

use super::{
    ending::{judge, let_finish},
    load::Load,
    scene::Scene,
};
use crate::support::{
    process::{Doors, Usher},
    small_disk::SmallDisk,
};

/// The longest that a sender waits between two things it tells.
const PAUSE: Duration = Duration::from_millis(400);
/// usher is ready again within this time.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long its supervisor waits before it starts usher again.
const START_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// usher, started again whenever it ends.
struct Supervised {
    usher: Usher,
    doors: Doors,
    http: reqwest::Client,
    ended: usize,
}

impl Supervised {
    fn new(scene: &mut Scene) -> Self {
        let doors = scene.listen_always_there();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build().expect("a client");
        Self { usher: start(scene, 0), doors, http, ended: 0 }
    }

    /// Does a supervisor's work for so long.
    async fn supervise(&mut self, scene: &mut Scene, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.check(scene).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn check(&mut self, scene: &mut Scene) {
        let Some(status) = self.usher.ended() else { return };
        assert_eq!(status.code(), Some(1), "it did not end in order: {}", self.usher.last_words());
        self.ended += 1;
        tokio::time::sleep(START_AGAIN_AFTER).await;
        self.usher = start(scene, self.ended);
    }

    /// Supervises until usher is ready; gives how long that took.
    async fn becomes_ready(&mut self, scene: &mut Scene) -> Duration {
        let began = Instant::now();
        let probe = self.doors.admin.join("readyz").expect("a URL");
        loop {
            let answer = self.http.get(probe.clone()).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return began.elapsed();
            }
            assert!(began.elapsed() < READY_WITHIN, "usher does not get ready: {}", self.usher.last_words());
            self.supervise(scene, Duration::from_millis(50)).await;
        }
    }
}

fn start(scene: &mut Scene, number: usize) -> Usher {
    let log = scene.data_dir(0).join(format!("log-of-usher-{number}"));
    scene.start_logging_to(0, log)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_done_once_whenever_the_disk_is_filled_and_usher_gets_ready_by_itself() {
    let fills: u64 = env::var("USHER_TEST_FILLS").map_or(3, |fills| fills.parse().expect("a number"));
    let mut scene = Scene::set_up("log: { kind: embedded }").await;
    let disk = SmallDisk::mount(&scene.data_dir(0), 192 + 16 * fills);
    let mut usher = Supervised::new(&mut scene);
    usher.becomes_ready(&mut scene).await;
    let (open, doors) = watch::channel(vec![usher.doors.webhooks.clone()]);
    let load = Load::start(&scene.people, &doors, scene.seed, PAUSE);
    let (mut went_on, mut slowest) = (0, Duration::ZERO);
    for _ in 0..fills {
        scene.wait_a_moment(100..1_000).await;
        let ended = usher.ended;
        let filled = disk.fill();
        let full_for = rand::RngExt::random_range(&mut scene.random, 50..3_000);
        usher.supervise(&mut scene, Duration::from_millis(full_for)).await;
        drop(filled);
        slowest = slowest.max(usher.becomes_ready(&mut scene).await);
        went_on += u64::from(usher.ended == ended);
    }
    let ends = usher.ended;
    eprintln!(
        "{fills} fills: {went_on} went on, usher ended {ends} times, ready again within {slowest:?}; {} free",
        disk.free()
    );
    let Supervised { usher, doors, .. } = usher;
    let histories = let_finish(&scene, vec![(usher, doors)], &open, load).await;
    let dir = scene.data_dir(0).join("log");
    let log = Arc::new(EmbeddedLog::open(&dir, Options::default()).expect("nobody has it open"));
    judge(&scene, log.as_ref(), &histories).await;
    log.close().await;
    drop(disk);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_full_disk_is_refused_in_one_line_and_harms_nothing() {
    let mut scene = Scene::set_up("log: { kind: embedded }").await;
    let disk = SmallDisk::mount(&scene.data_dir(0), 128);
    let mut usher = scene.start(0);
    usher.running().await;
    scene.kill(usher);
    let filled = disk.fill();
    for _ in 0..3 {
        let mut refused = scene.start(0);
        let deadline = Instant::now() + READY_WITHIN;
        let status = loop {
            assert!(Instant::now() < deadline, "it neither starts nor ends: {}", refused.last_words());
            match refused.ended() {
                Some(status) => break status,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let said = refused.last_words();
        assert_eq!(status.code(), Some(1), "{said}");
        assert!(
            said.lines().last().is_some_and(|line| line.contains("data_dir: the disk of") && line.contains("is full")),
            "{said}"
        );
    }
    drop(filled);
    let mut usher = scene.start(0);
    usher.running().await;
    assert!(usher.stop().await.success());
    drop(disk);
}
