//! `kill -9` in the middle of an undo: it goes on where it was, and each user is changed once.

use std::{collections::BTreeMap, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::sandbox::Account;

use super::scene::rounds;
use crate::support::{
    face::{Face, eventually},
    ground::{ACME, Ground},
    kafka::KafkaBroker,
    usher::Usher,
};

const USERS: usize = 600;

const SCHEME: &str = "
    { id: staff, source: acme, trigger: manual, test_mode: false, select: { email_domain: [acme.example] },
      actions: [{ add_groups: [staff] }] }";

fn ground() -> Ground {
    let ground = Ground::new(SCHEME).groups(&["staff"]);
    for number in 0..USERS {
        let account = Account::new(format!("KEY{number}"), format!("name-{number}"));
        ground.sandbox.put_user(ACME.product, account.email(format!("user-{number}@acme.example")));
    }
    ground
}

fn random() -> StdRng {
    let seed = std::env::var("USHER_TEST_SEED").ok().map_or_else(rand::random, |seed| seed.parse().expect("a number"));
    eprintln!("USHER_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// Asks for a run. As long as a process that has just started has not read its log, it says to ask again.
async fn begin(face: &Face, path: &str) -> String {
    eventually("the run is asked for", || async {
        let (status, _, run) = face.send(Method::POST, path, &[], "").await;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return None;
        }
        assert_eq!(status, StatusCode::ACCEPTED, "{run}");
        Some(run["id"].as_str().expect("an id").to_owned())
    })
    .await
}

async fn done(face: &Face, run: &str) -> Value {
    eventually("the run is done", || async {
        let (_, shown) = face.ask(&format!("runs/{run}"), &[]).await;
        (shown["state"] == "done").then_some(shown)
    })
    .await
}

/// Checks that each user was put into the group once, and taken out of it once.
fn each_was_changed_once(ground: &Ground) {
    let mut made = BTreeMap::new();
    for effect in ground.effects() {
        *made.entry(effect).or_insert(0) += 1;
    }
    assert_eq!(made.len(), 2 * USERS);
    assert!(made.values().all(|times| *times == 1), "{made:#?}");
    for number in 0..USERS {
        let groups = ground.sandbox.groups_of(ACME.product, &format!("KEY{number}")).expect("a user");
        assert!(!groups.contains("staff"), "KEY{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_goes_on_where_it_was_whenever_usher_is_killed() {
    let (ground, mut random) = (ground(), random());
    let mut usher = Usher::start(&ground).await;
    let run = begin(&usher, "schemes/staff/run").await;
    done(&usher, &run).await;
    let undo = begin(&usher, &format!("runs/{run}/undo")).await;
    for _ in 0..rounds(4) {
        tokio::time::sleep(Duration::from_millis(random.random_range(10..400))).await;
        usher.kill();
        usher = Usher::start(&ground).await;
        assert_eq!(begin(&usher, &format!("runs/{run}/undo")).await, undo, "asked for again, it is the same");
    }
    let undone = done(&usher, &undo).await;
    assert_eq!(
        (&undone["counts"]["selected"], &undone["counts"]["changed"]),
        (&json!(USERS), &json!(USERS)),
        "{undone}"
    );
    each_was_changed_once(&ground);
    usher.terminate();
    assert!(usher.wait().0.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_kafka_an_undo_goes_on_in_the_other_replica_when_one_is_killed() {
    let kafka = KafkaBroker::shared().config(4);
    let (ground, mut random) = (ground().on_kafka(&kafka), random());
    let mut replicas = Vec::new();
    for data in ["one", "other"] {
        replicas.push((data, Usher::replica(&ground, data).await));
    }
    let run = begin(&replicas[0].1, "schemes/staff/run").await;
    for (_, replica) in &replicas {
        done(replica, &run).await;
    }
    // Of both at once: it is one undo.
    let path = format!("runs/{run}/undo");
    let (one, other) = tokio::join!(begin(&replicas[0].1, &path), begin(&replicas[1].1, &path));
    assert_eq!(one, other);
    for _ in 0..rounds(2) {
        tokio::time::sleep(Duration::from_millis(random.random_range(100..1_000))).await;
        let (data, replica) = replicas.remove(0);
        replica.kill();
        replicas.push((data, Usher::replica(&ground, data).await));
    }
    for (_, replica) in &replicas {
        assert_eq!(done(replica, &one).await["counts"]["changed"], USERS);
    }
    each_was_changed_once(&ground);
}
