//! Deliveries that are not signed over their body: audit-log webhooks, Connect's and Forge's.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use usher::{
    clock::{Clock, SystemClock},
    domain::Timestamp,
    sandbox::{
        Account,
        webhook::{Delivery, Happening},
    },
};

use crate::support::{
    app::TestApp,
    face::Accepted,
    ground::{GLOBEX, Ground},
    reserved::Reserved,
};

const SCHEMES: &str = "
    { id: welcome, source: globex, trigger: on_login, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff] }] },
    { id: new, source: globex, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [vpn] }] }";
pub(super) const WEBHOOK: &str = "{ hmac: [{ env: TEST_GLOBEX_SECRET }], bearer: [{ env: TEST_AUDIT }],
    connect: { client_key: the-client, shared_secret: { env: TEST_CONNECT } },
    forge: { app_id: \"ari:cloud:ecosystem::app/5a4b3c2d\", jwks_file: keys.json } }";
pub(super) const AUDIT: &str = "Basic YXVkaXQ6bG9n";
pub(super) const CONNECT: &str = "the-shared-secret";

/// The key of RFC 7515, appendix A.2.
pub(super) const KEYS: &str = r#"{"keys":[{"kty":"RSA","kid":"2010-12-29","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}]}"#;
/// Signed with it: for the app above, from 2023 to 2100.
pub(super) const FORGE: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IjIwMTAtMTItMjkifQ.eyJpc3MiOiJmb3JnZS9pbnZvY2F0aW9uLXRva2VuIiwiYXVkIjoiYXJpOmNsb3VkOmVjb3N5c3RlbTo6YXBwLzVhNGIzYzJkIiwiaWF0IjoxNzAwMDAwMDAwLCJuYmYiOjE3MDAwMDAwMDAsImV4cCI6NDEwMjQ0NDgwMH0.mDXxucwrH1iSSl2TZ8S7aOyjJiJRFRVrVHiUByV1b7K3X6surh7azhS3-MC9oa407S_S4pNhPGGiGGPX-WTtbW_eOlcYU1tYtCRajRpqD_TVxcNnfmf4wcuz7Gr2LnmsKYyQ3J_ndBhZQG2R5d9jhDSYse_VOZbrePXWQlMCBrCso9AjahTCdWrVVMEtFhZZhE48xUnDc1BgsrLEB4A_jTzn5_O4H_Ni178IW8HqHb8kxaEn16U4ta42xVYlr8t3UTYR89VviFG8IuU_oyCxu52Z6Hh5mF2kbx4Nfm1pAVGvixos4C5C2e4MOkBtNAiRI4ire6v0n2HsijjEW6Cvvg";

async fn start() -> TestApp {
    let ground = Ground::new(SCHEMES).groups(&["staff", "vpn"]);
    std::fs::write(ground.folder().join("keys.json"), KEYS).expect("written");
    let ground =
        ground.tweak("USHER_SOURCES__1__WEBHOOK", WEBHOOK).tweak("TEST_AUDIT", AUDIT).tweak("TEST_CONNECT", CONNECT);
    for user in [jane(), joe()] {
        ground.sandbox.put_user(GLOBEX.product, user);
    }
    TestApp::start(ground).await
}

fn jane() -> Account {
    Account::new("5b10a284:jane", "jane").email("jane@globex.example")
}

fn joe() -> Account {
    Account::new("5b10a284:joe", "joe").email("joe@globex.example")
}

fn login(id: &str, user: &Account, at: Timestamp) -> Value {
    json!({ "type": "events", "id": id, "attributes": {
        "time": at, "action": "user_login", "actor": { "id": user.id, "name": "…" } } })
}

fn creation(id: &str, user: &Account) -> Value {
    json!({ "type": "events", "id": id, "attributes": {
        "time": "2026-05-19T10:00:00Z", "action": "user_created", "actor": { "id": "an-administrator" },
        "context": [{ "type": "users", "id": user.id, "attributes": { "accountType": "atlassian" } }] } })
}

/// The beginning of this second.
fn now() -> Timestamp {
    Timestamp::from_millis(SystemClock.now().as_millis() / 1000 * 1000)
}

async fn post(app: &TestApp, authorization: &str, body: &Value) -> (StatusCode, Value) {
    app.deliver_raw("/webhooks/globex", &Delivery::json(body).header("Authorization", authorization)).await
}

fn accepted(user: &Account, event: &Value) -> Accepted {
    let event = event.as_str().expect("an event id").to_owned();
    Accepted { source: GLOBEX.id, user: user.id.clone(), event }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_counts_once_however_often_the_audit_log_and_a_listener_tell_of_it() {
    let mut app = start().await;
    let at = now();
    let entry = login("e1", &jane(), at);
    let (status, first) = post(&app, AUDIT, &entry).await;
    assert_eq!(status, StatusCode::OK, "{first}");
    let event = accepted(&jane(), &first["event"]);
    assert_eq!(post(&app, AUDIT, &json!([entry, entry])).await.1, first);
    assert_eq!(post(&app, AUDIT, &json!({ "data": [entry] })).await.1, first);
    let later = Timestamp::from_millis(at.as_millis() + 300);
    for _ in 0..2 {
        let told = Delivery::at(GLOBEX.product, Happening::LoggedIn, &jane(), later);
        assert_eq!(app.deliver(GLOBEX, &told).await, event, "though each has an identifier of its own");
    }
    assert_eq!(app.ended(&event).await, ["welcome: add_groups staff changed"]);
    let behind = app.tell(GLOBEX, Happening::Updated, &jane()).await; // behind all others of this user
    app.settled(&behind).await;
    app.stop().await;
    let mut decisions = app.ground.decisions().await;
    decisions.retain(|decision| decision.event.as_str() != behind.event);
    assert_eq!(decisions.len(), 1);
    assert_eq!(decisions[0].activity.as_ref().expect("known by id").logins, 1);
    assert_eq!(app.ground.effects(), ["jira-cloud 5b10a284:jane +staff"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_log_tells_many_things_at_once_and_the_answer_lists_the_events() {
    let mut app = start().await;
    let logout = json!({ "id": "e3", "attributes": { "action": "user_logout", "actor": { "id": "x" } } });
    let page = json!({ "data": [login("e1", &jane(), now()), logout, creation("e2", &joe()), {}] });
    let (status, answer) = post(&app, AUDIT, &page).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let events = answer["events"].as_array().expect("a list");
    assert_eq!((events.len(), &answer["event"]), (2, &Value::Null));
    assert_eq!(app.ended(&accepted(&jane(), &events[0])).await, ["welcome: add_groups staff changed"]);
    assert_eq!(app.ended(&accepted(&joe(), &events[1])).await, ["new: add_groups vpn changed"]);
    assert_eq!(post(&app, AUDIT, &page).await.1, answer, "the same events again");
    assert_eq!(post(&app, AUDIT, &logout).await.1["ignored"], "not a login or a creation");
    let webhook = json!({ "webhookEvent": "user_login", "user": { "accountId": "5b10a284:jane" } });
    assert_eq!(post(&app, AUDIT, &webhook).await.1["ignored"], "not a login or a creation");
    app.drain().await;
    app.stop().await;
    assert_eq!(app.ground.effects().len(), 2);
}

/// A token for this path and query, as Connect makes it.
pub(super) fn connect(request: &str) -> String {
    let now = SystemClock.now().as_millis() / 1000;
    let qsh = hex::encode(Sha256::digest(format!("POST&{request}")));
    let claims = json!({ "iss": "the-client", "iat": now, "exp": now + 180, "qsh": qsh });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&claims));
    let mac = Hmac::<Sha256>::new_from_slice(CONNECT.as_bytes()).expect("a key").chain_update(&signed).finalize();
    format!("JWT {signed}.{}", URL_SAFE_NO_PAD.encode(mac.into_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn connect_and_forge_prove_themselves_by_tokens() {
    let mut app = start().await;
    let told = Delivery::of(GLOBEX.product, Happening::Created, &jane())
        .header("Authorization", connect("/webhooks/globex&user_id=5b10a284%3Ajane"));
    let (status, answer) = app.deliver_raw("/webhooks/globex?user_id=5b10a284:jane", &told).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(app.ended(&accepted(&jane(), &answer["event"])).await, ["new: add_groups vpn changed"]);
    assert_eq!(app.deliver_raw("/webhooks/globex", &told).await.0, StatusCode::UNAUTHORIZED, "another query");

    let told = json!({ "eventType": "avi:jira:created:user", "user": { "accountId": "5b10a284:joe" } });
    let (status, answer) = post(&app, &format!("Bearer {FORGE}"), &told).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(app.ended(&accepted(&joe(), &answer["event"])).await, ["new: add_groups vpn changed"]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_proves_nothing_gets_the_same_answer_everywhere() {
    let app = start().await;
    let wrong = [
        "",
        "Basic d3Jvbmc=",
        "Bearer wrong",
        &format!("Bearer {}x", FORGE),
        &connect("/webhooks/elsewhere&"),
        "JWT",
        "JWT a.b.c",
    ];
    for authorization in wrong {
        for source in ["globex", "acme", "nowhere"] {
            let delivery = Delivery::json(&login("e1", &jane(), now())).header("Authorization", authorization);
            let answer = app.deliver_raw(&format!("/webhooks/{source}"), &delivery).await;
            assert_eq!(
                answer,
                (StatusCode::UNAUTHORIZED, json!({ "error": "unauthorized" })),
                "{authorization} {source}"
            );
        }
    }
    for right in [AUDIT.to_owned(), format!("Bearer {FORGE}"), connect("/webhooks/acme&")] {
        let delivery = Delivery::json(&login("e1", &jane(), now())).header("Authorization", right);
        assert_eq!(app.deliver_raw("/webhooks/acme", &delivery).await.0, StatusCode::UNAUTHORIZED, "of another source");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_can_not_be_verified_now_is_to_come_again() {
    let nobody = Reserved::new();
    let url = format!("http://{}/keys", nobody.address);
    let forge = format!("{{ forge: {{ app_id: \"ari:cloud:ecosystem::app/5a4b3c2d\", jwks_url: \"{url}\" }} }}");
    let app = TestApp::start(Ground::new("").tweak("USHER_SOURCES__1__WEBHOOK", &forge)).await;
    let told = json!({ "eventType": "avi:jira:created:user", "user": { "accountId": "5b10a284:joe" } });
    let (status, answer) = post(&app, &format!("Bearer {FORGE}"), &told).await;
    assert_eq!(
        (status, &answer["error"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"the delivery can't be verified now".into())
    );
    assert_eq!(post(&app, "Bearer a.b.c", &told).await.0, StatusCode::UNAUTHORIZED);
}
