//! The users of all sources: listed in the background, found, told of one by one, and explained.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::sandbox::{Account, webhook::Happening};

use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, ADMIN_TOKEN, BOTH, GLOBEX, Ground, Source},
};

const SCHEMES: &str = "
    { id: welcome, source: acme, trigger: on_create, test_mode: false, select: { email_domain: [acme.example] }, actions: [{ add_groups: [staff] }] },
    { id: leavers, source: acme, trigger: manual, select: { deactivated: true }, actions: [{ remove_all_groups: {} }] },
    { id: staff-only, source: acme, trigger: manual, select: { everyone: true }, only_groups: [staff], actions: [{ deactivate: {} }] }";

fn users() -> [Account; 3] {
    [
        Account::new("JIRAUSER1", "jane").email("jane@acme.example"),
        Account::new("JIRAUSER2", "=1+1").email("joe@other.example").inactive(),
        Account::new("k:3/4 é", "<b>kim</b>\u{202e}").email("kim@acme.example"),
    ]
}

/// With schemes of which none waits for creations: usher lists nobody by itself.
async fn start() -> TestApp {
    start_with("").await
}

async fn start_with(schemes: &str) -> TestApp {
    let ground = Ground::new(schemes).groups(&["staff"]);
    for user in users() {
        ground.sandbox.put_user(ACME.product, user);
    }
    ground.sandbox.put_user(GLOBEX.product, Account::new("5b10:a1", "").email("JANE@acme.example"));
    TestApp::start(ground).await
}

/// Lists the users of `source` anew, and waits for the end.
async fn refresh(face: &Face, source: Source) -> Value {
    let path = format!("sources/{}/roster/refresh", source.id);
    let (status, _, begun) = face.send(Method::POST, &path, &[], "").await;
    assert_eq!((status, &begun["state"]), (StatusCode::ACCEPTED, &json!("listing")), "{begun}");
    eventually("the users are listed", || async {
        let (_, detail) = face.ask(&format!("sources/{}", source.id), &[]).await;
        (detail["roster_refresh"]["state"] == "done").then(|| detail["roster"].clone())
    })
    .await
}

