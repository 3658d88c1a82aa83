//! The health of a source, as administrators see it.

use reqwest::StatusCode;
use serde_json::{Value, json};
use usher::{
    domain::Product,
    sandbox::{
        Account, AuditAction,
        webhook::{Delivery, Happening},
    },
};

use crate::support::{
    app::TestApp,
    face::eventually,
    ground::{ACME, Ground},
};

async fn health(app: &TestApp, source: &str) -> Value {
    let (status, health) = app.ask(&format!("sources/{source}/health"), &[]).await;
    assert_eq!(status, StatusCode::OK, "{health}");
    health
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_of_the_last_day_are_counted_and_the_secret_that_proved_them_is_named() {
    let ground = Ground::new("").tweak(
        "USHER_SOURCES__0__WEBHOOK__HMAC",
        "[{ env: TEST_GLOBEX_SECRET }, { env: TEST_ACME_SECRET }, { value: in-the-file }]",
    );
    let app = TestApp::start(ground).await;
    let before = health(&app, "acme").await;
    let webhooks = &before["webhooks"];
    assert_eq!(
        (&webhooks["last"], &webhooks["accepted_24h"], &webhooks["refused_24h"]),
        (&Value::Null, &json!(0), &json!(0))
    );
    let unused = json!([
        { "name": "TEST_GLOBEX_SECRET", "last_used": null },
        { "name": "TEST_ACME_SECRET", "last_used": null },
        { "name": null, "last_used": null },
    ]);
    assert_eq!(webhooks["secrets"], unused, "{before:#}");
    app.ground.sandbox.put_user(Product::JiraDc, Account::new("id:jane", "jane"));
    let jane = Account::new("id:jane", "jane");
    app.tell(ACME, Happening::Created, &jane).await;
    let forged = Delivery::of(Product::JiraDc, Happening::LoggedIn, &jane).sign("a guess");
    let (status, _) = app.deliver_raw("/webhooks/acme", &forged).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let after = eventually("both are counted", || async {
        let now = health(&app, "acme").await;
        (now["webhooks"]["refused_24h"] == 1).then_some(now)
    })
    .await;
    let webhooks = &after["webhooks"];
    assert_eq!(webhooks["accepted_24h"], 1, "{after:#}");
    assert!(webhooks["last"].is_string(), "{after:#}");
    assert_eq!(webhooks["secrets"][0]["last_used"], Value::Null, "{after:#}");
    assert!(webhooks["secrets"][1]["last_used"].is_string(), "{after:#}");
    for secret in [ACME.secret, "in-the-file"] {
        assert!(!after.to_string().contains(secret), "{after}");
    }
    assert_eq!(after["since"], before["since"]);
    assert_eq!(after["feed"], Value::Null, "it has none");
    assert_eq!(after["credentials"], json!({ "end": null, "days": null }));
    assert_eq!(after["pace"]["per_second"], 1000.0, "{after:#}");
    assert_eq!(health(&app, "globex").await["webhooks"]["accepted_24h"], 0);
    let (status, _) = app.ask("sources/nowhere/health", &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_tells_its_lag_its_newest_entry_and_its_trouble() {
    let ground = Ground::new("").tweak("USHER_SOURCES__0__FEED", "{ kind: audit-log, every: 1s }");
    let ground = ground.tweak("USHER_SOURCES__0__CREDENTIALS_EXPIRE", "2020-01-01");
    let app = TestApp::start(ground).await;
    app.ground.sandbox.put_user(Product::JiraDc, Account::new("id:jane", "jane"));
    eventually("the feed has begun", || async {
        health(&app, "acme").await["feed"]["lag_seconds"].is_number().then_some(())
    })
    .await;
    app.ground.sandbox.audit(Product::JiraDc, AuditAction::LoggedIn, "id:jane", None).expect("she is there");
    let now = eventually("the entry is read", || async {
        let now = health(&app, "acme").await;
        now["feed"]["last_entry"].is_string().then_some(now)
    })
    .await;
    assert_eq!(now["feed"]["why"], Value::Null, "{now:#}");
    assert!(now["credentials"]["days"].as_i64().expect("a number") < 0, "{now:#}");
    let refuse = usher::sandbox::Fault::new(usher::sandbox::Effect::Forbidden).path("auditing");
    app.ground.sandbox.inject(refuse);
    eventually("the trouble is told", || async { health(&app, "acme").await["feed"]["why"].is_string().then_some(()) })
        .await;
}
