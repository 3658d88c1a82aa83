//! Creations that no webhook told of: found in the list of users, acted on once, and never made up.

use std::fs;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::{
    domain::{Decision, EventKind, Timestamp},
    sandbox::{
        Account, Effect, Fault, Population, RequestCount, When,
        webhook::{Delivery, Happening},
    },
};

use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, GLOBEX, Ground, Source},
    kafka::KafkaBroker,
    usher::Usher,
};

/// Whoever is created in either source gets a group.
const WELCOME: &str = "
    { id: acme-new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true }, actions: [{ add_groups: [staff] }] },
    { id: globex-new, source: globex, trigger: on_create, test_mode: false, select: { everyone: true }, actions: [{ add_groups: [staff] }] }";

/// Users who are compared every second.
fn ground() -> Ground {
    Ground::new(WELCOME).groups(&["staff"]).reconciling("1s")
}

fn user(number: usize) -> Account {
    Account::new(format!("KEY{number}"), format!("name-{number}")).email(format!("user-{number}@acme.example"))
}

/// Many who were there before.
fn crowd(count: u64) -> Population {
    Population::new(count, Account::new("CROWD{n}", "crowd-{n}"))
}

/// What becomes of a user whom usher takes for new.
fn welcomed(source: Source, number: usize) -> String {
    format!("{} KEY{number} +staff", source.product.as_str())
}

/// How the comparison of `source` stands.
async fn stands(face: &Face, source: Source) -> Value {
    let sources = face.list("sources", &[]).await;
    sources.into_iter().find(|row| row["id"] == source.id).expect("the source")["reconciliation"].clone()
}

/// Waits until the comparison of `source` is in `state`.
async fn until(face: &Face, source: Source, state: &str) -> Value {
    eventually(&format!("{} is {state}", source.id), || async {
        let stands = stands(face, source).await;
        (stands["state"] == state).then_some(stands)
    })
    .await
}

/// How often the users of `source` were listed from the first page on.
fn lists(ground: &Ground, source: Source) -> u64 {
    let first_page = |request: &&RequestCount| {
        let is_list = request.path.ends_with("/user/list") || request.path.ends_with("/users/search");
        request.site == source.product && is_list
    };
    ground.sandbox.requests().iter().filter(first_page).map(|request| request.count).sum()
}

/// Waits until the users of `source` have been listed twice from the beginning of the call on, at least once to the end.
async fn a_round_passes(ground: &Ground, source: Source) {
    let begun = lists(ground, source);
    eventually("a round passes", || async { (lists(ground, source) >= begun + 2).then_some(()) }).await;
}

async fn until_effects(ground: &Ground, expected: &[String]) {
    eventually(&format!("{expected:?}"), || async { (ground.effects() == expected).then_some(()) }).await;
}

async fn missed(face: &Face, source: Source) -> f64 {
    let series = format!("usher_reconciled_total{{source=\"{}\"}}", source.id);
    face.metric(&series).await.expect("the metric")
}

async fn post(face: &Face, path: &str) -> (StatusCode, Value) {
    let (status, _, answer) = face.send(Method::POST, path, &[], "").await;
    (status, answer)
}

