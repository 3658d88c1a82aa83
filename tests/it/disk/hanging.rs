//! A disk that does not answer: usher is not ready, says why, does not end, accepts nothing that it can't keep, and goes on by itself.

use std::time::Duration;

use reqwest::StatusCode;
use usher::sandbox::{
    Account,
    webhook::{Delivery, Happening},
};

use super::{BadDisk, EVERYBODY, mute::Mute, user};
use crate::support::{
    face::{Face, eventually},
    ground::{ACME, Ground},
    usher::Usher,
};

/// Delivers that `user` was created; gives the answer, if one comes in time.
async fn answer(face: &Face, user: &Account) -> Option<StatusCode> {
    let delivery = Delivery::of(ACME.product, Happening::Created, user).sign(ACME.secret);
    let url = format!("http://{}/webhooks/acme", face.webhooks).parse().expect("a URL");
    let sent = tokio::time::timeout(Duration::from_secs(1), delivery.send(&face.http, url)).await;
    sent.ok().map(|answer| answer.expect("an answer").status())
}

/// Waits until usher says that the disk hangs, with nothing accepted meanwhile; `heals` ends that, and all is as before.
async fn is_told_of_and_outlived(ground: &Ground, usher: Usher, what: &str, heals: impl FnOnce()) {
    let refused = user(ground, 2);
    let why = eventually(&format!("{what}: it is not ready"), async || {
        let accepted = answer(&usher, &refused).await;
        assert!(accepted.is_none_or(|status| status == 503), "{what}: {accepted:?}");
        let (status, page) = usher.open_page("readyz").await;
        (status == 503).then_some(page)
    })
    .await;
    assert!(why.contains(r#""what":"log""#) && why.contains("the disk has not answered for 3"), "{what}: {why}");
    assert_eq!(usher.open_page("healthz").await.0, StatusCode::OK, "{what}: a new process would hang as well");
    heals();
    eventually(&format!("{what}: it is ready again"), async || {
        usher.open_page("readyz").await.0.is_success().then_some(())
    })
    .await;
    usher.tell(ACME, Happening::Created, &user(ground, 3)).await;
    usher.tell(ACME, Happening::Created, &refused).await; // the product sends it again
    usher.drain().await;
    let effects = ["jira-dc KEY1 +staff", "jira-dc KEY2 +staff", "jira-dc KEY3 +staff"];
    // What was accepted without an answer that was read is not waited for by `drain`.
    eventually(&format!("{what}: all is done"), async || (ground.effects().len() >= effects.len()).then_some(())).await;
    let mut done = ground.effects();
    done.sort();
    assert_eq!(done, effects, "{what}");
    usher.terminate();
    let (status, log) = usher.wait();
    assert!(status.success(), "{what}: {log}");
}

async fn at_a_call(rule: &str) {
    let ground = Ground::new(EVERYBODY).groups(&["staff"]);
    let disk = BadDisk::new(&ground.folder());
    let usher = disk.usher(&ground).await;
    usher.tell(ACME, Happening::Created, &user(&ground, 1)).await;
    usher.drain().await;
    disk.set(rule);
    // The work of this one is noted by and by, so that the disk is asked for something.
    let _accepted_or_not = answer(&usher, &user(&ground, 2)).await;
    disk.is_met().await;
    is_told_of_and_outlived(&ground, usher, rule, || disk.heal()).await;
}

async fn of_the_network() {
    let ground = Ground::new(EVERYBODY).groups(&["staff"]);
    let usher = Usher::start(&ground).await;
    usher.tell(ACME, Happening::Created, &user(&ground, 1)).await;
    usher.drain().await;
    let mute = Mute::mount(&ground.folder().join("data/log"));
    // The files are open, and what the free space was a moment ago counts.
    let second = user(&ground, 2);
    while answer(&usher, &second).await == Some(StatusCode::OK) {}
    is_told_of_and_outlived(&ground, usher, "a disk of the network", || drop(mute)).await;
}

/// All side by side, since each one takes as long as a disk may take to answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_hangs_is_told_of_whatever_it_is_asked_for_and_usher_goes_on_when_it_answers() {
    tokio::join!(
        at_a_call("hang write records.sqlite-wal"),
        at_a_call("hang sync records.sqlite-wal"),
        at_a_call("hang sync acknowledged.next"),
        of_the_network(),
    );
}
