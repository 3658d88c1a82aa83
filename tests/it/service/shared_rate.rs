//! Processes that share a log on Kafka share the rates of its sources.

use std::time::Instant;

use usher::{
    sandbox::{Account, webhook::Happening},
    secret::Secret,
};

use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    kafka::KafkaBroker,
    usher::Usher,
};

const EVERYBODY: &str = "{ id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                           actions: [{ add_groups: [staff] }] }";
const SHARE: &str = "usher_rate_share{source=\"acme\"}";
const PER_SECOND: f64 = 20.0;

async fn has_share(usher: &Usher, share: f64) {
    eventually(&format!("a share of {share}"), async || {
        usher.metric(SHARE).await.filter(|found| (found - share).abs() < 0.001)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_together_call_no_more_often_than_one_may_and_one_alone_takes_all() {
    let mut kafka = KafkaBroker::shared().config(4);
    // A member that is starved of the processor for some seconds must not lose its half meanwhile.
    kafka.options = vec![("session.timeout.ms".into(), Secret::new("20000"))];
    let rate = format!("{{ per_second: {PER_SECOND}, concurrency: 8 }}");
    let ground = Ground::new(EVERYBODY).groups(&["staff"]).on_kafka(&kafka).tweak("USHER_SOURCES__0__RATE", &rate);
    let calls =
        || ground.sandbox.requests().iter().filter(|one| one.site == ACME.product).map(|one| one.count).sum::<u64>();
    let one = Usher::replica(&ground, "one").await;
    has_share(&one, 1.0).await;
    let other = Usher::replica(&ground, "other").await;
    has_share(&one, 0.5).await;
    has_share(&other, 0.5).await;
    let users: Vec<_> = (0..30).map(|n| Account::new(format!("KEY{n}"), format!("name-{n}"))).collect();
    for user in &users {
        ground.sandbox.put_user(ACME.product, user.clone());
    }
    let (began, before) = (Instant::now(), calls());
    let mut events = Vec::new();
    for (number, user) in users.iter().enumerate() {
        let through = if number % 2 == 0 { &one } else { &other };
        events.push(through.tell(ACME, Happening::Created, user).await);
    }
    for event in &events {
        one.settled(event).await;
    }
    let (took, made) = (began.elapsed().as_secs_f64(), calls() - before);
    assert!(made >= 60, "each user is read and changed: {made} calls");
    assert!(made as f64 <= PER_SECOND * took * 1.1 + 4.0, "{made} calls in {took:.1} s");
    other.kill();
    has_share(&one, 1.0).await;
}
