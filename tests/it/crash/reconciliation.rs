//! `kill -9` while users are compared: nobody who was there before is taken for new, and whoever comes is, once.

use std::{collections::BTreeSet, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use usher::{
    domain::{EventKind, UserRef},
    sandbox::{Account, Population},
};

use super::scene::rounds;
use crate::support::{
    face::{Face, eventually},
    ground::{ACME, Ground},
    usher::Usher,
};

/// So many that listing and sighting them takes a while.
const THERE_BEFORE: u64 = 2_400;
/// Who come between two kills.
const COME: usize = 3;

const SCHEME: &str = "
    { id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true }, actions: [{ add_groups: [staff] }] }";

fn random() -> StdRng {
    let seed = std::env::var("USHER_TEST_SEED").ok().map_or_else(rand::random, |seed| seed.parse().expect("a number"));
    eprintln!("USHER_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

async fn the_baseline_is_whole(face: &Face) {
    eventually("the baseline is whole", || async {
        let source = face.list("sources", &[]).await.remove(0);
        (source["reconciliation"]["state"] == "comparing").then_some(())
    })
    .await;
}

async fn all_are_welcomed(ground: &Ground, expected: &BTreeSet<String>) {
    eventually("all who came are welcomed", || async { (ground.effects().len() >= expected.len()).then_some(()) })
        .await;
    let effects = ground.effects();
    assert_eq!(effects.iter().cloned().collect::<BTreeSet<_>>(), *expected);
    assert_eq!(effects.len(), expected.len(), "each of them once");
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_usher_is_killed_those_who_were_there_are_left_alone_and_those_who_come_are_found_once() {
    let (ground, mut random) = (Ground::new(SCHEME).groups(&["staff"]).reconciling("1s"), random());
    let there = Population::new(THERE_BEFORE, Account::new("OLD{n}", "old-{n}"));
    ground.sandbox.put_crowd(ACME.product, &there);
    let mut usher = Usher::start(&ground).await;
    for _ in 0..rounds(3) {
        tokio::time::sleep(Duration::from_millis(random.random_range(10..900))).await;
        usher.kill();
        usher = Usher::start(&ground).await;
    }
    the_baseline_is_whole(&usher).await;
    let mut expected = BTreeSet::new();
    for round in 0..rounds(3) {
        for number in 0..COME {
            let id = format!("NEW{round}-{number}");
            ground.sandbox.put_user(ACME.product, Account::new(&id, id.to_lowercase()));
            expected.insert(format!("jira-dc {id} +staff"));
        }
        tokio::time::sleep(Duration::from_millis(random.random_range(10..2_500))).await;
        usher.kill();
        usher = Usher::start(&ground).await;
    }
    all_are_welcomed(&ground, &expected).await;
    usher.terminate();
    assert!(usher.wait().0.success());

    let decisions = ground.decisions().await;
    let sighted: Vec<&UserRef> = decisions
        .iter()
        .filter(|decision| decision.kind == EventKind::Sighted)
        .map(|decision| &decision.user)
        .collect();
    let distinct: BTreeSet<_> = sighted.iter().map(ToString::to_string).collect();
    let everybody = usize::try_from(THERE_BEFORE).expect("few") + 1; // usher's own account
    assert_eq!((sighted.len(), distinct.len()), (everybody, everybody), "each is sighted once");
}
