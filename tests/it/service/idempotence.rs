//! The same webhook again and again: one decision, one effect.

use futures::future::join_all;
use usher::sandbox::{
    Account,
    webhook::{Delivery, Happening},
};

use crate::support::{
    app::TestApp,
    face::{Accepted, Face, eventually},
    ground::{ACME, BOTH, GLOBEX, Ground},
    usher::Usher,
};

const EVERYBODY: &str = "
    { id: acme-new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff, vpn] }] },
    { id: globex-new, source: globex, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff, vpn] }] }";

fn ground() -> Ground {
    let ground = Ground::new(EVERYBODY).groups(&["staff", "vpn"]);
    for source in BOTH {
        ground.sandbox.put_user(source.product, jane());
    }
    ground
}

fn jane() -> Account {
    Account::new("JIRAUSER10100", "jane").email("jane@acme.example")
}

/// One delivery about Jane from each source: Data Center's has no identifier, Cloud's has one.
fn deliveries() -> [Delivery; 2] {
    BOTH.map(|source| Delivery::of(source.product, Happening::Created, &jane()))
}

/// Posts both deliveries `times` times at once; every answer must name the same event.
async fn post_at_once(face: &Face, deliveries: &[Delivery; 2], times: u32) -> [Accepted; 2] {
    let mut events = Vec::new();
    for (source, delivery) in BOTH.into_iter().zip(deliveries) {
        let accepted = join_all((0..times).map(|retry| async move {
            face.deliver(source, &delivery.clone().retry(retry)).await // the number of the retry is no part of it
        }));
        let accepted = accepted.await;
        assert!(accepted.iter().all(|event| *event == accepted[0]), "{accepted:?}");
        events.push(accepted[0].clone());
    }
    events.try_into().expect("two")
}

/// Waits until usher has recognised so many deliveries as known since it was started.
async fn recognised(face: &Face, duplicates: f64) {
    let series = "usher_duplicates_total{stage=\"planner\"}";
    eventually("all duplicates are recognised", || async {
        face.metric(series).await.filter(|count| *count >= duplicates)
    })
    .await;
    assert_eq!(face.metric(series).await, Some(duplicates));
}

/// Asserts what there is after all these deliveries, in the log and in the products; usher is not running.
async fn assert_done_once(ground: &Ground, events: &[Accepted; 2]) {
    let mut decided: Vec<_> = ground.decisions().await.into_iter().map(|decision| decision.event.to_string()).collect();
    decided.sort();
    let mut expected: Vec<_> = events.iter().map(|event| event.event.clone()).collect();
    expected.sort();
    assert_eq!(decided, expected);
    assert_eq!(ground.outcomes().await.len(), 4);
    let mut effects = ground.effects();
    effects.sort();
    let of = |site, group| format!("{site} JIRAUSER10100 +{group}");
    let all = [("jira-cloud", "staff"), ("jira-cloud", "vpn"), ("jira-dc", "staff"), ("jira-dc", "vpn")];
    assert_eq!(effects, all.map(|(site, group)| of(site, group)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_webhook_50_times_at_once_and_again_after_a_restart_has_one_effect() {
    let mut app = TestApp::start(ground()).await;
    let deliveries = deliveries();
    let events = post_at_once(&app, &deliveries, 50).await;
    app.drain().await;
    recognised(&app, 98.0).await;
    app.restart().await;
    assert_eq!(post_at_once(&app, &deliveries, 10).await, events);
    recognised(&app, 20.0).await;
    app.stop().await;
    assert_done_once(&app.ground, &events).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_webhook_before_and_after_kill_9_has_one_effect() {
    let ground = ground();
    let deliveries = deliveries();
    let usher = Usher::start(&ground).await;
    let events = post_at_once(&usher, &deliveries, 50).await;
    usher.kill(); // at once: what is decided and done by now is a matter of luck
    let usher = Usher::start(&ground).await;
    assert_eq!(post_at_once(&usher, &deliveries, 10).await, events);
    usher.drain().await;
    usher.kill();
    let usher = Usher::start(&ground).await;
    assert_eq!(post_at_once(&usher, &deliveries, 10).await, events);
    let last = usher.tell(ACME, Happening::Updated, &jane()).await; // behind all others of this user
    usher.settled(&last).await;
    usher.terminate();
    assert!(usher.wait().0.success());
    let mut decisions = ground.decisions().await;
    decisions.retain(|decision| decision.event.as_str() != last.event);
    assert_eq!(decisions.len(), 2);
    assert_eq!(ground.outcomes().await.len(), 4);
    assert_eq!(ground.effects().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_and_bodies_count_within_their_source_only() {
    let ground = ground().tweak("USHER_SOURCES__1__PRODUCT", "jira-dc");
    let dc = ground.sandbox.base_url(ACME.product).to_string();
    let ground = ground
        .tweak("USHER_SOURCES__1__BASE_URL", &dc)
        .tweak("USHER_SOURCES__1__AUTH", "{ bearer: { env: TEST_PRODUCT_TOKEN } }");
    let app = TestApp::start(ground).await;
    let plain = Delivery::of(ACME.product, Happening::Updated, &jane());
    let named = plain.clone().header("X-Atlassian-Webhook-Identifier", "the-same-in-both");
    for delivery in [plain, named] {
        let in_acme = app.deliver(ACME, &delivery).await;
        let in_globex = app.deliver(GLOBEX, &delivery).await;
        assert_ne!(in_acme.event, in_globex.event);
        app.settled(&in_acme).await;
        app.settled(&in_globex).await;
    }
    assert_eq!(app.metric("usher_duplicates_total{stage=\"planner\"}").await, Some(0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_names_the_event_whatever_the_body_and_without_one_the_body_does() {
    let app = TestApp::start(ground()).await;
    let created = Delivery::of(ACME.product, Happening::Created, &jane());
    let later = Delivery::of(ACME.product, Happening::Updated, &jane());
    let with = |delivery: &Delivery, id: &str| delivery.clone().header("X-Atlassian-Webhook-Identifier", id);
    let event = app.deliver(ACME, &with(&created, "1")).await;
    assert_eq!(app.deliver(ACME, &with(&later, "1")).await, event);
    let others = [with(&created, "2"), created.clone(), later, with(&created, "")];
    let mut others = join_all(others.iter().map(|delivery| app.deliver(ACME, delivery))).await;
    assert_eq!(others[1], others[3], "an empty identifier is none");
    others.push(event);
    others.sort();
    others.dedup();
    assert_eq!(others.len(), 4);
    app.drain().await;
}
