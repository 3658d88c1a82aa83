//! An Atlassian organisation, from its audit log to its directory.

use reqwest::StatusCode;
use serde_json::{Value, json};
use usher::{
    domain::Product,
    sandbox::{Account, InOrg, ORGANIZATION, webhook::Delivery},
};

use crate::support::{
    app::TestApp,
    face::Accepted,
    ground::{GLOBEX, Ground},
};

const SCHEMES: &str = "
    { id: welcome, source: globex, trigger: on_login, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff] }] },
    { id: new, source: globex, trigger: on_create, test_mode: false, select: { email_domain: [acme.example] },
      actions: [{ add_groups: [vpn] }] }";
const AUDIT: &str = "Basic YXVkaXQ6bG9n";
const ORG: Product = Product::AtlassianOrg;

/// usher with the organisation in the place of [`GLOBEX`].
async fn start(users: impl IntoIterator<Item = Account>) -> TestApp {
    let ground = Ground::new(SCHEMES);
    let base_url = ground.sandbox.base_url(ORG).to_string();
    let ground = ground
        .tweak("USHER_SOURCES__1__PRODUCT", "atlassian-org")
        .tweak("USHER_SOURCES__1__BASE_URL", &base_url)
        .tweak("USHER_SOURCES__1__ORGANIZATION", ORGANIZATION)
        .tweak("USHER_SOURCES__1__AUTH", "{ bearer: { env: TEST_PRODUCT_TOKEN } }")
        .tweak("USHER_SOURCES__1__WEBHOOK", "{ bearer: [{ env: TEST_AUDIT }] }")
        .tweak("TEST_AUDIT", AUDIT);
    for group in ["staff", "vpn"] {
        ground.sandbox.put_group(ORG, group);
    }
    for user in users {
        ground.sandbox.put_user(ORG, user);
    }
    TestApp::start(ground).await
}

fn entry(id: &str, action: &str, actor: &str, context: Value) -> Value {
    let attributes = json!({ "time": "2026-05-19T10:00:00Z", "action": action, "actor": { "id": actor } });
    let mut entry = json!({ "type": "events", "id": id, "attributes": attributes });
    entry["attributes"]["context"] = context;
    entry
}

async fn post(app: &TestApp, body: &Value) -> Value {
    let told = Delivery::json(body).header("Authorization", AUDIT);
    let (status, answer) = app.deliver_raw("/webhooks/globex", &told).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

fn accepted(user: &str, answer: &Value) -> Accepted {
    let event = answer["event"].as_str().expect("an event id").to_owned();
    Accepted { source: GLOBEX.id, user: user.to_owned(), event }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_audit_log_tells_leads_to_changes_in_the_directory() {
    let own = Account::new("712020:jane", "jane").email("jane@acme.example");
    let strangers = own.clone().in_org(InOrg { unmanaged: true, ..InOrg::default() });
    let joe = Account { id: "712020:joe".to_owned(), ..strangers };
    let mut app = start([own, joe]).await;

    let login = post(&app, &entry("e1", "user_login", "712020:jane", json!([]))).await;
    assert_eq!(app.ended(&accepted("712020:jane", &login)).await, ["welcome: add_groups staff changed"]);
    let context = json!([{ "type": "users", "id": "712020:joe", "attributes": { "accountType": "atlassian" } }]);
    let creation = post(&app, &entry("e2", "user_created", "an-administrator", context)).await;
    assert_eq!(app.ended(&accepted("712020:joe", &creation)).await, ["new: add_groups vpn changed"]);

    app.stop().await;
    assert_eq!(app.ground.effects(), ["atlassian-org 712020:jane +staff", "atlassian-org 712020:joe +vpn"]);
}