async fn ids(face: &Face, query: &[(&str, &str)]) -> Vec<String> {
    let users = face.list("users", query).await;
    users.iter().map(|user| user["id"].as_str().expect("text").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_found_once_they_were_listed_and_unknown_is_told_before() {
    let app = start().await;
    let (status, page) = app.ask("users", &[("source", "acme")]).await;
    assert_eq!((status, &page["items"], &page["roster"][0]["as_of"]), (StatusCode::OK, &json!([]), &Value::Null));
    let roster = refresh(&app, ACME).await;
    assert_eq!(roster["whole"], true);
    assert!(roster["users"].as_u64().expect("a number") >= 3, "{roster}");
    refresh(&app, GLOBEX).await;
    assert_eq!(ids(&app, &[("q", "JANE acme")]).await, ["JIRAUSER1", "5b10:a1"]);
    assert_eq!(ids(&app, &[("q", "=1+1"), ("source", "acme")]).await, ["JIRAUSER2"]);
    assert_eq!(ids(&app, &[("status", "inactive"), ("source", "acme")]).await, ["JIRAUSER2"]);
    assert_eq!(
        ids(&app, &[("domain", "acme.example"), ("source", "acme"), ("sort", "-id")]).await,
        ["k:3/4 é", "JIRAUSER1"]
    );
    for (query, says) in [
        (("group", "staff"), "no groups"),
        (("sort", "age"), "is no order"),
        (("domain", "a@b"), "is no domain"),
        (("nope", "1"), "nope"),
    ] {
        let (status, problem) = app.ask("users", &[query]).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query:?}");
        assert!(problem["detail"].as_str().expect("text").contains(says), "{problem}");
    }
    assert_eq!(app.ask("users", &[("source", "none")]).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roster_outlives_a_restart_and_a_list_that_fails_changes_nothing() {
    let mut app = start().await;
    let before = refresh(&app, ACME).await;
    app.restart().await;
    let (_, page) = app.ask("users", &[("source", "acme")]).await;
    assert_eq!(page["roster"][0]["users"], before["users"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_is_told_of_by_any_id() {
    let app = start().await;
    refresh(&app, ACME).await;
    refresh(&app, GLOBEX).await;
    let (status, kim) = app.ask("users/acme/k%3A3%2F4%20%C3%A9", &[]).await;
    assert_eq!((status, &kim["id"]), (StatusCode::OK, &json!("k:3/4 é")), "{kim}");
    let (_, jane) = app.ask("users/acme/JIRAUSER1", &[]).await;
    assert_eq!(jane["facts"]["groups"]["value"], Value::Null);
    assert_eq!(jane["same_email_in"][0]["id"], "5b10:a1");
    let (_, fresh) = app.ask("users/acme/JIRAUSER1", &[("fresh", "true")]).await;
    assert_eq!(
        fresh["facts"]["groups"],
        json!({"value": [], "from": "product", "as_of": fresh["facts"]["groups"]["as_of"], "why": null})
    );
    for query in [&[][..], &[("fresh", "true")]] {
        assert_eq!(app.ask("users/acme/nobody", query).await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_every_scheme_says_and_what_was_done_is_told() {
    let app = start_with(SCHEMES).await;
    let event = app.tell(ACME, Happening::Created, &users()[0]).await;
    app.settled(&event).await;
    let (status, explained) = app.ask("users/acme/JIRAUSER1/explain", &[]).await;
    assert_eq!(status, StatusCode::OK, "{explained}");
    let says = explained["schemes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["scheme"].as_str().expect("text"), one["selected"].as_str().expect("text")));
    let says: Vec<_> = says.collect();
    assert_eq!(says, [("welcome", "true"), ("leavers", "false"), ("staff-only", "true")]);
    let timeline = eventually("the step is shown", || async {
        let items = app.list("users/acme/JIRAUSER1/timeline", &[]).await;
        (items.len() >= 3).then_some(items)
    })
    .await;
    let kinds: Vec<_> = timeline.iter().map(|item| item["kind"].as_str().expect("text")).collect();
    assert_eq!(kinds, ["step", "decision", "event"]);
    assert_eq!((&timeline[0]["target"], &timeline[0]["result"]), (&json!("staff"), &json!("changed")));
    let mut one_by_one = Vec::new();
    let mut cursor = String::new();
    loop {
        let (_, page) = app.ask("users/acme/JIRAUSER1/timeline", &[("limit", "1"), ("cursor", &cursor)]).await;
        one_by_one.extend(page["items"].as_array().expect("a list").clone());
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(one_by_one, timeline);
    let decisions = app.list("users/acme/JIRAUSER1/timeline", &[("kind", "decision")]).await;
    assert_eq!(decisions.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_calls_no_product_and_guesses_no_group() {
    let app = start().await;
    let roster = refresh(&app, ACME).await;
    let calls = app.ground.sandbox.requests().len();
    let estimate = |scheme: &'static str| {
        let app = &app;
        async move { app.send(Method::POST, "schemes/estimate", &[], scheme).await.2 }
    };
    let leavers = estimate(
        "{ id: x, source: acme, trigger: manual, select: { deactivated: true }, actions: [{ remove_all_groups: {} }] }",
    )
    .await;
    assert_eq!(
        (&leavers["selected"], &leavers["unknown"], &leavers["seen"]),
        (&json!(1), &json!(0), &roster["users"]),
        "{leavers}"
    );
    let grouped = estimate(
        "{ id: x, source: acme, trigger: manual, select: { deactivated: true }, only_groups: [staff], actions: [{ remove_all_groups: {} }] }",
    )
    .await;
    assert_eq!((&grouped["selected"], &grouped["unknown"]), (&json!(0), &json!(1)), "{grouped}");
    assert_eq!(app.ground.sandbox.requests().len(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_export_holds_everybody_and_no_formula() {
    let app = start().await;
    for source in BOTH {
        refresh(&app, source).await;
    }
    let url = format!("http://{}/api/v1/users.csv", app.admin);
    let answer = app.http.get(url).bearer_auth(ADMIN_TOKEN).send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "text/csv");
    let text = answer.text().await.expect("text");
    let body = text.strip_prefix('\u{feff}').unwrap_or(&text);
    assert!(body.starts_with("source,id,name,display_name,email,domain,"), "{body}");
    assert!(body.contains(",'=1+1,"), "{body}");
    let lines = body.trim_end().split("\r\n").count();
    assert_eq!(lines - 1, app.list("users", &[]).await.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_no_user_is_kept() {
    let mut app = start().await;
    refresh(&app, ACME).await;
    let file = app.ground.folder().join("data/state/roster.sqlite");
    assert!(file.exists());
    app.ground = std::mem::replace(&mut app.ground, Ground::new("")).tweak("USHER_CONSOLE__ROSTER", "off");
    app.restart().await;
    assert!(!file.exists());
    assert_eq!(app.ask("users", &[]).await.0, StatusCode::CONFLICT);
    let (status, _, _) = app.send(Method::POST, "sources/acme/roster/refresh", &[], "").await;
    assert_eq!(status, StatusCode::CONFLICT);
}
