//! On the embedded log.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use usher::{
    domain::Product,
    log::{
        Log,
        embedded::{EmbeddedLog, Options},
    },
};

use super::{
    load::{History, Load},
    records::Records,
    scene::{Scene, rounds},
    verdict,
};

/// The longest that a sender waits between two things it tells.
const PAUSE: Duration = Duration::from_millis(120);

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_decided_and_done_once_and_in_order_whenever_usher_is_killed() {
    let mut scene = Scene::set_up("log: { kind: embedded }").await;
    let (doors, open) = watch::channel(Vec::new());
    let load = Load::start(&scene.people, &open, scene.seed, PAUSE);
    for round in 0..rounds(20) {
        if round % 4 == 1 {
            scene.ask_to_slow_down(Product::JiraDc).await;
        }
        let mut usher = scene.start(0);
        if round % 5 == 4 {
            // Also while it starts and reads back what it must know.
            scene.wait_a_moment(5..250).await;
            usher.kill();
            continue;
        }
        doors.send_replace(vec![usher.running().await.webhooks]);
        scene.wait_a_moment(50..800).await;
        doors.send_replace(Vec::new());
        usher.kill();
    }
    finish(scene, doors, load).await;
}

/// Lets usher do what is left, stops it in order, and judges.
async fn finish(mut scene: Scene, doors: watch::Sender<Vec<url::Url>>, load: Load) {
    let mut usher = scene.start(0);
    let listening = usher.running().await;
    doors.send_replace(vec![listening.webhooks.clone()]);
    let histories = load.finish().await;
    scene.everything_is_done(&listening, &histories).await;
    assert!(usher.stop().await.success());
    let dir = scene.data_dir(0).join("log");
    let log = Arc::new(EmbeddedLog::open(&dir, Options::default()).expect("nobody has it open"));
    judge(&scene, log.as_ref(), &histories).await;
    log.close().await;
}

async fn judge(scene: &Scene, log: &dyn Log, histories: &[History]) {
    let records = Records::read(log).await;
    let journal = scene.sandbox.control.journal(0).await.expect("the journal");
    let mut users = Vec::new();
    for product in [Product::JiraDc, Product::JiraCloud] {
        let listed = scene.users(product).await.into_iter().filter(|user| user.account.name != usher::sandbox::ACCOUNT);
        users.extend(listed.map(|user| (product, user)));
    }
    let verdict = verdict::judge(histories, records, &journal, &users);
    assert!(verdict.wrong.is_empty(), "{verdict}");
    eprintln!("{:?}", verdict.figures);
    assert!(verdict.figures.accepted > 100 && verdict.figures.changed > 100, "there was too little to judge");
}
