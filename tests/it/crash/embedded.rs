//! On the embedded log.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rand::{RngExt, rngs::StdRng};
use tokio::sync::watch;
use usher::{
    domain::Product,
    log::{
        Log,
        embedded::{EmbeddedLog, Options},
    },
};

use super::{
    ending::{Open, judge, let_finish},
    load::Load,
    scene::{Scene, rounds},
};
use crate::support::process::Usher;

/// The longest that a sender waits between two things it tells.
const PAUSE: Duration = Duration::from_millis(120);

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_done_once_and_in_order_whenever_usher_is_killed() {
    let (mut scene, open, load) = begin().await;
    for round in 0..rounds(20) {
        if round % 4 == 1 {
            scene.ask_to_slow_down(Product::JiraDc).await;
        }
        let mut usher = scene.start(0);
        if round % 5 == 4 {
            // While it opens its databases, or reads back what it must know.
            scene.wait_a_moment(if round % 2 == 0 { 5..60 } else { 5..250 }).await;
        } else {
            open.send_replace(vec![usher.running().await.webhooks]);
            // Once in a while late enough for it to have written down, more than once, how far it has come.
            scene.wait_a_moment(if round % 5 == 3 { 1200..3000 } else { 50..800 }).await;
        }
        scene.kill(usher);
        open.send_replace(Vec::new());
    }
    end(scene, &open, load).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_store_that_is_lost_or_damaged_is_rebuilt_and_nothing_is_done_twice() {
    let (mut scene, open, load) = begin().await;
    for round in 0..rounds(10) {
        let mut usher = start(&mut scene, &open).await;
        scene.wait_a_moment(200..800).await;
        if usher.ended().is_none() && round % 2 == 0 {
            scene.kill(usher);
        } else {
            stop(usher).await;
        }
        open.send_replace(Vec::new());
        let state = scene.data_dir(0).join("state");
        DAMAGES[round % DAMAGES.len()](&state, &mut scene.random);
    }
    // It may notice the last damage when it is at work.
    let usher = start(&mut scene, &open).await;
    scene.wait_a_moment(800..1200).await;
    stop(usher).await;
    end(scene, &open, load).await;
}

/// Starts usher as its supervisor does: once more, if it ended to begin anew.
async fn start(scene: &mut Scene, open: &Open) -> Usher {
    loop {
        let mut usher = scene.start(0);
        if let Some(doors) = usher.running_or_ended().await {
            open.send_replace(vec![doors.webhooks]);
            return usher;
        }
        assert!(has_noticed_damage(&usher), "{}", usher.last_words());
    }
}

/// Stops usher; it may have ended, or end, as it noticed the damage that was done to it.
async fn stop(usher: Usher) {
    let (status, log) = usher.stop_with_log().await;
    assert!(status.success() || log.contains(DAMAGE_NOTICED), "{status}: {log}");
}

fn has_noticed_damage(usher: &Usher) -> bool {
    usher.log().contains(DAMAGE_NOTICED)
}

/// The words of the log when usher ends for that.
const DAMAGE_NOTICED: &str = "the state store is damaged";

async fn begin() -> (Scene, Open, Load) {
    let scene = Scene::set_up("log: { kind: embedded }").await;
    let (open, doors) = watch::channel(Vec::new());
    let load = Load::start(&scene.people, &doors, scene.seed, PAUSE);
    (scene, open, load)
}

/// A last usher does what is left.
async fn end(mut scene: Scene, open: &Open, load: Load) {
    let mut usher = scene.start(0);
    let doors = usher.running().await;
    let histories = let_finish(&scene, vec![(usher, doors)], open, load).await;
    let dir = scene.data_dir(0).join("log");
    let log = Arc::new(EmbeddedLog::open(&dir, Options::default()).expect("nobody has it open"));
    judge(&scene, log.as_ref(), &histories).await;
    log.close().await;
}

/// What can happen to the folder of the state.
const DAMAGES: [fn(&Path, &mut StdRng); 6] = [
    |state, _| fs::remove_dir_all(state).expect("removed"),
    |state, random| cut(state, |length| random.random_range(0..length)),
    |state, random| cut(state, |length| length.saturating_sub(random.random_range(1..64 * 1024))),
    |state, random| scribble(state, random),
    |state, _| fs::remove_file(state.join("db")).expect("removed"),
    |state, _| fs::write(state.join("views.sqlite"), "no database").expect("written"),
];

/// Cuts the database to a length made from its own.
fn cut(state: &Path, to: impl FnOnce(u64) -> u64) {
    let db = OpenOptions::new().write(true).open(state.join("db")).expect("a database");
    let length = db.metadata().expect("a length").len();
    db.set_len(to(length)).expect("cut");
}

/// Overwrites a few bytes somewhere.
fn scribble(state: &Path, random: &mut StdRng) {
    let db = OpenOptions::new().write(true).open(state.join("db")).expect("a database");
    let length = db.metadata().expect("a length").len();
    db.write_all_at(&[0xa5; 64], random.random_range(0..length)).expect("written");
}
