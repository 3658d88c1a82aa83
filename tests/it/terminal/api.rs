//! Asking what a scheme would do, over the API: nothing is changed by it.

use reqwest::{Method, StatusCode, header::RETRY_AFTER};
use serde_json::{Value, json};
use usher::sandbox::{Account, Effect, Fault, Population};

use super::people;
use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, ADMIN_TOKEN, BOTH, Ground},
};

const STORED: &str = "{ id: own, source: acme, trigger: on_create, test_mode: false, \
    select: { email_domain: [acme.example] }, actions: [{ add_groups: [staff] }] }";

async fn app() -> TestApp {
    let ground = Ground::new(STORED).groups(&["staff", "guests"]);
    people(&ground, 30);
    TestApp::start(ground).await
}

fn scheme(source: &str) -> String {
    STORED.replace("own", "new").replace("acme,", &format!("{source},"))
}

async fn preview(face: &Face, query: &str, text: &str) -> (StatusCode, Value) {
    let (status, _, answer) = face.send(Method::POST, &format!("schemes/preview{query}"), &[], text).await;
    (status, answer)
}

/// Nothing was done to anybody, and nothing is told of it.
async fn nothing_happened(app: &TestApp) {
    assert_eq!(app.ground.effects(), Vec::<String>::new());
    for list in ["runs", "decisions?user=KEY1", "dead-letters"] {
        let (path, user) = list.split_once('?').map_or((list, None), |(path, _)| (path, Some(("user", "KEY1"))));
        assert_eq!(app.list(path, user.as_slice()).await, Vec::<Value>::new(), "{list}");
    }
    assert_eq!(app.list("schemes", &[]).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_counts_everybody_names_some_and_changes_nothing() {
    let app = app().await;
    for source in BOTH {
        let (status, all) = preview(&app, "", &scheme(source.id)).await;
        assert_eq!(status, StatusCode::OK, "{all}");
        let counts = [&all["seen"], &all["selected"], &all["unknown"], &all["complete"]];
        assert_eq!(counts, [&json!(32), &json!(30), &json!(0), &json!(true)], "with the account that usher acts as");
        let users = all["users"].as_array().expect("users");
        assert_eq!(users.len(), 30);
        assert!(users.iter().all(|user| user["steps"] == json!([{ "action": "add_groups", "target": "staff" }])));

        let (_, some) = preview(&app, "?users=2", &scheme(source.id)).await;
        assert_eq!((&some["selected"], some["users"].as_array().map(Vec::len)), (&json!(30), Some(2)));
    }
    nothing_happened(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_changes_nothing_and_is_there_for_schemes_that_wait_for_something_else() {
    let app = app().await;
    for (user, selected) in [("KEY1", "true"), ("name-1", "true"), ("KEY31", "false")] {
        let (status, answer) = app.ask("explain", &[("scheme", "own"), ("user", user)]).await;
        assert_eq!((status, &answer["selected"]), (StatusCode::OK, &json!(selected)), "{answer}");
        assert_eq!(answer["steps"].as_array().map(Vec::len), Some(usize::from(selected == "true")));
        assert!(answer["change"].as_array().is_some_and(|change| change.len() == 1), "{answer}");
    }
    nothing_happened(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_404_and_what_is_wrong_is_422_with_its_places() {
    let app = app().await;
    for (scheme, user, says) in [("none", "KEY1", "scheme `none`"), ("own", "nobody", "user `nobody`")] {
        let (status, problem) = app.ask("explain", &[("scheme", scheme), ("user", user)]).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{problem}");
        assert!(problem["detail"].as_str().expect("a detail").contains(says), "{problem}");
    }
    let (status, _) = app.ask("explain", &[("scheme", "own")]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "without a user");

    let wrong = "id: new\nsource: acmee\ntrigger: on_create\nselect: { everyone: true }\nactions: []\n";
    let (status, problem) = preview(&app, "", wrong).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    let places: Vec<_> = problem["problems"].as_array().expect("problems").iter().map(|one| &one["line"]).collect();
    assert_eq!(places, [&json!(2), &json!(5)], "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_is_down_is_503_and_says_when_to_ask_again() {
    let app = app().await;
    for effect in [Effect::Fail { status: 503, retry_after: None, after_work: false }, Effect::Hang] {
        let fault = app.ground.sandbox.inject(Fault::new(effect).site(ACME.product));
        let url = |path: &str| format!("http://{}/api/v1/{path}", app.admin);
        for request in [
            app.http.get(url("explain")).query(&[("scheme", "own"), ("user", "KEY1")]),
            app.http.post(url("schemes/preview")).body(scheme("acme")),
        ] {
            let answer = request.bearer_auth(ADMIN_TOKEN).send().await.expect("an answer");
            if matches!(effect, Effect::Hang) && answer.url().path().ends_with("preview") {
                assert_eq!(answer.status(), StatusCode::ACCEPTED, "it goes on by itself: a list may take long");
                continue;
            }
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{effect:?}");
            assert!(answer.headers().contains_key(RETRY_AFTER), "{effect:?}");
            let problem: Value = answer.json().await.expect("JSON");
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.starts_with("acme ")), "{problem}");
        }
        assert_eq!(preview(&app, "", &scheme("globex")).await.0, StatusCode::OK, "the other goes on");
        app.ground.sandbox.remove_fault(fault);
    }
    nothing_happened(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_that_takes_longer_than_an_answer_may_goes_on_by_itself_and_is_asked_for_by_its_id() {
    let app = app().await;
    let more = Population::new(60, Account::new("C{n}", "c{n}").email("c{n}@acme.example"));
    app.ground.sandbox.put_crowd(ACME.product, &more);
    app.ground.sandbox.inject(Fault::new(Effect::Delay { millis: 700 }).site(ACME.product).path("/user"));
    let (status, begun) = preview(&app, "", &scheme("acme")).await;
    assert_eq!((status, &begun["state"]), (StatusCode::ACCEPTED, &json!("running")), "{begun}");
    let id = begun["id"].as_str().expect("an id");
    let done = eventually("it is done", || async {
        let (status, now) = app.ask(&format!("previews/{id}"), &[]).await;
        assert_eq!(status, StatusCode::OK, "{now}");
        (now["state"] == "done").then_some(now)
    })
    .await;
    assert_eq!((&done["seen"], &done["selected"], &done["complete"]), (&json!(92), &json!(90), &json!(true)), "{done}");
    assert_eq!(done["users"].as_array().map(Vec::len), Some(90));
    assert_eq!(app.ask("previews/0123", &[]).await.0, StatusCode::NOT_FOUND);
    nothing_happened(&app).await;
}
