//! Runs over everybody in a source: asked for by hand, shared, held, released, cancelled.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::sandbox::{Account, RequestCount};

use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, GLOBEX, Ground},
};

/// Users of the sandbox's own that every site begins with: the account that usher acts as.
const OWN: u64 = 1;

/// Gives those of `acme.example` a group, where somebody asks for it.
fn gives(id: &str, source: &str, group: &str, more: &str) -> String {
    format!(
        "{{ id: {id}, source: {source}, trigger: manual, test_mode: false, select: {{ email_domain: [acme.example] }}, \
         actions: [{{ add_groups: [{group}] }}] {more} }}"
    )
}

fn user(number: usize, domain: &str) -> Account {
    Account::new(format!("KEY{number}"), format!("name-{number}")).email(format!("user-{number}@{domain}"))
}

/// `count` users of `acme.example` in both sites, and as many of another domain.
fn people(ground: &Ground, count: usize) {
    for source in [ACME, GLOBEX] {
        for number in 0..count {
            ground.sandbox.put_user(source.product, user(number, "acme.example"));
            ground.sandbox.put_user(source.product, user(count + number, "other.example"));
        }
    }
}

async fn post(face: &Face, path: &str) -> (StatusCode, Value) {
    let (status, _, answer) = face.send(Method::POST, path, &[("X-Usher-Actor", "Ann")], "").await;
    (status, answer)
}

/// Asks for a run of `scheme`; gives its id.
async fn run_now(face: &Face, scheme: &str) -> String {
    let (status, run) = post(face, &format!("schemes/{scheme}/run")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{run}");
    assert_eq!((&run["state"], &run["trigger"], &run["scheme"]), (&json!("running"), &json!("manual"), &json!(scheme)));
    run["id"].as_str().expect("an id").to_owned()
}

/// The run, once it is `state`.
async fn when(face: &Face, run: &str, state: &str) -> Value {
    eventually(&format!("{run} is {state}"), || async {
        let (status, shown) = face.ask(&format!("runs/{run}"), &[]).await;
        assert_eq!(status, StatusCode::OK, "{shown}");
        (shown["state"] == state).then_some(shown)
    })
    .await
}

/// How often paths with `part` in them were asked for.
fn asked(ground: &Ground, part: &str) -> u64 {
    let counts = |request: &RequestCount| request.path.contains(part);
    ground.sandbox.requests().iter().filter(|request| counts(request)).map(|request| request.count).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_by_hand_goes_over_everybody_and_changes_whom_the_scheme_selects() {
    let schemes = [gives("staff-acme", "acme", "staff", ""), gives("staff-globex", "globex", "staff", "")];
    let ground = Ground::new(&schemes.join(",")).groups(&["staff"]);
    people(&ground, 30);
    let app = TestApp::start(ground).await;
    for scheme in ["staff-acme", "staff-globex"] {
        let id = run_now(&app, scheme).await;
        let run = when(&app, &id, "done").await;
        let counts = json!({ "seen": 60 + OWN, "selected": 30, "changed": 30, "unchanged": 0, "tested": 0, "held": 0, "failed": 0 });
        assert_eq!(run["counts"], counts);
        assert_eq!(run["progress"], json!({ "listed": 60 + OWN, "decided": 60 + OWN, "total": 60 + OWN }));
        assert_eq!((&run["event"], &run["test_mode"]), (&Value::Null, &json!(false)));
        assert_eq!(app.list(&format!("runs/{id}/entries"), &[]).await.len(), 30);

        let again = when(&app, &run_now(&app, scheme).await, "done").await;
        assert_eq!((&again["counts"]["changed"], &again["counts"]["unchanged"]), (&json!(0), &json!(30)));
    }
    assert_eq!(app.ground.effects().len(), 60);
    assert_eq!(app.metric("usher_sweep_users_total{source=\"acme\"}").await, Some(2.0 * (60 + OWN) as f64));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_schemes_for_it_are_run_by_hand() {
    let on_create =
        "{ id: new, source: acme, trigger: on_create, select: { everyone: true }, actions: [{ add_groups: [staff] }] }";
    let off = gives("off", "acme", "staff", ", enabled: false");
    let app = TestApp::start(Ground::new(&[on_create, &off, &gives("idle", "acme", "staff", "")].join(","))).await;
    for (path, status, says) in [
        ("schemes/new/run", StatusCode::CONFLICT, "waits for `on_create`"),
        ("schemes/off/run", StatusCode::CONFLICT, "is not enabled"),
        ("schemes/none/run", StatusCode::NOT_FOUND, "there is no scheme"),
        ("runs/none/release", StatusCode::NOT_FOUND, "there is no run"),
    ] {
        let (given, problem) = post(&app, path).await;
        assert_eq!(given, status, "{path}: {problem}");
        assert!(problem["detail"].as_str().expect("a detail").contains(says), "{problem}");
    }
    assert_eq!(post(&app, "schemes/idle/pause").await.0, StatusCode::NO_CONTENT);
    assert_eq!(post(&app, "schemes/idle/run").await.0, StatusCode::CONFLICT);
}
