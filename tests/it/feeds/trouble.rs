//! A feed that can't be followed for a while.

use reqwest::{Method, StatusCode};
use usher::{
    domain::Product,
    sandbox::{Effect, Fault, When, webhook::Happening},
};

use super::{Following, ground, ground_with_listener, looked, looks, person};
use crate::support::{face::eventually, ground::ACME};

const LAG: &str = "usher_feed_lag_seconds{source=\"acme\"}";

fn fail(status: u16) -> Effect {
    Effect::Fail { status, retry_after: None, after_work: false }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_log_can_not_be_read_the_lag_grows_and_afterwards_everything_is_taken_in() {
    let mut usher = Following::begin(ground()).await;
    let faults = [fail(500), Effect::TooManyRequests { retry_after: Some(1) }, Effect::Cut { after_work: false }];
    let hit = |effect| Fault::new(effect).path("auditing").when(When::Next(1));
    for effect in faults {
        usher.ground.sandbox.inject(hit(effect));
    }
    usher.ground.sandbox.inject(Fault::new(fail(503)).path("auditing"));
    usher.everybody_logs_in();
    eventually("the lag grows", || async { usher.metric(LAG).await.filter(|lag| *lag > 5.0) }).await;
    usher.ground.sandbox.clear_faults();
    usher.all_are_decided().await;
    assert!(usher.metric(LAG).await < Some(5.0));
    usher.each_counted_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_may_not_be_read_stops_nothing_else() {
    let usher = Following::begin(ground_with_listener()).await;
    usher.ground.sandbox.inject(Fault::new(Effect::Forbidden).path("auditing"));
    let refused = || {
        let requests = usher.ground.sandbox.requests().into_iter();
        requests
            .filter(|one| one.path.contains("auditing") && one.status == Some(403))
            .map(|one| one.count)
            .sum::<u64>()
    };
    eventually("it is refused", || async { (refused() >= 2).then_some(()) }).await;
    assert_eq!(usher.metric("usher_source_halted{source=\"acme\"}").await, Some(0.0));
    let jane = usher::sandbox::Account::new(person(0), "person0");
    usher.tell(ACME, Happening::LoggedIn, &jane).await;
    usher.drain().await;
    assert!(usher.ground.sandbox.groups_of(Product::JiraDc, &person(0)).expect("a user").contains("seen"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_source_is_not_looked_at_and_misses_nothing() {
    let mut usher = Following::begin(ground()).await;
    let (status, _, answer) = usher.send(Method::POST, "sources/acme/pause", &[], "").await;
    assert!(status.is_success(), "{answer}");
    // A look may have been under way.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let before = looks(&usher.ground);
    usher.everybody_logs_in();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert_eq!(looks(&usher.ground), before);
    let (status, _, answer) = usher.send(Method::POST, "sources/acme/resume", &[], "").await;
    assert_ne!(status, StatusCode::NOT_FOUND, "{answer}");
    looked(&usher.ground, 1).await;
    usher.each_counted_once().await;
}
