//! Schemes that name groups which are not there.

use std::time::Instant;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::sandbox::{Effect, Fault};

use super::Terminal;
use crate::support::{app::TestApp, face::Face, ground::Ground};

const WRONG: &str = "\
id: new
source: SOURCE
trigger: on_create
select: { everyone: true }
only_groups: [stuff]
exempt: { groups: [admin] }
actions:
  - add_groups: [contractors, contracters]
  - remove_groups: [nothing-like-it]
";

fn right() -> String {
    WRONG
        .replace("stuff", "staff")
        .replace("[admin]", "[admins]")
        .replace("contracters", "staff")
        .replace("nothing-like-it", "old")
}

async fn app() -> TestApp {
    TestApp::start(Ground::new("").groups(&["contractors", "staff", "admins", "old"])).await
}

async fn store(face: &Face, text: &str) -> (StatusCode, Value) {
    let (status, _, answer) = face.send(Method::POST, "schemes", &[], text).await;
    (status, answer)
}

/// The warnings of a scheme that was stored.
async fn warnings(face: &Face, text: &str) -> Vec<String> {
    let (status, row) = store(face, text).await;
    assert_eq!(status, StatusCode::CREATED, "{row}");
    let (status, ..) = face.send(Method::DELETE, "schemes/new", &[("If-Match", "*")], "").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let warnings = row["warnings"].as_array().cloned().unwrap_or_default();
    warnings.iter().map(|warning| warning.as_str().expect("text").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_refused_with_its_place_and_what_was_probably_meant() {
    let app = app().await;
    for source in ["acme", "globex"] {
        let wrong = WRONG.replace("SOURCE", source);
        let (status, problem) = store(&app, &wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        let problems = problem["problems"]
            .as_array()
            .expect("problems")
            .iter()
            .map(|one| format!("{}:{} {}", one["line"], one["column"], one["message"].as_str().expect("text")));
        let is_none = |key: &str, name: &str| format!("`{key}`: there is no group `{name}` in {source}");
        let expected = [
            format!("5:15 {}; did you mean `staff`?", is_none("only_groups", "stuff")),
            format!("6:20 {}; did you mean `admins`?", is_none("exempt.groups", "admin")),
            format!("8:31 {}; did you mean `contractors`?", is_none("add_groups", "contracters")),
            format!(
                "9:21 {}; create it in the product first, or take it out",
                is_none("remove_groups", "nothing-like-it")
            ),
        ];
        assert_eq!(problems.collect::<Vec<_>>(), expected);
        assert_eq!(warnings(&app, &right().replace("SOURCE", source)).await, Vec::<String>::new());

        let (status, _, problem) = app.send(Method::POST, "schemes/preview", &[], wrong.clone()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a preview too: {problem}");
        store(&app, &right().replace("SOURCE", source)).await;
        let change = app.send(Method::PUT, "schemes/new", &[("If-Match", "*")], wrong.clone()).await;
        assert_eq!(change.0, StatusCode::UNPROCESSABLE_ENTITY, "a change too");
        // Switching it off is not refused for that.
        let off = format!("{wrong}enabled: false\n");
        let (status, _, row) = app.send(Method::PUT, "schemes/new", &[("If-Match", "*")], off).await;
        assert_eq!((status, row["warnings"].as_array().map(Vec::len)), (StatusCode::OK, Some(4)), "{row}");
        app.send(Method::DELETE, "schemes/new", &[("If-Match", "*")], "").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_can_not_be_asked_does_not_keep_a_scheme_from_being_stored() {
    let app = app().await;
    let wrong = WRONG.replace("SOURCE", "acme");
    for effect in [Effect::Fail { status: 503, retry_after: None, after_work: false }, Effect::Hang, Effect::Forbidden]
    {
        let fault = app.ground.sandbox.inject(Fault::new(effect));
        let begun = Instant::now();
        let warnings = warnings(&app, &wrong).await;
        assert!(begun.elapsed().as_secs() < 30, "{effect:?}");
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with("whether what the scheme names is there was not looked up: acme "));
        app.ground.sandbox.remove_fault(fault);
    }
    app.send(Method::POST, "sources/acme/pause", &[], "").await;
    let asked = app.ground.sandbox.requests().iter().map(|request| request.count).sum::<u64>();
    let warnings = warnings(&app, &wrong).await;
    assert!(warnings.len() == 1 && warnings[0].contains("acme is paused"), "{warnings:?}");
    assert_eq!(app.ground.sandbox.requests().iter().map(|request| request.count).sum::<u64>(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_show_what_else_a_scheme_is_warned_of() {
    let app = app().await;
    let text = format!("{}limits: {{ users: 5 }}\n", right().replace("SOURCE", "acme"));
    let (_, row) = store(&app, &text).await;
    let warning = "a run of `on_create` is about one user, so limits mean nothing to it; leave them out";
    assert_eq!(row["warnings"], json!([warning]));
    let (_, _, row) =
        app.send(Method::PUT, "schemes/new", &[("If-Match", "*")], text.replace("users: 5", "users: 6")).await;
    assert_eq!(row["warnings"], json!([warning]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_shows_both_without_places_that_nobody_has_seen() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    let right = right().replace("SOURCE", "acme").replace("id: new", "id: right");
    let item = |text: &str| format!("  - {}\n", text.trim_end().replace('\n', "\n    "));
    let limited = format!("{right}limits: {{ users: 5 }}\n");
    terminal.write("schemes.yaml", &format!("schemes:\n{}{}", item(&WRONG.replace("SOURCE", "acme")), item(&limited)));
    let said = terminal.run("schemes apply -f schemes.yaml").await;
    assert_eq!((said.code, said.out.as_str()), (Some(1), "right added\n"));
    insta::assert_snapshot!("apply_with_missing_groups", said.err);
}
