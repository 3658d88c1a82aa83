//! What usher has seen of a user: each event counts once, whatever happens to usher.

use std::fs;

use usher::{
    domain::{Decision, EventKind},
    sandbox::{
        Account,
        webhook::{Delivery, Happening},
    },
};

use crate::support::{
    app::TestApp,
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
