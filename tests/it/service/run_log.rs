//! The run log: filters, folded runs, comparisons, files, and removals that last.

use std::fs;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::sandbox::{Account, webhook::Happening};

use super::sweeps::{gives, people, run_now, user, when};
use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, ADMIN_TOKEN, Ground},
};

fn on_create(id: &str, group: &str) -> String {
    format!(
        "{{ id: {id}, source: acme, trigger: on_create, test_mode: false, select: {{ everyone: true }}, \
         actions: [{{ add_groups: [{group}] }}] }}"
    )
}

async fn ids(face: &Face, query: &[(&str, &str)]) -> Vec<String> {
    let runs = face.list("runs", query).await;
    runs.iter().map(|run| run["id"].as_str().expect("an id").to_owned()).collect()
}

async fn download(face: &Face, path: &str) -> (StatusCode, String, String) {
    let url = format!("http://{}/api/v1/{path}", face.admin);
    let answer = face.http.get(url).bearer_auth(ADMIN_TOKEN).send().await.expect("an answer");
    let kind = answer.headers().get("content-type").map_or("", |kind| kind.to_str().expect("text")).to_owned();
    (answer.status(), kind, answer.text().await.expect("text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_found_by_kind_requester_mode_user_and_text_and_folded_by_the_hour() {
    let tested = gives("tried", "acme", "staff", "").replace("test_mode: false", "test_mode: true");
    let ground = Ground::new(&[gives("give", "acme", "staff", ""), tested, on_create("new", "staff")].join(","));
    let ground = ground.groups(&["staff"]);
    people(&ground, 3);
    let app = TestApp::start(ground).await;
    let manual = run_now(&app, "give").await;
    when(&app, &manual, "done").await;
    let tried = run_now(&app, "tried").await;
    when(&app, &tried, "done").await;
    let mut events = Vec::new();
    for number in 90..93 {
        let account = user(number, "acme.example");
        app.ground.sandbox.put_user(ACME.product, account.clone());
        events.push(app.tell(ACME, Happening::Created, &account).await);
    }
    for event in &events {
        app.settled(event).await;
    }
    assert_eq!(ids(&app, &[("kind", "manual")]).await, [tried.clone(), manual.clone()]);
    assert_eq!(ids(&app, &[("kind", "scheme")]).await.len(), 3);
    assert_eq!(ids(&app, &[("by", "admin (for Ann)")]).await, [tried.clone(), manual.clone()]);
    assert_eq!(ids(&app, &[("by", "admin (for Ann)"), ("mode", "test")]).await, std::slice::from_ref(&tried));
    assert_eq!(ids(&app, &[("by", "nobody")]).await, Vec::<String>::new());
    assert_eq!(ids(&app, &[("user", "KEY1"), ("mode", "active")]).await, std::slice::from_ref(&manual));
    assert_eq!(ids(&app, &[("user", "NAME-90")]).await.len(), 1, "by the login name in any case");
    assert_eq!(ids(&app, &[("q", "TRIED")]).await, std::slice::from_ref(&tried));
    assert_eq!(ids(&app, &[("until", "2001-01-01T00:00:00Z")]).await, Vec::<String>::new());
    assert_eq!(app.ask("runs", &[("kind", "other")]).await.0, StatusCode::BAD_REQUEST);

    let groups = app.list("runs/groups", &[("by", "scheme,hour")]).await;
    let folded = groups.iter().find(|group| group["scheme"] == "new").expect("a group");
    assert_eq!(
        (&folded["runs"], &folded["changed"], &folded["run"]),
        (&json!(3), &json!(3), &Value::Null),
        "{groups:?}"
    );
    let alone = groups.iter().find(|group| group["run"] == manual.as_str()).expect("a group");
    assert_eq!((&alone["runs"], &alone["running"], &alone["changed"]), (&json!(1), &json!(0), &json!(3)));
    assert_eq!(app.ask("runs/groups", &[("by", "moon")]).await.0, StatusCode::BAD_REQUEST);

    let about = app.list("entries", &[("user", "KEY1")]).await;
    assert_eq!(about.iter().map(|entry| &entry["run"]).collect::<Vec<_>>(), [&json!(tried), &json!(manual)]);
    let entries = app.list(&format!("runs/{manual}/entries"), &[("user", "KEY1"), ("action", "add_groups")]).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(app.list(&format!("runs/{manual}/entries"), &[("q", "no such thing")]).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_are_compared_by_the_users_whom_they_select() {
    let ground = Ground::new(&gives("give", "acme", "staff", "")).groups(&["staff"]);
    people(&ground, 3);
    let app = TestApp::start(ground).await;
    let first = run_now(&app, "give").await;
    when(&app, &first, "done").await;
    app.ground.sandbox.put_user(ACME.product, user(50, "acme.example"));
    assert!(app.ground.sandbox.delete_user(ACME.product, "KEY0"));
    let second = run_now(&app, "give").await;
    when(&app, &second, "done").await;
    let diff = app.list(&format!("runs/{first}/diff"), &[("to", &second)]).await;
    let shown: Vec<_> = diff.iter().map(|user| (&user["user"], &user["only_in"])).collect();
    assert_eq!(shown, [(&json!("KEY0"), &json!("this")), (&json!("KEY50"), &json!("other"))]);
    assert_eq!(app.ask(&format!("runs/{first}/diff"), &[("to", "none")]).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_hold_all_rows_and_no_cell_is_a_formula() {
    let ground = Ground::new(&gives("give", "acme", "staff", "")).groups(&["staff"]);
    people(&ground, 600);
    let account = Account::new("KEY-odd", "=1+1, \"x\"").email("odd@acme.example");
    ground.sandbox.put_user(ACME.product, account);
    let app = TestApp::start(ground).await;
    let run = run_now(&app, "give").await;
    when(&app, &run, "done").await;
    let (status, kind, text) = download(&app, &format!("runs/{run}/entries.csv")).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/csv; charset=utf-8"));
    let lines: Vec<_> = text.strip_prefix('\u{feff}').expect("a byte-order mark").split("\r\n").collect();
    assert!(
        lines[0].starts_with("run,scheme,scheme_version,source,user,name,action,target,result,reason,before,after,at,")
    );
    assert_eq!(lines.len(), 1 + 601 + 1, "and the end");
    let odd = lines.iter().find(|line| line.contains("KEY-odd")).expect("a line");
    assert!(odd.contains(r#""'=1+1, ""x""""#), "{odd}");
    let (status, kind, text) = download(&app, &format!("runs/{run}/entries.json?result=changed")).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "application/json"));
    let entries: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(entries["items"].as_array().expect("items").len(), 601);
    let (_, _, runs) = download(&app, "runs.csv?scheme=give").await;
    assert_eq!(runs.split("\r\n").count(), 3);
    let (_, _, runs) = download(&app, "runs.json?scheme=none").await;
    assert_eq!(runs, r#"{"items":[],"next":null}"#);
    assert_eq!(download(&app, "runs/none/entries.csv").await.0, StatusCode::NOT_FOUND);
    assert_eq!(download(&app, "runs.csv?colour=red").await.0, StatusCode::BAD_REQUEST);
}

async fn delete(face: &Face, query: &str, body: Value) -> (StatusCode, Value) {
    let (status, _, answer) = face.send(Method::DELETE, &format!("runs{query}"), &[], body.to_string()).await;
    (status, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_runs_stay_gone_when_the_views_are_built_anew_and_held_ones_stay() {
    let schemes = [gives("give", "acme", "staff", ""), gives("many", "acme", "staff", ", limits: { users: 1 }")];
    let ground = Ground::new(&schemes.join(",")).groups(&["staff"]);
    people(&ground, 4);
    let mut app = TestApp::start(ground).await;
    let held = run_now(&app, "many").await;
    when(&app, &held, "held").await;
    let gone = run_now(&app, "give").await;
    when(&app, &gone, "done").await;
    let now = "?before=2099-01-01T00:00:00Z";
    for (query, body) in [
        ("", json!({ "reason": "no filter" })),
        ("?scheme=give", json!({ "reason": "no time" })),
        (now, json!({})),
        (now, json!({ "reason": "  " })),
        ("", json!({ "ids": [], "reason": "nobody" })),
        (now, json!({ "ids": ["x"], "reason": "both" })),
    ] {
        assert_eq!(delete(&app, query, body.clone()).await.0, StatusCode::BAD_REQUEST, "{query} {body}");
    }
    let (status, answer) = delete(&app, now, json!({ "reason": "spring cleaning" })).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer, json!({ "deleted": 1, "left": { "held": 1, "running": 0, "undoing": 0, "missing": 0 } }));
    let later = run_now(&app, "give").await;
    when(&app, &later, "done").await;
    let expected = [later.clone(), held.clone()];
    assert_eq!(ids(&app, &[]).await, expected);
    for path in ["", "/entries", "/undo"] {
        assert_eq!(app.ask(&format!("runs/{gone}{path}"), &[]).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(app.list("entries", &[("user", "KEY1")]).await.len(), 2, "those of the other runs");

    app.stop().await;
    let views = app.ground.folder().join("data").join("state").join("views.sqlite");
    for end in ["", "-wal", "-shm"] {
        let _absent = fs::remove_file(format!("{}{end}", views.display()));
    }
    assert!(!views.exists());
    app.restart().await;
    eventually("the views are built anew", || async { (ids(&app, &[]).await == expected).then_some(()) }).await;
    // 503 as long as not all of the log is read.
    let is_gone = async || (app.ask(&format!("runs/{gone}"), &[]).await.0 == StatusCode::NOT_FOUND).then_some(());
    eventually("it is known to be gone", is_gone).await;

    let (_, answer) = delete(&app, "", json!({ "ids": [later, held, "none"], "reason": "these" })).await;
    assert_eq!(answer, json!({ "deleted": 1, "left": { "held": 1, "running": 0, "undoing": 0, "missing": 1 } }));
    assert_eq!(ids(&app, &[]).await, std::slice::from_ref(&held));
}
