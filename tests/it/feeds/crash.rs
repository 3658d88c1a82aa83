//! usher away: for a moment, for a day, and killed while it catches up.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use usher::{
    clock::{Clock, SystemClock},
    domain::{Product, Timestamp},
    sandbox::{Effect, Fault, Happened, Manners},
};

use super::{Following, PEOPLE, all_are_decided, each_counted_once, ground, looked, person};
use crate::support::{face::eventually, ground::Ground, usher::Usher};

const DAY: i64 = 86_400_000;
const LOGINS: i64 = 1_200;
const TAKEN_IN: &str = "usher_events_total{kind=\"logged_in\",source=\"acme\"}";

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_while_usher_is_away_is_caught_up() {
    let mut usher = Following::begin(ground()).await;
    usher.everybody_logs_in();
    usher.all_are_decided().await;
    for _ in 0..2 {
        usher.app.stop().await;
        usher.everybody_logs_in();
        usher.app.restart().await;
        usher.everybody_logs_in();
    }
    usher.each_counted_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_caught_up_each_login_once_and_in_order_however_often_usher_is_killed() {
    let ground = ground();
    let manners = |clock_off| Manners { clock_off, page: Some(10), repeat: 1, ..Manners::default() };
    // The feed begins a day ago.
    ground.sandbox.audit_manners(Product::JiraDc, manners(-DAY));
    let usher = Usher::start(&ground).await;
    looked(&ground, 4).await;
    usher.kill();
    ground.sandbox.audit_manners(Product::JiraDc, manners(0));
    let (now, mut logins) = (SystemClock.now().as_millis(), BTreeMap::<String, usize>::new());
    for number in 0..LOGINS {
        let user = person(usize::try_from(number).expect("small") % PEOPLE);
        // Most of them within an hour.
        let ago = if number < LOGINS / 4 { DAY - number * 40_000 } else { (LOGINS - number) * 4_000 };
        let at = Timestamp::from_millis(now - ago);
        ground.sandbox.audit(Product::JiraDc, Happened::LoggedIn, &user, Some(at)).expect("a user");
        *logins.entry(user).or_default() += 1;
    }
    let slow = Effect::Delay { millis: 20 };
    ground.sandbox.inject(Fault::new(slow).path("auditing"));
    let mut taken_in = 0;
    for _ in 0..4 {
        let usher = Usher::start(&ground).await;
        let more = rand::rng().random_range(1..LOGINS / 8);
        eventually("some are taken in", || async {
            usher.metric(TAKEN_IN).await.filter(|count| *count >= more as f64)
        })
        .await;
        usher.kill();
        let events: BTreeSet<_> = ground.events().await.into_iter().map(|event| event.id).collect();
        assert!(taken_in < events.len(), "it does not get on");
        taken_in = events.len();
    }
    assert!(taken_in < usize::try_from(LOGINS).expect("small"), "it was not killed while it caught up");
    let usher = Usher::start(&ground).await;
    all_are_decided(&usher, &logins).await;
    looked(&ground, 30).await;
    usher.terminate();
    assert!(usher.wait().0.success());
    each_counted_once(&ground, &logins).await;
    in_order(&ground).await;
}

/// The events of each user, as they stand in the log.
async fn in_order(ground: &Ground) {
    let mut last = BTreeMap::<String, Timestamp>::new();
    let mut seen = BTreeSet::new();
    for event in ground.events().await {
        if !seen.insert(event.id.clone()) {
            continue; // what was in the works when usher was killed
        }
        let at = event.occurred.expect("an entry has a time");
        let before = last.insert(event.user.to_string(), at);
        assert!(before.is_none_or(|before| before <= at), "{} is told after what came later", event.id);
    }
}
