//! Schemes that are made while usher runs, and what administrators pause.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::{
    config::KafkaConfig,
    sandbox::{Account, webhook::Happening},
};

use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, GLOBEX, Ground},
    kafka::KafkaBroker,
    usher::Usher,
};

const PROVISIONED: &str = "
    { id: everybody, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff] }] }";

/// A scheme that gives everybody who is created a group.
fn gives(id: &str, group: &str) -> String {
    format!(
        "{{ id: {id}, source: acme, trigger: on_create, test_mode: false, select: {{ everyone: true }}, \
         actions: [{{ add_groups: [{group}] }}] }}"
    )
}

/// Creates a user, and tells how all steps ended.
async fn created(face: &Face, ground: &Ground, number: usize) -> Vec<String> {
    let account = Account::new(format!("KEY{number}"), format!("name-{number}"));
    ground.sandbox.put_user(ACME.product, account.clone());
    let event = face.tell(ACME, Happening::Created, &account).await;
    face.ended(&event).await
}

async fn post(face: &Face, text: &str) -> String {
    let (status, tag, answer) = face.send(Method::POST, "schemes", &[("X-Usher-Actor", "Ann")], text).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    tag
}

async fn ask(face: &Face, path: &str) {
    let (status, _, answer) = face.send(Method::POST, path, &[], "").await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_scheme_is_asked_for_the_next_event_in_the_form_it_has_then() {
    let app = TestApp::start(Ground::new(PROVISIONED).groups(&["staff", "red", "blue"])).await;
    let staff = "everybody: add_groups staff changed";
    assert_eq!(created(&app, &app.ground, 1).await, [staff]);

    let first = post(&app, &gives("colours", "red")).await;
    assert_eq!(created(&app, &app.ground, 2).await, [staff, "colours: add_groups red changed"]);

    let if_match = [("If-Match", first.as_str())];
    let (status, second, answer) = app.send(Method::PUT, "schemes/colours", &if_match, gives("colours", "blue")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(created(&app, &app.ground, 3).await, [staff, "colours: add_groups blue changed"]);
    let decisions = app.list("decisions", &[("source", "acme"), ("user", "KEY3")]).await;
    assert_eq!(decisions[0]["schemes"][1]["version"], answer["version"], "each decision says by what version");

    for (method, body) in [(Method::PUT, gives("colours", "green")), (Method::DELETE, String::new())] {
        let (status, _, problem) = app.send(method, "schemes/colours", &if_match, body).await;
        assert_eq!((status, &problem["type"]), (StatusCode::PRECONDITION_FAILED, &json!("urn:usher:problem:stale")));
    }
    let (status, ..) = app.send(Method::DELETE, "schemes/colours", &[("If-Match", second.as_str())], "").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(created(&app, &app.ground, 4).await, [staff]);
}

/// A scheme without what was found of the names in it, which each process looks up by itself and some time later.
fn without_references(mut scheme: Value) -> Value {
    scheme.as_object_mut().expect("a scheme").remove("references").expect("they are always told");
    scheme
}

async fn schemes(usher: &Face) -> Vec<Value> {
    usher.list("schemes", &[]).await.into_iter().map(without_references).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_survives_a_kill_and_holds_from_the_first_event_on() {
    let ground = Ground::new(PROVISIONED).groups(&["staff", "red"]);
    let usher = Usher::start(&ground).await;
    post(&usher, &gives("colours", "red")).await;
    ask(&usher, "sources/acme/pause").await;
    let before = schemes(&usher).await;
    let account = Account::new("KEY1", "name-1");
    ground.sandbox.put_user(ACME.product, account.clone());
    // Decided after the restart, by what was set before it.
    let event = usher.tell(ACME, Happening::Created, &account).await;
    usher.kill();

    let usher = Usher::start(&ground).await;
    assert_eq!(schemes(&usher).await, before);
    assert_eq!(usher.list("sources", &[]).await[0]["paused"], true);
    let history = usher.ask("schemes/colours/history", &[]).await.1["items"].as_array().expect("items").clone();
    assert_eq!((history.len(), &history[0]["by"]), (1, &json!("admin (for Ann)")));
    ask(&usher, "sources/acme/resume").await;
    let ended = usher.ended(&event).await;
    assert_eq!(ended, ["everybody: add_groups staff changed", "colours: add_groups red changed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_paused_source_nothing_is_asked_and_nothing_is_lost() {
    let schemes = format!("{PROVISIONED}, {}", PROVISIONED.replace("everybody", "others").replace("acme", "globex"));
    let app = TestApp::start(Ground::new(&schemes).groups(&["staff"])).await;
    ask(&app, "sources/acme/pause").await;
    let account = Account::new("KEY1", "name-1");
    app.ground.sandbox.put_user(ACME.product, account.clone());
    let event = app.tell(ACME, Happening::Created, &account).await;
    assert_eq!(app.list("sources", &[]).await[0]["paused"], true);
    // Of the other source much more is done meanwhile.
    for number in 0..20 {
        let account = Account::new(format!("KEY{number}"), format!("name-{number}"));
        app.ground.sandbox.put_user(GLOBEX.product, account.clone());
        let event = app.tell(GLOBEX, Happening::Created, &account).await;
        app.settled(&event).await;
    }
    let asked: Vec<_> = app.ground.sandbox.requests().into_iter().filter(|one| one.site == ACME.product).collect();
    assert!(asked.is_empty(), "{asked:?}");

    ask(&app, "sources/acme/resume").await;
    assert_eq!(app.ended(&event).await, ["everybody: add_groups staff changed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_scheme_does_nothing_until_it_is_resumed() {
    let app = TestApp::start(Ground::new(PROVISIONED).groups(&["staff", "red"])).await;
    post(&app, &gives("colours", "red")).await;
    for scheme in ["everybody", "colours"] {
        ask(&app, &format!("schemes/{scheme}/pause")).await;
    }
    let done = created(&app, &app.ground, 1).await;
    assert!(!done.iter().any(|step| step.ends_with("changed")), "{done:?}");
    assert_eq!(app.ground.effects(), Vec::<String>::new());

    ask(&app, "schemes/colours/resume").await;
    let done = created(&app, &app.ground, 2).await;
    assert!(done.contains(&"colours: add_groups red changed".to_owned()), "{done:?}");
    assert!(!done.contains(&"everybody: add_groups staff changed".to_owned()), "{done:?}");
    ask(&app, "schemes/everybody/resume").await;
    let both = ["everybody: add_groups staff changed", "colours: add_groups red changed"];
    assert_eq!(created(&app, &app.ground, 3).await, both);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_kafka_every_replica_has_a_stored_scheme_within_a_second() {
    let kafka = KafkaBroker::shared().config(4);
    let (here, there) = (on(&kafka), on(&kafka));
    let (one, other) = tokio::join!(TestApp::start(here), TestApp::start(there));
    let mut worst = Duration::ZERO;
    for round in 0..10 {
        let id = format!("scheme-{round}");
        post(&one, &gives(&id, "red")).await;
        let stored = Instant::now();
        let seen = eventually("the other has it", || async {
            let (status, scheme) = other.ask(&format!("schemes/{id}"), &[]).await;
            (status == StatusCode::OK).then_some(scheme)
        });
        let known = one.ask(&format!("schemes/{id}"), &[]).await.1;
        assert_eq!(without_references(seen.await), without_references(known));
        worst = worst.max(stored.elapsed());
    }
    eprintln!("a stored scheme is seen by another replica after at most {worst:?}, of 10");
    assert!(worst < Duration::from_secs(1), "{worst:?}");

    // Of two that read the same and both change it, in any order: one wins, and both replicas agree.
    let (_, tag, _) = one.send(Method::GET, "schemes/scheme-0", &[], "").await;
    let if_match = [("If-Match", tag.as_str())];
    let change = |app, group| Face::send(app, Method::PUT, "schemes/scheme-0", &if_match, gives("scheme-0", group));
    tokio::join!(change(&one, "green"), change(&other, "blue"));
    eventually("they agree", || async {
        let [here, there] = [&one, &other].map(|app| app.ask("schemes/scheme-0", &[]));
        (here.await == there.await).then_some(())
    })
    .await;
}

/// A ground whose log is on Kafka.
fn on(kafka: &KafkaConfig) -> Ground {
    Ground::new(PROVISIONED).groups(&["red", "green", "blue"]).on_kafka(kafka)
}
