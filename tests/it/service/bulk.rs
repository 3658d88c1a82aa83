//! Bulk actions: planned, tried, done once to exactly the users of a pick, and undone.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    picks::refresh,
    sweeps::{people, user, when},
};
use crate::support::{
    app::TestApp,
    face::Face,
    ground::{ACME, Ground},
    usher::Usher,
};

/// A site with so many users, and the group `staff`.
fn ground(users: usize) -> Ground {
    let ground = Ground::new("").groups(&["staff"]);
    people(&ground, users);
    ground
}

/// A pick of `acme` with these users, who are listed first; gives its id.
async fn pick(face: &Face, users: impl IntoIterator<Item = String>) -> String {
    refresh(face).await;
    let users: Vec<_> = users.into_iter().collect();
    let body = json!({"source": "acme", "users": users}).to_string();
    let (status, _, pick) = face.send(Method::POST, "picks", &[], body).await;
    assert_eq!(status, StatusCode::CREATED, "{pick}");
    pick["id"].as_str().expect("an id").to_owned()
}

fn keys(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("KEY{number}"))
}

async fn plan(face: &Face, pick: &str, actions: &Value) -> Value {
    let body = json!({"pick": pick, "actions": actions}).to_string();
    let (status, _, plan) = face.send(Method::POST, "bulk/plan", &[], body).await;
    assert_eq!(status, StatusCode::OK, "{plan}");
    plan
}

/// The body of an order for what `plan` says.
fn order(pick: &str, actions: &Value, plan: &Value, test_mode: bool) -> Value {
    json!({"pick": pick, "actions": actions, "plan": plan["plan"], "test_mode": test_mode, "reason": "they left"})
}

