//! `kill -9` in the middle of a sweep: it goes on where it was, and everybody comes once.

use std::{collections::BTreeSet, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::{domain::EventKind, sandbox::Account};

use super::scene::rounds;
use crate::support::{
    face::{Face, eventually},
    ground::{ACME, Ground},
    kafka::KafkaBroker,
    usher::Usher,
};

/// The scheme selects half of them.
const USERS: usize = 2_400;
const SELECTED: usize = USERS / 2;
/// The account that usher acts as is listed too.
const LISTED: usize = USERS + 1;

const SCHEME: &str = "
    { id: staff, source: acme, trigger: manual, test_mode: false, select: { email_domain: [acme.example] },
      actions: [{ add_groups: [staff] }] }";

fn ground() -> Ground {
    let ground = Ground::new(SCHEME).groups(&["staff"]);
    for number in 0..USERS {
        let domain = if number < SELECTED { "acme.example" } else { "other.example" };
        let account = Account::new(format!("KEY{number}"), format!("name-{number}"));
        ground.sandbox.put_user(ACME.product, account.email(format!("user-{number}@{domain}")));
    }
    ground
}

fn random() -> StdRng {
    let seed = std::env::var("USHER_TEST_SEED").ok().map_or_else(rand::random, |seed| seed.parse().expect("a number"));
    eprintln!("USHER_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

async fn begin(face: &Face) -> String {
    let (status, _, run) = face.send(Method::POST, "schemes/staff/run", &[], "").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{run}");
    run["id"].as_str().expect("an id").to_owned()
}

/// Waits until the run is done, and checks that everybody came once.
async fn everybody_came_once(face: &Face, ground: &Ground, run: &str) {
    let run: Value = eventually("the run is done", || async {
        let (_, shown) = face.ask(&format!("runs/{run}"), &[]).await;
        (shown["state"] == "done").then_some(shown)
    })
    .await;
    let counts = &run["counts"];
    assert_eq!((&counts["seen"], &counts["selected"]), (&json!(LISTED), &json!(SELECTED)), "{run}");
    assert_eq!((&counts["changed"], &counts["failed"]), (&json!(SELECTED), &json!(0)), "{run}");
    let effects = ground.effects();
    let distinct: BTreeSet<_> = effects.iter().collect();
    assert_eq!((effects.len(), distinct.len()), (SELECTED, SELECTED));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_goes_on_where_it_was_whenever_usher_is_killed() {
    let (ground, mut random) = (ground(), random());
    let mut usher = Usher::start(&ground).await;
    let run = begin(&usher).await;
    for _ in 0..rounds(4) {
        tokio::time::sleep(Duration::from_millis(random.random_range(10..500))).await;
        usher.kill();
        usher = Usher::start(&ground).await;
    }
    everybody_came_once(&usher, &ground, &run).await;
    usher.terminate();
    assert!(usher.wait().0.success());

    let sighted: Vec<_> = ground
        .events()
        .await
        .into_iter()
        .filter(|event| event.kind == EventKind::Sighted)
        .map(|event| event.id)
        .collect();
    let distinct: BTreeSet<_> = sighted.iter().collect();
    assert_eq!((sighted.len(), distinct.len()), (LISTED, LISTED), "everybody is sighted once");
    let decisions = ground.decisions().await;
    assert_eq!(decisions.len(), LISTED);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_kafka_a_sweep_goes_on_in_the_other_replica_when_one_is_killed() {
    let kafka = KafkaBroker::shared().config(4);
    let (ground, mut random) = (ground().on_kafka(&kafka), random());
    let mut replicas = Vec::new();
    for data in ["one", "other"] {
        replicas.push((data, Usher::replica(&ground, data).await));
    }
    let run = begin(&replicas[0].1).await;
    for _ in 0..rounds(2) {
        tokio::time::sleep(Duration::from_millis(random.random_range(100..2_000))).await;
        let (data, replica) = replicas.remove(0);
        replica.kill();
        replicas.push((data, Usher::replica(&ground, data).await));
    }
    for (_, replica) in &replicas {
        everybody_came_once(replica, &ground, &run).await;
    }
}

/// Waits until one run of all is held and the others were superseded by later ones, releases it, and checks that everybody
/// whom it selects is changed once.
async fn one_run_is_held_and_released(face: &Face, ground: &Ground) {
    let held = the_one_that_is_held(face).await;
    assert!(ground.effects().is_empty(), "{:?}", ground.effects());
    let id = held["id"].as_str().expect("an id");
    let (status, _, answer) = face.send(Method::POST, &format!("runs/{id}/release"), &[], "").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    eventually("the run is done", || async {
        let (_, shown) = face.ask(&format!("runs/{id}"), &[]).await;
        (shown["state"] == "done").then_some(())
    })
    .await;
    let effects = ground.effects();
    let distinct: BTreeSet<_> = effects.iter().collect();
    assert_eq!((effects.len(), distinct.len()), (HELD, HELD));
}

/// Waits until one run is held and all others are superseded. With many of them that takes a while, so each has its time.
async fn the_one_that_is_held(face: &Face) -> Value {
    let mut settled = 0;
    loop {
        let (count, held) = eventually("one more run is held or superseded", || async {
            let runs = face.list("runs", &[("scheme", "staff")]).await;
            let (held, others): (Vec<_>, Vec<_>) = runs.into_iter().partition(|run| run["state"] == "held");
            let superseded = |run: &&Value| {
                let why = run["why"].as_str().unwrap_or_default();
                run["state"] == "cancelled" && why.starts_with("superseded by run ")
            };
            let given_way = others.iter().filter(superseded).count();
            let is_whole = held.len() == 1 && given_way == others.len();
            let count = held.len() + given_way;
            (is_whole || count > settled).then(|| (count, is_whole.then(|| held[0].clone())))
        })
        .await;
        match held {
            Some(held) => return held,
            None => settled = count,
        }
    }
}

/// Users whom a run selects that goes past its limits.
const HELD: usize = 40;

fn limited() -> Ground {
    let scheme = SCHEME.replace("actions:", "limits: { users: 1 }, actions:");
    let ground = Ground::new(&scheme).groups(&["staff"]);
    for number in 0..HELD {
        let account = Account::new(format!("KEY{number}"), format!("name-{number}"));
        ground.sandbox.put_user(ACME.product, account.email(format!("user-{number}@acme.example")));
    }
    ground
}

#[tokio::test(flavor = "multi_thread")]
async fn held_runs_do_not_pile_up_whenever_usher_is_killed() {
    let (ground, mut random) = (limited(), random());
    let mut usher = Usher::start(&ground).await;
    for _ in 0..rounds(4) {
        begin(&usher).await;
        tokio::time::sleep(Duration::from_millis(random.random_range(10..500))).await;
        usher.kill();
        usher = Usher::start(&ground).await;
    }
    begin(&usher).await;
    one_run_is_held_and_released(&usher, &ground).await;
    usher.terminate();
    assert!(usher.wait().0.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_kafka_held_runs_do_not_pile_up_when_a_replica_is_killed() {
    let kafka = KafkaBroker::shared().config(4);
    let (ground, mut random) = (limited().on_kafka(&kafka), random());
    let mut replicas = Vec::new();
    for data in ["one", "other"] {
        replicas.push((data, Usher::replica(&ground, data).await));
    }
    for _ in 0..rounds(2) {
        begin(&replicas[0].1).await;
        tokio::time::sleep(Duration::from_millis(random.random_range(100..2_000))).await;
        let (data, replica) = replicas.remove(0);
        replica.kill();
        replicas.push((data, Usher::replica(&ground, data).await));
    }
    one_run_is_held_and_released(&replicas[0].1, &ground).await;
}
