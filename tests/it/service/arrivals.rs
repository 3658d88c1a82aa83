//! What is noticed of deliveries: refused, ignored, and with entries that can't be read.

use reqwest::StatusCode;
use serde_json::{Value, json};
use usher::sandbox::{
    Account,
    webhook::{Delivery, Happening},
};

use crate::support::{
    app::TestApp,
    face::eventually,
    ground::{ACME, GLOBEX, Ground},
};

const AUDIT: &str = "Basic YXVkaXQ6bG9n";

async fn start() -> TestApp {
    let webhook = "{ hmac: [{ env: TEST_ACME_SECRET }], bearer: [{ env: TEST_AUDIT }] }";
    let ground = Ground::new("").tweak("USHER_SOURCES__0__WEBHOOK", webhook).tweak("TEST_AUDIT", AUDIT);
    TestApp::start(ground).await
}

async fn webhook(app: &TestApp, source: &str) -> Value {
    let (status, answer) = app.ask(&format!("sources/{source}"), &[]).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["webhook"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_delivery_shows_at_its_source_with_why_and_the_proof_it_had() {
    let app = start().await;
    assert_eq!(
        webhook(&app, "acme").await,
        json!({ "last_accepted": null, "last_ignored": null, "last_refused": null })
    );
    let told = Delivery::of(ACME.product, Happening::Updated, &Account::new("KEY1", "jane"));
    for (delivery, status, proof, why) in [
        (told.clone(), 401, "none", "neither X-Hub-Signature nor Authorization"),
        (told.clone().sign("guessed"), 401, "hmac", "compare the secrets"),
        (told.clone().header("Authorization", "Bearer x"), 401, "bearer", "none that this source takes"),
        (told.clone().header("Authorization", "JWT a.b.c"), 401, "jwt", "token"),
        (told.clone().header("Authorization", "Basic eA=="), 401, "authorization", "none that this source takes"),
        (Delivery::raw("{").sign(ACME.secret), 400, "hmac", "can be read"),
        (told.clone().header("Content-Type", "text/plain"), 415, "none", "application/json"),
    ] {
        assert_eq!(app.deliver_raw("/webhooks/acme", &delivery).await.0.as_u16(), status);
        eventually("it is shown", || async {
            let refused = webhook(&app, "acme").await["last_refused"].clone();
            let text = refused["why"].as_str().unwrap_or_default();
            (refused["proof"] == proof && text.contains(why) && refused["at"].is_string()).then_some(())
        })
        .await;
    }
    assert_eq!(app.deliver_raw("/webhooks/nowhere", &told).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(webhook(&app, "globex").await["last_refused"], Value::Null);
    assert_eq!(webhook(&app, "acme").await["last_accepted"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_delivery_shows_and_a_slash_at_the_end_of_the_path_is_no_matter() {
    let app = start().await;
    let series = "usher_webhook_last_accepted_timestamp_seconds{source=\"acme\"}";
    assert_eq!(app.metric(series).await, None, "none was accepted yet");
    let told = Delivery::of(ACME.product, Happening::Updated, &Account::new("KEY1", "jane"));
    assert_eq!(app.deliver_raw("/webhooks/acme/", &told.clone().sign("guessed")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(app.deliver_raw("/webhooks/acme/", &told.clone().sign(ACME.secret)).await.0, StatusCode::OK);
    eventually("it is shown", || async { webhook(&app, "acme").await["last_accepted"].is_string().then_some(()) })
        .await;
    assert!(app.metric(series).await > Some(1_700_000_000.0));
    assert_eq!(app.deliver_raw("/webhooks/acme//", &told.sign(ACME.secret)).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ignored_is_counted_by_reason() {
    let app = start().await;
    let metric = async |reason: &str| {
        app.metric(&format!("usher_webhooks_ignored_total{{reason=\"{reason}\",source=\"acme\"}}")).await
    };
    assert_eq!(metric("other_event").await, Some(0.0));
    let signed = |body: Value| Delivery::json(&body).sign(ACME.secret);
    let audited = |body: Value| Delivery::json(&body).header("Authorization", AUDIT);
    for (delivery, reason) in [
        (signed(json!({ "webhookEvent": "jira:issue_created" })), "other_event"),
        (signed(json!({})), "no_event"),
        (signed(json!([])), "no_object"),
        (signed(json!({ "webhookEvent": "user_created" })), "no_user"),
        (audited(json!([{ "attributes": { "action": "user_logout" } }])), "other_entry"),
        (audited(json!([{ "attributes": { "action": "user_login" } }])), "entry_without_user"),
        (audited(json!([])), "no_entry"),
    ] {
        assert_eq!(app.deliver_raw("/webhooks/acme", &delivery).await.0, StatusCode::OK);
        assert_eq!(metric(reason).await, Some(1.0), "{reason}");
    }
    let ping = Delivery::raw(r#"{"test":true}"#);
    assert_eq!(app.deliver_raw("/webhooks/acme", &ping).await.0, StatusCode::OK);
    eventually("it is counted", || async { (metric("ping").await == Some(1.0)).then_some(()) }).await;
    eventually("it is shown", || async {
        (webhook(&app, "acme").await["last_ignored"]["why"] == "ping").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_entry_of_three_loses_no_other_and_is_a_dead_letter_without_anything_of_the_body() {
    let app = start().await;
    let login = |user: &str| {
        let time = "2026-05-19T10:00:00Z";
        format!(r#"{{"id":"{user}","attributes":{{"action":"user_login","time":"{time}","actor":{{"id":"{user}"}}}}}}"#)
    };
    let body = format!("[{},{},{}]", login("KEY1"), login(r"jane\ud800"), login("KEY2"));
    let delivery = Delivery::raw(body).header("Authorization", AUDIT);
    for _ in 0..2 {
        let (status, answer) = app.deliver_raw("/webhooks/acme", &delivery).await;
        assert_eq!((status, answer["events"].as_array().map(Vec::len)), (StatusCode::OK, Some(2)), "{answer}");
    }
    eventually("it is among the dead letters", || async { (!app.dead_letters().await.is_empty()).then_some(()) }).await;
    let letters = app.dead_letters().await;
    assert_eq!(letters.len(), 1, "though it was sent twice: {letters:?}");
    assert_eq!((&letters[0]["stage"], &letters[0]["source"]), (&"intake".into(), &"acme".into()));
    let text = letters[0].to_string();
    assert!(text.contains("entry 2 of 3") && !text.contains("jane"), "{text}");
    let passed_over = "usher_records_passed_over_total{kind=\"audit_entry\",source=\"acme\"}";
    assert_eq!(app.metric(passed_over).await, Some(2.0));
    let unreadable = Delivery::raw(format!("[{}]", login(r"\ud800"))).header("Authorization", AUDIT);
    assert_eq!(app.deliver_raw("/webhooks/acme", &unreadable).await.0, StatusCode::BAD_REQUEST);
    let elsewhere = usher_series(GLOBEX.id);
    assert_eq!(app.metric(&elsewhere).await, Some(0.0));
}

fn usher_series(source: &str) -> String {
    format!("usher_records_passed_over_total{{kind=\"audit_entry\",source=\"{source}\"}}")
}
