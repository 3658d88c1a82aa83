//! usher away: for a moment, for a day, and killed while it catches up.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use usher::{
    clock::{Clock, SystemClock},
    domain::{Product, Timestamp},
    sandbox::{AuditAction, AuditBehaviour, Effect, Fault},
};

use super::{Following, PEOPLE, all_are_decided, each_counted_once, ground, looked, person, stream};
use crate::support::{face::eventually, ground::Ground, usher::Usher};

const DAY: i64 = 86_400_000;
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
    caught_up(Product::JiraDc, ground(), 1_200, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_an_organisation_is_caught_up_alike() {
    caught_up(Product::AtlassianOrg, stream::ground(), 80, 2).await;
}

/// So many logins happen within a day in which usher is away, and it is killed so often while it takes them in.
async fn caught_up(site: Product, ground: Ground, count: i64, kills: usize) {
    let audit_behaviour =
        |clock_off| AuditBehaviour { clock_off, page: Some(10), repeat: 1, ..AuditBehaviour::default() };
    // The feed begins a day ago.
    ground.sandbox.audit_manners(site, audit_behaviour(-DAY));
    let usher = Usher::start(&ground).await;
    looked(&ground, 3).await;
    usher.kill();
    ground.sandbox.audit_manners(site, audit_behaviour(0));
    let logins = log_in_all_day(&ground, site, count);
    for path in ["auditing", "events-stream"] {
        ground.sandbox.inject(Fault::new(Effect::Delay { millis: 20 }).path(path));
    }
    let (mut taken_in, mut got_on, mut rounds, mut in_vain) = (BTreeSet::new(), 0, 0, 0);
    // Killed before its place is written down, it takes in again what it had: a round may come to nothing new. The next one
    // lives longer then, because a slice of the audit log may hold more entries than the longest round takes in.
    while got_on < kills {
        rounds += 1;
        assert!(rounds <= 5 * kills, "it does not get on: {got_on} of {kills}");
        let usher = Usher::start(&ground).await;
        let more = rand::rng().random_range(1..count / 8) + in_vain * count / 8;
        eventually("some are taken in", || async {
            usher.metric(TAKEN_IN).await.filter(|count| *count >= more as f64)
        })
        .await;
        usher.kill();
        let events: BTreeSet<_> = ground.events().await.into_iter().map(|event| event.id).collect();
        assert!(events.is_superset(&taken_in), "what was taken in is lost");
        let is_new = taken_in.len() < events.len();
        got_on += usize::from(is_new);
        in_vain = if is_new { 0 } else { in_vain + 1 };
        taken_in = events;
    }
    assert!(taken_in.len() < usize::try_from(count).expect("small"), "it was not killed while it caught up");
    let usher = Usher::start(&ground).await;
    all_are_decided(&usher, &logins).await;
    looked(&ground, 3).await;
    usher.terminate();
    assert!(usher.wait().0.success());
    each_counted_once(&ground, &logins).await;
    in_order(&ground).await;
}

/// A few in the morning of the day, most of them within its last hour; gives how many of each user.
fn log_in_all_day(ground: &Ground, site: Product, count: i64) -> BTreeMap<String, usize> {
    let (now, mut logins) = (SystemClock.now().as_millis(), BTreeMap::new());
    for number in 0..count {
        let user = person(usize::try_from(number).expect("small") % PEOPLE);
        let of_day = |part: i64| part * number / count;
        let ago = if number < count / 4 { DAY - of_day(DAY / 2) } else { DAY / 24 - of_day(DAY / 24) };
        let at = Timestamp::from_millis(now - ago);
        ground.sandbox.audit(site, AuditAction::LoggedIn, &user, Some(at)).expect("a user");
        *logins.entry(user).or_default() += 1;
    }
    logins
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
