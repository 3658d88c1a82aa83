//! Undoing a run: what it changed is put back, once, and what somebody else has changed since is left alone.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::sweeps::{people, post, run_now, when};
use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, Ground},
};

/// A scheme about the users of `acme.example`, with these actions.
fn scheme(id: &str, actions: &str) -> String {
    format!(
        "{{ id: {id}, source: acme, trigger: manual, test_mode: false, select: {{ email_domain: [acme.example] }}, \
         actions: [{actions}] }}"
    )
}

/// Asks for the undo of `run`; gives the run of the undo.
async fn undo(face: &Face, run: &str) -> String {
    let headers = [("X-Usher-Actor", "Zoe")];
    let body = r#"{"reason":"the wrong group"}"#;
    let (status, _, answer) = face.send(Method::POST, &format!("runs/{run}/undo"), &headers, body).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    answer["id"].as_str().expect("an id").to_owned()
}

async fn plan(face: &Face, run: &str) -> Value {
    let (status, plan) = face.ask(&format!("runs/{run}/undo"), &[]).await;
    assert_eq!(status, StatusCode::OK, "{plan}");
    plan
}

/// How many of each verdict there are.
fn counts(plan: &Value) -> [u64; 3] {
    ["can", "changed_since", "cannot"].map(|count| plan[count].as_u64().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_users_nine_are_put_back_and_the_one_who_was_changed_by_hand_since_is_left_alone_and_named() {
    let ground = Ground::new(&scheme("give", "{ add_groups: [staff] }")).groups(&["staff"]);
    people(&ground, 10);
    let app = TestApp::start(ground).await;
    let run = run_now(&app, "give").await;
    assert_eq!(when(&app, &run, "done").await["counts"]["changed"], 10);
    assert_eq!(app.ground.sandbox.remove_member(ACME.product, "KEY3", "staff"), Ok(true));
    let planned = plan(&app, &run).await;
    assert_eq!(counts(&planned), [10, 0, 0], "usher's own log does not tell of changes by hand");
    assert_eq!((&planned["counted_all"], &planned["undone_by"]), (&json!(true), &Value::Null));
    assert_eq!(planned["items"][0]["action"], "remove_groups");

    let before = app.ground.effects().len();
    let undoing = undo(&app, &run).await;
    assert_eq!(undo(&app, &run).await, undoing, "asked for twice, it is one");
    let undone = when(&app, &undoing, "done").await;
    assert_eq!(
        (&undone["kind"], &undone["trigger"], &undone["by"]),
        (&json!("undo"), &json!("undo"), &json!("admin (for Zoe)"))
    );
    assert_eq!((&undone["undo_of"], &undone["reason"]), (&json!(run), &json!("the wrong group")));
    assert_eq!((&undone["counts"]["changed"], &undone["counts"]["unchanged"]), (&json!(9), &json!(1)));
    assert_eq!(when(&app, &run, "done").await["undone_by"], json!(undoing));
    assert_eq!(app.ground.effects().len() - before, 9);
    let entries = app.list(&format!("runs/{undoing}/entries"), &[("result", "unchanged")]).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["user"], "KEY3");
    assert!(entries[0]["reason"].as_str().expect("a reason").contains("somebody else"), "{entries:?}");
    assert_eq!(counts(&plan(&app, &run).await), [1, 9, 0], "what the undo changed is changed since");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_of_an_undo_does_it_again_and_a_paused_or_deleted_scheme_keeps_nothing_from_being_undone() {
    let ground = Ground::new(&scheme("give", "{ add_groups: [staff] }")).groups(&["staff"]);
    people(&ground, 4);
    let app = TestApp::start(ground).await;
    let run = run_now(&app, "give").await;
    when(&app, &run, "done").await;
    assert_eq!(post(&app, "schemes/give/pause").await.0, StatusCode::NO_CONTENT);
    let undone = undo(&app, &run).await;
    assert_eq!(when(&app, &undone, "done").await["counts"]["changed"], 4);
    let redone = undo(&app, &undone).await;
    assert_ne!(redone, undone);
    assert_eq!(when(&app, &redone, "done").await["counts"]["changed"], 4);
    for number in 0..4 {
        let groups = app.ground.sandbox.groups_of(ACME.product, &format!("KEY{number}")).expect("a user");
        assert!(groups.contains("staff"), "KEY{number}: {groups:?}");
    }
    let before = app.ground.effects().len();
    assert_eq!(undo(&app, &run).await, undone, "it is undone by that run, whatever came then");
    assert_eq!(app.ground.effects().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_kinds_of_changes_are_put_back_and_the_others_are_named_with_why() {
    let actions = "{ add_groups: [leavers] }, { remove_groups: [staff] }, { deactivate: {} }, { rename: { suffix: -left } }, \
                   { invalidate_password: { send_reset_link: false } }";
    let ground = Ground::new(&scheme("leave", actions)).groups(&["staff", "leavers"]);
    people(&ground, 3);
    for number in 0..3 {
        ground.sandbox.add_member(ACME.product, &format!("KEY{number}"), "staff").expect("both are there");
    }
    let users = |app: &TestApp| {
        let users =
            app.ground.sandbox.users(ACME.product).into_iter().filter(|user| user.account.id.starts_with("KEY"));
        let shown = users.map(|user| {
            let groups = app.ground.sandbox.groups_of(ACME.product, &user.account.id).expect("a user");
            (user.account.name.clone(), user.account.active, groups)
        });
        shown.collect::<Vec<_>>()
    };
    let app = TestApp::start(ground).await;
    let before = users(&app);
    let run = run_now(&app, "leave").await;
    assert_eq!(when(&app, &run, "done").await["counts"]["changed"], 15);
    assert_ne!(users(&app), before);
    let entries = app.list(&format!("runs/{run}/entries"), &[]).await;
    let renamed = entries.iter().find(|entry| entry["action"] == "rename").expect("a rename");
    assert_eq!((&renamed["before"], &renamed["after"]), (&json!("name-0"), &json!("name-0-left")));
    assert_eq!(
        (&renamed["attempts"], &renamed["call"]),
        (&json!(1), &json!({"operation": "edit_user", "status": 200}))
    );
    let planned = plan(&app, &run).await;
    assert_eq!(counts(&planned), [12, 0, 3]);
    let first: Vec<_> =
        planned["items"].as_array().expect("items").iter().take(5).map(|item| &item["action"]).collect();
    assert_eq!(first, ["rename", "reactivate", "add_groups", "remove_groups", "invalidate_password"]);

    // One is called otherwise by now.
    let renamed =
        app.ground.sandbox.users(ACME.product).into_iter().find(|user| user.account.id == "KEY2").expect("a user");
    let mut account = renamed.account.clone();
    account.name = "somebody-else".into();
    app.ground.sandbox.put_user(ACME.product, account);
    let undone = undo(&app, &run).await;
    let undone = when(&app, &undone, "done").await;
    let entries =
        app.list(&format!("runs/{}/entries", undone["id"].as_str().expect("an id")), &[("result", "held")]).await;
    assert_eq!(entries.len(), 1, "{undone}");
    assert_eq!((&entries[0]["user"], &entries[0]["action"]), (&json!("KEY2"), &json!("rename")));
    assert!(entries[0]["reason"].as_str().expect("a reason").starts_with("left alone:"), "{entries:?}");
    assert_eq!(users(&app)[..2], before[..2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_run_of_usher_is_not_undone_with_an_earlier_one() {
    let schemes = [scheme("give", "{ add_groups: [staff, wiki] }"), scheme("take", "{ remove_groups: [staff] }")];
    let ground = Ground::new(&schemes.join(",")).groups(&["staff", "wiki"]);
    people(&ground, 2);
    let app = TestApp::start(ground).await;
    let run = run_now(&app, "give").await;
    when(&app, &run, "done").await;
    for scheme in ["take", "give", "take"] {
        let id = run_now(&app, scheme).await;
        when(&app, &id, "done").await;
    }
    let planned = plan(&app, &run).await;
    assert_eq!(counts(&planned), [2, 2, 0]);
    let before = app.ground.effects().len();
    let undoing = undo(&app, &run).await;
    let undone = when(&app, &undoing, "done").await;
    assert_eq!((&undone["counts"]["changed"], &undone["counts"]["held"]), (&json!(2), &json!(2)), "{undone}");
    let made = app.ground.effects().split_off(before);
    assert!(made.len() == 2 && made.iter().all(|effect| effect.contains("wiki")), "{made:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_scheme_wants_as_it_is_by_now_is_left_alone() {
    let schemes = [scheme("wrongly", "{ remove_groups: [staff] }"), scheme("leavers", "{ remove_all_groups: {} }")];
    let ground = Ground::new(&schemes.join(",")).groups(&["staff"]);
    people(&ground, 2);
    for key in ["KEY0", "KEY1"] {
        assert_eq!(ground.sandbox.add_member(ACME.product, key, "staff"), Ok(true));
    }
    let app = TestApp::start(ground).await;
    let run = run_now(&app, "wrongly").await;
    assert_eq!(when(&app, &run, "done").await["counts"]["changed"], 2);
    let again = run_now(&app, "wrongly").await;
    assert_eq!(when(&app, &again, "done").await["counts"]["unchanged"], 2);
    assert_eq!(counts(&plan(&app, &run).await), [2, 0, 0], "a scheme does not stand by its own mistake");
    let leaving = run_now(&app, "leavers").await;
    assert_eq!(when(&app, &leaving, "done").await["counts"]["unchanged"], 2);
    assert_eq!(counts(&plan(&app, &run).await), [0, 2, 0]);
    let before = app.ground.effects().len();
    let undone = undo(&app, &run).await;
    assert_eq!(when(&app, &undone, "done").await["counts"]["held"], 2);
    assert_eq!(app.ground.effects().len(), before);
}

/// usher starts in this mode from now on.
fn in_mode(app: &mut TestApp, mode: &str) {
    let ground = std::mem::replace(&mut app.ground, Ground::new(""));
    app.ground = ground.tweak("USHER_MODE", mode);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_undone_is_refused_with_the_reason_and_observe_mode_changes_nothing() {
    let ground = Ground::new(&scheme("give", "{ add_groups: [staff] }")).groups(&["staff"]);
    people(&ground, 2);
    let mut app = TestApp::start(ground).await;
    for (path, status) in [("runs/none/undo", StatusCode::NOT_FOUND)] {
        assert_eq!(post(&app, path).await.0, status, "{path}");
        assert_eq!(app.ask(path, &[]).await.0, status, "{path}");
    }
    let run = run_now(&app, "give").await;
    when(&app, &run, "done").await;
    let again = run_now(&app, "give").await;
    when(&app, &again, "done").await;
    let (status, problem) = post(&app, &format!("runs/{again}/undo")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem["detail"].as_str().expect("a detail").contains("changed nothing"), "{problem}");

    app.stop().await;
    in_mode(&mut app, "observe");
    app.restart().await;
    let before = app.ground.effects().len();
    let watched = undo(&app, &run).await;
    let shown = when(&app, &watched, "done").await;
    assert_eq!((&shown["counts"]["tested"], &shown["test_mode"]), (&json!(2), &json!(true)), "{shown}");
    assert_eq!(app.ground.effects().len(), before);
    let again = undo(&app, &run).await;
    assert_ne!(again, watched, "an undo that only watched is no undo");
    when(&app, &again, "done").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_waits_for_a_paused_source_and_can_be_cancelled() {
    let ground = Ground::new(&scheme("give", "{ add_groups: [staff] }")).groups(&["staff"]);
    people(&ground, 3);
    let app = TestApp::start(ground).await;
    let run = run_now(&app, "give").await;
    when(&app, &run, "done").await;
    let before = app.ground.effects().len();
    assert_eq!(post(&app, "sources/acme/pause").await.0, StatusCode::NO_CONTENT);
    let undoing = undo(&app, &run).await;
    let (status, _) = post(&app, &format!("runs/{undoing}/cancel")).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_eq!(post(&app, "sources/acme/resume").await.0, StatusCode::NO_CONTENT);
    when(&app, &undoing, "cancelled").await;
    assert_eq!(app.ground.effects().len(), before);
    let again = undo(&app, &run).await;
    assert_ne!(again, undoing, "one that was cancelled may be asked for again");
    assert_eq!(when(&app, &again, "done").await["counts"]["changed"], 3);
    eventually("the run names the undo that counts", || async {
        let (_, shown) = app.ask(&format!("runs/{run}"), &[]).await;
        (shown["undone_by"] == again.as_str()).then_some(())
    })
    .await;
}
