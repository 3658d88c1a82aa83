//! Running a scheme now from a terminal, and what is held.

use serde_json::json;
use usher::sandbox::{Account, webhook::Happening};

use super::{Terminal, people};
use crate::support::{
    app::TestApp,
    face::eventually,
    ground::{ACME, Ground},
};

/// Gives those of `acme.example` a group, by hand; `more` may set limits.
fn gives(id: &str, more: &str) -> String {
    format!(
        "{{ id: {id}, source: acme, trigger: manual, test_mode: false, select: {{ email_domain: [acme.example] }}, \
         actions: [{{ add_groups: [staff] }}] {more} }}"
    )
}

async fn app() -> TestApp {
    let ground =
        Ground::new(&[gives("free", ""), gives("careful", ", limits: { users: 2 }")].join(",")).groups(&["staff"]);
    people(&ground, 3);
    TestApp::start(ground).await
}

/// The id in `run ID`.
fn id(line: &str) -> &str {
    line.trim().strip_prefix("run ").expect("a run").trim()
}

#[tokio::test(flavor = "multi_thread")]
async fn run_waits_for_the_end_and_shows_the_run() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    let said = terminal.run("schemes run free").await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let run = id(&said.err);
    let line =
        |key: &str| said.out.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().trim().to_owned();
    assert_eq!((line("id "), line("state")), (run.to_owned(), "done".to_owned()), "{}", said.out);
    assert_eq!(line("counts"), "seen=5 selected=3 would_change=3 changed=3", "with the account that usher acts as");
    assert_eq!(app.ground.effects().len(), 3);

    let shown = terminal.says(&format!("runs show {run}")).await;
    assert_eq!(shown.matches("add_groups").count(), 1 + 3, "{shown}");
    assert!(shown.contains("name-1") && shown.contains("changed"), "{shown}");
    let whole = terminal.tells(&format!("runs show {run}")).await;
    assert_eq!((&whole["state"], whole["entries"].as_array().map(Vec::len)), (&json!("done"), Some(3)));
    assert!(terminal.says("runs list --scheme free").await.contains(run));
    assert_eq!(terminal.says("runs list --scheme careful").await.lines().count(), 1, "nothing but the headings");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_waiting_it_prints_the_run_to_wait_for_later() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    let run = terminal.says("schemes run free --no-wait").await;
    let waited = terminal.says(&format!("runs wait {run}")).await;
    assert!(waited.contains("done"), "{waited}");
    let again = terminal.tells(&format!("runs wait {run}")).await;
    assert_eq!((&again["id"], &again["state"]), (&json!(run.trim()), &json!("done")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_run_ends_the_wait_with_1_and_can_be_released_or_cancelled() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    for (word, state, code, changed) in [("cancel", "cancelled", 1, 0), ("release", "done", 0, 3)] {
        let said = terminal.run("schemes run careful").await;
        assert_eq!(said.code, Some(1), "{said:?}");
        let mut lines = said.err.lines();
        let run = id(lines.next().expect("the run")).to_owned();
        let hint = lines.collect::<Vec<_>>().join("\n");
        assert!(hint.contains("is held") && hint.contains(&format!("usher runs {word} {run}")), "{hint}");
        assert!(app.ground.effects().is_empty(), "{:?}", app.ground.effects());

        assert!(terminal.says(&format!("runs {word} {run}")).await.starts_with(&run));
        let ended = terminal.run(&format!("runs wait {run} -o json")).await;
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(ended.out.contains(&format!("\"state\": \"{state}\"")), "{}", ended.out);
        eventually("all is done", || async { (app.ground.effects().len() == changed).then_some(()) }).await;

        let twice = terminal.run(&format!("runs {word} {run}")).await;
        let (code, lines) = twice.refused();
        assert!(code == Some(1) && lines[0].contains(&format!("is {state}")), "{lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_or_can_not_be_run_is_told_at_once() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    for (words, says) in [
        ("schemes run none", "usher: there is no scheme `none`"),
        ("runs wait none", "usher: there is no run `none`"),
        ("runs show none", "usher: there is no run `none`"),
        ("runs release none", "usher: there is no run `none`"),
    ] {
        assert_eq!(terminal.run(words).await.refused(), (Some(1), vec![says]), "{words}");
    }
    terminal.says("schemes pause free").await;
    let said = terminal.run("schemes run free").await;
    assert_eq!(said.refused(), (Some(1), vec!["usher: the scheme `free` is paused; resume it first"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_runs_says_whom_each_is_about_and_names_actions_in_their_order() {
    let scheme = "{ id: new, source: acme, trigger: on_create, select: { everyone: true },
                    actions: [{ remove_groups: [guests] }, { add_groups: [staff] }, { remove_groups: [other] }] }";
    let schemes = [scheme.to_owned(), gives("free", "")].join(",");
    let ground = Ground::new(&schemes).groups(&["staff", "guests", "other"]);
    people(&ground, 3);
    let app = TestApp::start(ground).await;
    let jane = Account::new("KEYJ", "jane");
    app.ground.sandbox.put_user(ACME.product, jane.clone());
    app.tell(ACME, Happening::Created, &jane).await;
    app.drain().await;
    let terminal = Terminal::of(&app);
    assert_eq!(terminal.run("schemes run free").await.code, Some(0));
    let list = terminal.says("runs list").await;
    let line = |scheme: &str| list.lines().find(|line| line.contains(scheme)).expect(&list).to_owned();
    assert!(
        line("  new  ").contains("  jane  ") && line("  new  ").contains("  remove_groups, add_groups  "),
        "{list}"
    );
    assert!(line("  free  ").contains("  3 users  "), "{list}");
    let csv = terminal.says("runs list --scheme new -o csv").await;
    assert!(csv.contains(",remove_groups|add_groups,") && csv.trim_end().ends_with(",KEYJ,jane,scheme,,,,,0"), "{csv}");
}
