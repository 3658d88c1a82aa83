//! Times that can't be right, in deliveries and in what products tell of users.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use usher::{
    clock::Clock,
    domain::{Fact, Product, Timestamp},
    sandbox::{Account, InOrg, webhook::Delivery},
};

use crate::{
    products::{ALL, Bench, JANE},
    support::{
        app::TestApp,
        face::eventually,
        ground::{ACME, Ground},
    },
};

/// Whoever logs in for the first time in 90 days.
const SCHEMES: &str = "{ id: back, source: acme, trigger: on_login, test_mode: false,
    select: { any: [{ never_logged_in: {} }, { last_login_before: 90d }] }, actions: [{ add_groups: [staff] }] }";

async fn start() -> TestApp {
    let ground = Ground::new(SCHEMES).groups(&["staff"]);
    ground.sandbox.put_user(Product::JiraDc, Account::new("KEY1", "jane"));
    TestApp::start(ground).await
}

async fn post(app: &TestApp, body: &Value) -> String {
    let delivery = Delivery::json(body).sign(ACME.secret);
    let (status, answer) = app.deliver_raw("/webhooks/acme", &delivery).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["event"].as_str().expect("an event").to_owned()
}

fn advance(app: &TestApp, time: Duration) {
    let now = app.ground.clock.now().as_millis();
    let later = now + i64::try_from(time.as_millis()).expect("not that long");
    app.ground.clock.set(&Timestamp::from_millis(later).to_string());
}

/// When each login that was decided was, in milliseconds since 1970.
async fn logins(mut app: TestApp, expected: usize) -> Vec<i64> {
    eventually("all logins are decided", || async {
        let decisions = app.list("decisions", &[("source", "acme"), ("user", "KEY1")]).await;
        (decisions.len() >= expected).then_some(())
    })
    .await;
    app.drain().await;
    app.stop().await;
    let mut decided: Vec<_> = app.ground.decisions().await;
    decided.retain(|decision| decision.activity.is_some());
    decided.sort_by_key(|decision| decision.activity.as_ref().map(|seen| seen.logins));
    decided.iter().filter_map(|decision| decision.activity.as_ref()?.last_login).map(Timestamp::as_millis).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_sends_seconds_makes_nobody_look_idle_and_is_told_of() {
    let app = start().await;
    let now = app.ground.clock.now().as_millis();
    let login =
        |timestamp: Value| json!({ "webhookEvent": "user_login", "timestamp": timestamp, "user": { "key": "KEY1" } });
    assert_eq!(app.ask("sources/acme", &[]).await.1["implausible_times"], Value::Null);
    post(&app, &login((now / 1000 - 3600).into())).await;
    let times = app.ask("sources/acme", &[]).await.1["implausible_times"].clone();
    assert_eq!((&times["count"], &times["form"]), (&1.into(), &"seconds".into()));
    assert!(times["last"].is_string());
    post(&app, &login(7.into())).await;
    assert_eq!(app.ask("sources/acme", &[]).await.1["implausible_times"]["form"], "before_two_thousand");
    assert_eq!(app.metric("usher_implausible_times_total{source=\"acme\"}").await, Some(2.0));
    assert_eq!(app.metric("usher_implausible_times_total{source=\"globex\"}").await, Some(0.0));
    let logins = logins(app, 2).await;
    assert_eq!(logins[0], (now / 1000 - 3600) * 1000);
    assert!((logins[1] - now).abs() < 300_000, "when usher accepted it: {logins:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_sends_the_same_bytes_each_time_tells_of_a_new_login_each_time() {
    for user in [json!({ "key": "KEY1" }), json!({ "name": "jane" })] {
        let app = start().await;
        let login = json!({ "webhookEvent": "user_login", "user": user });
        let first = post(&app, &login).await;
        app.drain().await;
        advance(&app, Duration::from_secs(10));
        post(&app, &login).await; // in the same minute or the next, it is the same login
        app.drain().await;
        let mut events = vec![first];
        for _ in 0..3 {
            advance(&app, Duration::from_hours(24 * 30));
            events.push(post(&app, &login).await);
            app.drain().await;
        }
        events.dedup();
        assert_eq!(events.len(), 4, "{user}");
        let logins = logins(app, 4).await;
        assert_eq!(logins.len(), 4, "{user}: {logins:?}");
        assert!(logins[3] - logins[0] > 89 * 86_400_000, "the last login is the last one: {logins:?}");
    }
}

/// What the client of a product says of Jane, who was last there, and created, at `at`.
async fn told(product: Product, at: Timestamp, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>, bool) {
    let bench = Bench::new(product);
    let standing = InOrg { added: Some(at), ..InOrg::default() };
    bench.sandbox.put_user(product, Account::new(JANE, "jane doe+x").last_login(at).in_org(standing));
    let jane = bench.jane().await;
    let facts = jane.facts(now);
    let last = match facts.logins {
        Fact::Known { value, .. } => value.last,
        Fact::Unknown(_) => None,
    };
    (last, facts.created.value().copied(), jane.odd_time_at(now).is_some())
}

#[tokio::test]
async fn what_a_product_tells_of_a_user_is_unknown_where_it_can_be_no_time() {
    let at = |text: &str| text.parse::<Timestamp>().expect("a time");
    let now = at("2026-11-01T10:00:00Z");
    let mut tell = 0;
    for product in ALL {
        let right = at("2026-03-01T10:00:00Z");
        let (last, _, odd) = told(*product, right, now).await;
        assert!(!odd, "{product}");
        if last.is_none() {
            continue; // it tells no times
        }
        tell += 1;
        assert_eq!(last, Some(right), "{product}");
        for wrong in ["1985-10-26T01:21:00Z", "2026-11-02T10:00:01Z", "2096-01-01T00:00:00Z"] {
            let (last, created, odd) = told(*product, at(wrong), now).await;
            assert_eq!((last, created, odd), (None, None, true), "{product} {wrong}");
        }
        // Its number of milliseconds is a plausible number of seconds; where the product writes text, it is only old.
        let seconds = Timestamp::from_millis(at("2026-03-01T10:00:00Z").as_millis() / 1000);
        let (last, _, odd) = told(*product, seconds, now).await;
        assert!(odd && (last.is_none() || last == Some(right)), "{product} {last:?}");
    }
    assert!(tell >= 4, "{tell} products tell of logins");
}