fn creations(decisions: &[Decision]) -> Vec<&Decision> {
    decisions.iter().filter(|decision| decision.kind == EventKind::Created).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_no_webhook_told_of_is_acted_on_and_the_webhook_that_comes_late_changes_nothing() {
    for source in [ACME, GLOBEX] {
        let app = TestApp::start(ground()).await;
        app.ground.sandbox.put_user(source.product, user(0));
        until(&app, source, "comparing").await;
        app.ground.sandbox.put_user(source.product, user(1));
        until_effects(&app.ground, &[welcomed(source, 1)]).await;
        assert_eq!(missed(&app, source).await, 1.0);
        let found = app.list("decisions", &[("user", "KEY1")]).await.remove(0);
        assert_eq!((&found["kind"], &found["via"]), (&json!("created"), &json!("reconciliation")), "{found}");
        let run = app.list("runs", &[("source", source.id)]).await.remove(0);
        assert_eq!((&run["trigger"], &run["via"]), (&json!("on_create"), &json!("reconciliation")));

        let told_before = app.metric("usher_duplicates_total{stage=\"planner\"}").await.expect("the metric");
        let late = app.settled(&app.tell(source, Happening::Created, &user(1)).await).await;
        assert_eq!((&late["via"], &late["no_action"]["why"]), (&json!("webhook"), &json!("known_since")), "{late}");
        assert_eq!(late["schemes"], json!([]));
        let duplicates = app.metric("usher_duplicates_total{stage=\"planner\"}").await.expect("the metric");
        assert!(duplicates > told_before, "the webhook is one");
        a_round_passes(&app.ground, source).await;
        assert_eq!(app.ground.effects(), [welcomed(source, 1)]);
        assert_eq!(missed(&app, source).await, 1.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_webhook_told_of_is_not_found_again_and_not_counted() {
    // What the webhook says is enough to decide, so nobody is looked for in the product before they are in its list.
    let others = "{ id: other, source: acme, trigger: on_create, select: { email_domain: [other.example] }, actions: [{ add_groups: [staff] }] }";
    let app = TestApp::start(Ground::new(others).reconciling("1s")).await;
    until(&app, ACME, "comparing").await;
    for number in 0..3 {
        app.settled(&app.tell(ACME, Happening::Created, &user(number)).await).await;
        app.ground.sandbox.put_user(ACME.product, user(number));
    }
    a_round_passes(&app.ground, ACME).await;
    for number in 0..3 {
        let decided = app.list("decisions", &[("source", "acme"), ("user", &format!("KEY{number}"))]).await;
        assert_eq!(decided.len(), 1, "{decided:?}");
    }
    assert_eq!(missed(&app, ACME).await, 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_told_before_the_product_knows_the_user_is_acted_on_when_it_does() {
    let own = "{ id: acme-new, source: acme, trigger: on_create, test_mode: false, select: { email_domain: [acme.example] }, actions: [{ add_groups: [staff] }] }";
    let app = TestApp::start(Ground::new(own).groups(&["staff"]).reconciling("1s")).await;
    until(&app, ACME, "comparing").await;
    let early = app.settled(&app.tell(ACME, Happening::Created, &user(1)).await).await;
    assert_eq!(early["schemes"][0]["selected"], "unknown", "{early}");
    app.ground.sandbox.put_user(ACME.product, user(1));
    until_effects(&app.ground, &[welcomed(ACME, 1)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_restart_nor_the_loss_of_the_store_makes_creations_and_who_came_meanwhile_is_found() {
    let ground = ground();
    ground.sandbox.put_crowd(ACME.product, &crowd(1_500));
    let mut app = TestApp::start(ground).await;
    until(&app, ACME, "comparing").await;
    app.ground.sandbox.put_user(ACME.product, user(1));
    until_effects(&app.ground, &[welcomed(ACME, 1)]).await;

    app.stop().await;
    app.ground.sandbox.put_user(ACME.product, user(2));
    app.restart().await;
    until_effects(&app.ground, &[welcomed(ACME, 1), welcomed(ACME, 2)]).await;

    app.stop().await;
    fs::remove_dir_all(app.ground.folder().join("data/state")).expect("removed");
    app.ground.sandbox.put_user(ACME.product, user(3));
    app.restart().await;
    until_effects(&app.ground, &[1, 2, 3].map(|number| welcomed(ACME, number))).await;
    a_round_passes(&app.ground, ACME).await;
    app.stop().await;

    let decisions = app.ground.decisions().await;
    let mut found: Vec<_> = creations(&decisions).iter().map(|decision| decision.user.to_string()).collect();
    found.sort();
    assert_eq!(found, ["KEY1", "KEY2", "KEY3"]);
    let of_acme = |decision: &&Decision| decision.source.as_str() == "acme" && decision.kind == EventKind::Sighted;
    let baseline = decisions.iter().filter(of_acme).count();
    assert_eq!(baseline, 1_501, "everybody who was there is sighted once, usher's account too");
    assert_eq!(app.ground.effects().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_baseline_that_is_cut_short_is_no_baseline() {
    let ground = ground();
    ground.sandbox.put_crowd(ACME.product, &crowd(2_500));
    // Of three pages the second one is never read.
    let refused = Fault::new(Effect::Fail { status: 400, retry_after: None, after_work: false });
    let refused = ground.sandbox.inject(refused.site(ACME.product).path("/user/list").when(When::Every(2)));
    let mut app = TestApp::start(ground).await;
    let failed = until(&app, ACME, "failed").await;
    assert_eq!(failed["baseline"], Value::Null);
    assert!(failed["why"].as_str().expect("why").contains("400"), "{failed}");
    app.restart().await;
    a_round_passes(&app.ground, ACME).await;
    app.ground.sandbox.remove_fault(refused);
    let whole = until(&app, ACME, "comparing").await;
    assert_eq!(whole["known"], 2_501);
    a_round_passes(&app.ground, ACME).await;
    app.stop().await;
    assert!(creations(&app.ground.decisions().await).is_empty());
    assert!(app.ground.effects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_newcomers_are_held_until_an_administrator_releases_them() {
    let mut app = TestApp::start(ground()).await;
    until(&app, ACME, "comparing").await;
    assert_eq!(post(&app, "sources/acme/newcomers/release").await.0, StatusCode::CONFLICT, "nobody is held");
    assert_eq!(post(&app, "sources/none/newcomers/release").await.0, StatusCode::NOT_FOUND);
    for number in 0..60 {
        app.ground.sandbox.put_user(ACME.product, user(number));
    }
    eventually("all are held", || async { (stands(&app, ACME).await["held"] == 60).then_some(()) }).await;
    let gauge = "usher_reconciliation_held_users{source=\"acme\"}";
    eventually("the gauge shows it", || async { (app.metric(gauge).await == Some(60.0)).then_some(()) }).await;
    app.restart().await;
    assert_eq!(until(&app, ACME, "held").await["held"], 60);
    assert!(app.ground.effects().is_empty());

    let (status, answer) = post(&app, "sources/acme/newcomers/release").await;
    assert_eq!((status, answer), (StatusCode::ACCEPTED, json!({ "users": 60, "steps": 0, "more": false })));
    eventually("all are welcomed", || async { (app.ground.effects().len() == 60).then_some(()) }).await;
    until(&app, ACME, "comparing").await;
    a_round_passes(&app.ground, ACME).await;
    assert_eq!(app.ground.effects().len(), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn newcomers_who_are_dismissed_were_there_before_and_the_next_one_is_found() {
    let app = TestApp::start(ground()).await;
    until(&app, ACME, "comparing").await;
    for number in 0..60 {
        app.ground.sandbox.put_user(ACME.product, user(number));
    }
    until(&app, ACME, "held").await;
    eventually("they are dismissed", || async {
        post(&app, "sources/acme/newcomers/dismiss").await;
        (stands(&app, ACME).await["state"] == "comparing").then_some(())
    })
    .await;
    app.ground.sandbox.put_user(ACME.product, user(99));
    until_effects(&app.ground, &[welcomed(ACME, 99)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_is_new_when_a_creation_is_told_and_who_is_not_active_when_they_are() {
    let app = TestApp::start(ground()).await;
    app.ground.sandbox.put_user(ACME.product, user(1));
    until(&app, ACME, "comparing").await;
    // The product tells of the removal, and lists the user still.
    app.settled(&app.tell(ACME, Happening::Deleted, &user(1)).await).await;
    app.ground.sandbox.put_user(ACME.product, Account { active: false, ..user(2) });
    a_round_passes(&app.ground, ACME).await;
    app.ground.sandbox.put_user(ACME.product, user(2));
    until_effects(&app.ground, &[welcomed(ACME, 2)]).await;
    app.settled(&app.tell(ACME, Happening::Created, &user(1)).await).await;
    until_effects(&app.ground, &[welcomed(ACME, 2), welcomed(ACME, 1)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_listed_where_no_scheme_waits_for_creations_and_who_comes_then_is_part_of_the_next_baseline() {
    let login =
        "{ id: back, source: acme, trigger: on_login, select: { everyone: true }, actions: [{ add_groups: [staff] }] }";
    let app = TestApp::start(Ground::new(login).groups(&["staff"]).reconciling("1s")).await;
    until(&app, ACME, "idle").await;
    let scheme = json!({
        "id": "new", "source": "acme", "trigger": "on_create", "test_mode": false, "select": { "everyone": true },
        "actions": [{ "add_groups": ["staff"] }],
    });
    let (status, tag, answer) = app.send(Method::POST, "schemes", &[], scheme.to_string()).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    until(&app, ACME, "comparing").await;
    assert!(lists(&app.ground, ACME) > 0 && lists(&app.ground, GLOBEX) == 0);
    let (status, ..) = app.send(Method::DELETE, "schemes/new", &[("If-Match", &tag)], "").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    eventually("the baseline is forgotten", || async {
        (stands(&app, ACME).await["baseline"] == Value::Null).then_some(())
    })
    .await;
    app.ground.sandbox.put_user(ACME.product, user(1));
    let again = scheme.to_string().replace("\"new\"", "\"newer\"");
    assert_eq!(app.send(Method::POST, "schemes", &[], again).await.0, StatusCode::CREATED);
    until(&app, ACME, "comparing").await;
    app.ground.sandbox.put_user(ACME.product, user(2));
    until_effects(&app.ground, &[welcomed(ACME, 2)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_kafka_two_replicas_find_a_creation_once_and_one_goes_on_when_the_other_is_killed() {
    let kafka = KafkaBroker::shared().config(4);
    let ground = ground().on_kafka(&kafka);
    for number in 0..20 {
        ground.sandbox.put_user(ACME.product, user(number));
    }
    let (one, other) = (Usher::replica(&ground, "one").await, Usher::replica(&ground, "other").await);
    until(&one, ACME, "comparing").await;
    ground.sandbox.put_user(ACME.product, user(100));
    until_effects(&ground, &[welcomed(ACME, 100)]).await;
    one.kill();
    ground.sandbox.put_user(ACME.product, user(101));
    until_effects(&ground, &[100, 101].map(|number| welcomed(ACME, number))).await;
    // The webhook comes late, when both replicas have been.
    let late = Delivery::at(ACME.product, Happening::Created, &user(101), Timestamp::from_millis(1_700_000_000_000));
    let late = other.settled(&other.deliver(ACME, &late).await).await;
    assert_eq!(late["no_action"]["why"], "known_since", "{late}");
    let found = other.list("decisions", &[("user", "KEY101")]).await;
    assert_eq!(found.iter().filter(|decision| decision["via"] == "reconciliation").count(), 1, "{found:?}");
    assert_eq!(ground.effects().len(), 2);
}
