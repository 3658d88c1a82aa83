//! What usher has seen of a user: each event counts once, whatever happens to usher.

use std::fs;

use reqwest::StatusCode;
use serde_json::json;
use usher::{
    domain::{Decision, EventKind, Timestamp},
    sandbox::{
        Account,
        webhook::{Delivery, Happening},
    },
};

use crate::support::{
    app::TestApp,
    face::eventually,
    ground::{ACME, Ground},
};

fn jane() -> Account {
    Account::new("JIRAUSER10100", "jane").email("jane@acme.example")
}

/// What each decision on a login says of the logins so far.
fn logins(decisions: &[Decision]) -> Vec<u64> {
    let logins = decisions.iter().filter(|decision| decision.kind == EventKind::LoggedIn);
    logins.map(|decision| decision.activity.as_ref().expect("the user is known by id").logins).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_are_counted_once_through_a_restart_and_the_loss_of_the_store() {
    let mut app = TestApp::start(Ground::new("")).await;
    app.ground.sandbox.put_user(ACME.product, jane());
    app.settled(&app.tell(ACME, Happening::Created, &jane()).await).await;
    let login = app.tell(ACME, Happening::LoggedIn, &jane()).await;
    app.settled(&login).await;

    app.restart().await;
    app.settled(&app.tell(ACME, Happening::LoggedIn, &jane()).await).await;

    app.stop().await;
    fs::remove_dir_all(app.ground.folder().join("data/state")).expect("removed");
    app.restart().await;
    app.settled(&app.tell(ACME, Happening::LoggedIn, &jane()).await).await;
    app.stop().await;

    let decisions = app.ground.decisions().await;
    assert_eq!(logins(&decisions), [1, 2, 3]);
    let last = decisions.last().and_then(|decision| decision.activity.clone()).expect("an activity");
    assert!(last.created.is_some(), "usher was told of the creation");
    assert!(last.last_login > last.created);
}

/// Whoever logs in for the first time is welcomed.
const WELCOME: &str = "
    { id: welcome, source: acme, trigger: on_login, test_mode: false, select: { never_logged_in: {} },
      actions: [{ add_groups: [welcome] }] }";

/// Tells of a login; gives how the steps that it set off ended.
async fn log_in(app: &TestApp) -> Vec<String> {
    let login = app.tell(ACME, Happening::LoggedIn, &jane()).await;
    app.ended(&login).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_login_is_the_first_only_once_also_after_a_restart_and_the_loss_of_the_store() {
    let mut app = TestApp::start(Ground::new(WELCOME).groups(&["welcome"])).await;
    app.ground.sandbox.put_user(ACME.product, jane());
    app.settled(&app.tell(ACME, Happening::Created, &jane()).await).await;
    assert_eq!(log_in(&app).await, ["welcome: add_groups welcome changed"]);
    assert!(log_in(&app).await.is_empty());

    app.restart().await;
    assert!(log_in(&app).await.is_empty());

    app.stop().await;
    fs::remove_dir_all(app.ground.folder().join("data/state")).expect("removed");
    app.restart().await;
    assert!(log_in(&app).await.is_empty());
    assert_eq!(app.ground.effects(), ["jira-dc JIRAUSER10100 +welcome"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_by_name_counts_for_its_user_where_a_scheme_looks_at_logins() {
    let idle =
        "{ id: idle, source: acme, trigger: manual, select: { never_logged_in: {} }, actions: [{ deactivate: {} }] }";
    let mut app = TestApp::start(Ground::new(idle)).await;
    app.ground.sandbox.put_user(ACME.product, jane());
    let login = serde_json::json!({ "webhookEvent": "user_login", "user": { "name": "jane" } });
    app.settled(&app.deliver(ACME, &Delivery::json(&login)).await).await;
    app.settled(&app.tell(ACME, Happening::LoggedIn, &jane()).await).await;
    app.stop().await;
    assert_eq!(logins(&app.ground.decisions().await), [1, 2]);
}

const AUDIT: &str = "Basic YXVkaXQ6bG9n";

/// An entry of the audit log: Jane logs in. It knows her by the login name alone.
async fn audit_log_tells(app: &TestApp, at: Timestamp) {
    let author = json!({ "id": "10100", "name": "Jane", "uri": "https://jira.example.com/ViewProfile.jspa?name=jane" });
    let action = json!({ "actionI18nKey": "jira.auditing.user.logged.in" });
    let entry = json!({ "id": at.to_string(), "timestamp": at, "type": action, "author": author });
    let told = Delivery::json(&entry).header("Authorization", AUDIT);
    let (status, answer) = app.deliver_raw("/webhooks/acme", &told).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_a_listener_tells_of_by_id_and_the_audit_log_by_name_counts_once() {
    let idle =
        "{ id: idle, source: acme, trigger: manual, select: { never_logged_in: {} }, actions: [{ deactivate: {} }] }";
    let webhook = "{ hmac: [{ env: TEST_ACME_SECRET }], bearer: [{ env: TEST_AUDIT }] }";
    let ground = Ground::new(idle).tweak("USHER_SOURCES__0__WEBHOOK", webhook).tweak("TEST_AUDIT", AUDIT);
    ground.sandbox.put_user(ACME.product, jane());
    let mut app = TestApp::start(ground).await;
    let duplicates = async |wanted: f64| {
        let series = "usher_duplicates_total{stage=\"planner\"}";
        eventually("the second telling is recognised", || async {
            app.metric(series).await.filter(|count| *count >= wanted)
        })
        .await
    };
    let at = |millis: i64| Timestamp::from_millis(1_763_715_600_000 + millis);
    let listener_tells = |at| Delivery::at(ACME.product, Happening::LoggedIn, &jane(), at);
    app.settled(&app.deliver(ACME, &listener_tells(at(100))).await).await;
    audit_log_tells(&app, at(400)).await;
    assert_eq!(duplicates(1.0).await, 1.0);
    // The other way round.
    audit_log_tells(&app, at(5_000)).await;
    eventually("it is decided", || async {
        (app.list("decisions", &[("user", "JIRAUSER10100")]).await.len() == 2).then_some(())
    })
    .await;
    app.deliver(ACME, &listener_tells(at(5_900))).await;
    assert_eq!(duplicates(2.0).await, 2.0);
    app.stop().await;
    assert_eq!(logins(&app.ground.decisions().await), [1, 2]);
}