async fn send(face: &Face, order: &Value, headers: &[(&'static str, &str)]) -> (StatusCode, Value) {
    let (status, _, answer) = face.send(Method::POST, "bulk", headers, order.to_string()).await;
    (status, answer)
}

/// Orders it, and gives the run.
async fn ordered(face: &Face, order: &Value) -> String {
    let (status, run) = send(face, order, &[]).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{run}");
    run["id"].as_str().expect("an id").to_owned()
}

/// The numbers of a step of `plan`: change, already, protected, unknown.
fn step(plan: &Value, at: usize) -> [u64; 4] {
    ["change", "already", "protected", "unknown"].map(|count| plan["steps"][at][count].as_u64().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_a_test_run_and_a_run_agree_and_the_run_is_undone_as_any() {
    let app = TestApp::start(ground(7)).await;
    app.ground.sandbox.add_member(ACME.product, "KEY1", "staff").expect("a member");
    let actions = json!([{ "add_groups": ["staff"] }, { "deactivate": {} }]);
    let pick = pick(&app, keys(7)).await;
    assert!(app.ground.sandbox.delete_user(ACME.product, "KEY6"), "somebody has deleted the account");
    let planned = plan(&app, &pick, &actions).await;
    assert_eq!((&planned["users"], &planned["read"]), (&json!(7), &json!(6)), "{planned}");
    assert_eq!((step(&planned, 0), step(&planned, 1)), ([5, 1, 0, 1], [6, 0, 0, 1]), "{planned}");
    assert_eq!(planned["calls"], 7 + 6 + 7, "{planned}");
    assert_eq!(planned["irreversible"], json!([]));

    let tested = ordered(&app, &order(&pick, &actions, &planned, true)).await;
    // Whoever is gone is named as a failure, and the others are done.
    let test = when(&app, &tested, "failed").await;
    assert_eq!((&test["kind"], &test["trigger"], &test["test_mode"]), (&json!("bulk"), &json!("bulk"), &json!(true)));
    assert_eq!((&test["by"], &test["reason"]), (&json!("admin"), &json!("they left")));
    let counts =
        |run: &Value| ["seen", "tested", "changed", "unchanged", "failed"].map(|count| run["counts"][count].as_u64());
    assert_eq!(counts(&test), [7, 11, 0, 1, 2].map(Some), "{test}");
    assert_eq!(app.ground.effects(), Vec::<String>::new(), "a test run changes nothing");

    let run = ordered(&app, &order(&pick, &actions, &planned, false)).await;
    let done = when(&app, &run, "failed").await;
    assert_eq!(counts(&done), [7, 0, 11, 1, 2].map(Some), "{done}");
    assert_eq!(app.ground.effects().len(), 11);
    let (status, _, undoing) = app.send(Method::POST, &format!("runs/{run}/undo"), &[], "").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{undoing}");
    let undone = when(&app, undoing["id"].as_str().expect("an id"), "done").await;
    assert_eq!(undone["counts"]["changed"], 11, "{undone}");
    let staff = |key: &str| app.ground.sandbox.groups_of(ACME.product, key).expect("a user").contains("staff");
    assert!(staff("KEY1") && !staff("KEY2"));
    assert_eq!(app.dead_letters().await.len(), 4, "two steps of one user, in two runs");
    // It is no scheme of anybody's.
    assert_eq!(app.list("schemes", &[]).await, Vec::<Value>::new());
    let acts = app.list("audit", &[("action", "bulk.run")]).await;
    assert_eq!(acts.len(), 2, "{acts:?}");
    assert!(acts[0]["after"].as_str().expect("text").contains("7 users"), "{acts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_bound_to_its_plan_and_a_request_that_is_sent_twice_makes_one_run() {
    let app = TestApp::start(ground(3)).await;
    let actions = json!([{ "add_groups": ["staff"] }]);
    let pick = pick(&app, keys(2)).await;
    let planned = plan(&app, &pick, &actions).await;
    let (status, _, changed) =
        app.send(Method::POST, &format!("picks/{pick}/add"), &[], json!({"users": ["KEY2"]}).to_string()).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    let stale = order(&pick, &actions, &planned, false);
    let (status, problem) = send(&app, &stale, &[]).await;
    assert_eq!((status, &problem["type"]), (StatusCode::CONFLICT, &json!("urn:usher:problem:plan-changed")));
    let others = order(&pick, &json!([{ "remove_groups": ["staff"] }]), &plan(&app, &pick, &actions).await, false);
    assert_eq!(send(&app, &others, &[]).await.0, StatusCode::CONFLICT, "other actions than those of the plan");

    let wanted = order(&pick, &actions, &plan(&app, &pick, &actions).await, false);
    let key = [("Idempotency-Key", "one-order")];
    let (one, two) = tokio::join!(send(&app, &wanted, &key), send(&app, &wanted, &key));
    assert_eq!((one.0, two.0), (StatusCode::ACCEPTED, StatusCode::ACCEPTED), "{one:?} {two:?}");
    assert_eq!(one.1["id"], two.1["id"]);
    let done = when(&app, one.1["id"].as_str().expect("an id"), "done").await;
    assert_eq!(done["counts"]["changed"], 3);
    assert_eq!(app.list("runs", &[("kind", "bulk")]).await.len(), 1);
    // The pick may be gone by the time that the request is repeated.
    assert_eq!(app.send(Method::DELETE, &format!("picks/{pick}"), &[], "").await.0, StatusCode::NO_CONTENT);
    let (status, again) = send(&app, &wanted, &key).await;
    assert_eq!((status, &again["id"]), (StatusCode::ACCEPTED, &one.1["id"]), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn protected_users_are_left_alone_and_what_cant_be_done_is_said_before() {
    let app = TestApp::start(ground(2)).await;
    let pick_of_usher = pick(&app, keys(2)).await;
    for (actions, status) in [
        (json!([{ "explode": true }]), StatusCode::UNPROCESSABLE_ENTITY),
        (json!([]), StatusCode::UNPROCESSABLE_ENTITY),
        (json!("deactivate"), StatusCode::UNPROCESSABLE_ENTITY),
        (json!([{ "deactivate": {} }, { "reactivate": {} }]), StatusCode::UNPROCESSABLE_ENTITY),
        (Value::Null, StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let body = json!({"pick": pick_of_usher, "actions": actions}).to_string();
        let (found, _, problem) = app.send(Method::POST, "bulk/plan", &[], body).await;
        assert_eq!((found, problem["type"].as_str()), (status, Some("urn:usher:problem:invalid-actions")), "{actions}");
        assert!(!problem["problems"].as_array().expect("problems").is_empty(), "{problem}");
    }
    let empty = pick(&app, []).await;
    let body = json!({"pick": empty, "actions": [{ "deactivate": {} }]}).to_string();
    assert_eq!(app.send(Method::POST, "bulk/plan", &[], body).await.0, StatusCode::CONFLICT);
    let body = json!({"pick": "nothing", "actions": [{ "deactivate": {} }]}).to_string();
    assert_eq!(app.send(Method::POST, "bulk/plan", &[], body).await.0, StatusCode::NOT_FOUND);
    // What can't be undone wants a reason.
    let actions = json!([{ "delete": {} }]);
    let planned = plan(&app, &pick_of_usher, &actions).await;
    assert_eq!(planned["irreversible"], json!(["delete"]));
    let mut without = order(&pick_of_usher, &actions, &planned, false);
    without["reason"] = Value::Null;
    assert_eq!(send(&app, &without, &[]).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(app.ground.effects(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_action_goes_on_after_a_kill_and_changes_each_user_once() {
    const USERS: usize = 60;
    let ground = ground(0);
    for number in 0..USERS {
        ground.sandbox.put_user(ACME.product, user(number, "acme.example"));
    }
    let usher = Usher::start(&ground).await;
    let actions = json!([{ "add_groups": ["staff"] }]);
    let pick = pick(&usher, keys(USERS)).await;
    let planned = plan(&usher, &pick, &actions).await;
    let run = ordered(&usher, &order(&pick, &actions, &planned, false)).await;
    crate::support::face::eventually("some are changed", || async { (ground.effects().len() > 5).then_some(()) }).await;
    usher.kill();
    let usher = Usher::start(&ground).await;
    let done = when(&usher, &run, "done").await;
    assert_eq!(done["counts"]["changed"], USERS, "{done}");
    assert_eq!(ground.effects().len(), USERS, "each once");
}
