//! Schemes as files: there, back, and to another usher.

use reqwest::Method;
use serde_json::{Value, json};
use usher::{domain::Product, sandbox::Account};

use super::{Terminal, timeless};
use crate::support::{app::TestApp, ground::Ground};

const FILE: &str = "\
schemes:
  - id: contractors
    name: Contractors get their groups
    source: acme
    trigger: on_create
    test_mode: false
    select: { email_domain: [contractor.example] }
    exempt: { users: [svc-deploy] }
    actions: [{ add_groups: [contractors] }]
  - id: leavers
    source: globex
    trigger: { cron: \"0 3 * * MON\" }
    enabled: false
    select: { never_logged_in: { created_before: 90d } }
    actions: [{ remove_all_groups: {} }]
    limits: { users: 50, percent: 5 }
";

const PROVISIONED: &str =
    "{ id: own, source: acme, trigger: on_create, select: { everyone: true }, actions: [{ add_groups: [staff] }] }";

async fn app() -> TestApp {
    let app = TestApp::start(Ground::new(PROVISIONED).groups(&["contractors", "partners", "staff"])).await;
    app.ground.sandbox.put_user(Product::JiraDc, Account::new("SVC", "svc-deploy")); // whom the file exempts
    app
}

/// Id and version of every scheme.
async fn versions(terminal: &Terminal) -> Vec<(Value, Value)> {
    let schemes = terminal.tells("schemes list").await;
    schemes.as_array().expect("a list").iter().map(|row| (row["id"].clone(), row["version"].clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_applied_compared_changed_and_applied_again() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    terminal.write("schemes.yaml", FILE);
    let apply = "schemes apply -f schemes.yaml";
    assert_eq!(
        terminal.says(&format!("{apply} --dry-run")).await,
        "contractors would be added\nleavers would be added\n"
    );
    assert_eq!(app.list("schemes", &[]).await.len(), 1, "a dry run changes nothing");
    assert_eq!(terminal.says(apply).await, "contractors added\nleavers added\n");
    assert_eq!(terminal.says(apply).await, "contractors unchanged\nleavers unchanged\n");
    assert_eq!(terminal.says("schemes diff -f schemes.yaml").await, "");

    terminal.write("schemes.yaml", &FILE.replace("[contractors] }]", "[contractors, partners] }]"));
    let diff = terminal.run("schemes diff -f schemes.yaml").await;
    assert_eq!((diff.code, diff.err.as_str()), (Some(1), ""), "{}", diff.out);
    let changed: Vec<_> = diff.out.lines().filter(|line| line.starts_with(['-', '+'])).map(str::trim_end).collect();
    assert_eq!(changed, ["--- contractors (there)", "+++ contractors (file)", "+  - partners"]);
    assert_eq!(terminal.says(&format!("{apply} --dry-run")).await, "contractors would be changed\nleavers unchanged\n");
    assert_eq!(terminal.run("schemes diff -f schemes.yaml").await, diff, "a dry run changes nothing");
    assert_eq!(terminal.says(apply).await, "contractors changed\nleavers unchanged\n");
    assert_eq!(terminal.says("schemes diff -f schemes.yaml").await, "");

    let (_, _, history) = app.send(Method::GET, "schemes/contractors/history", &[], "").await;
    let by: Vec<_> = history["items"].as_array().expect("items").iter().map(|change| &change["by"]).collect();
    assert_eq!(by, ["admin (for ann)", "admin (for ann)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_shown_as_a_table_as_json_and_as_yaml() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    terminal.write("schemes.yaml", FILE);
    terminal.says("schemes apply -f schemes.yaml").await;
    insta::assert_snapshot!("table_of_schemes", terminal.says("schemes list").await);
    let json = terminal.tells("schemes list").await;
    assert_eq!(json, json!(app.list("schemes", &[]).await));
    // Names are looked up some time after the start.
    let yaml = timeless(&terminal.says("schemes list -o yaml").await).replace("checked: false", "checked: true");
    insta::assert_snapshot!("yaml_of_schemes", yaml);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_usher_exports_another_takes_with_the_same_versions() {
    let (one, other) = (app().await, app().await);
    let (here, there) = (Terminal::of(&one), Terminal::of(&other));
    here.write("schemes.yaml", FILE);
    here.says("schemes apply -f schemes.yaml").await;
    for format in ["yaml", "json"] {
        there.write("schemes", &here.says(&format!("schemes export -o {format}")).await);
        there.says("schemes apply -f schemes").await;
        assert_eq!(versions(&there).await, versions(&here).await, "{format}");
        assert_eq!(here.run("schemes export").await, there.run("schemes export").await, "{format}");
        for id in ["contractors", "leavers"] {
            other.send(Method::DELETE, &format!("schemes/{id}"), &[("If-Match", "*")], "").await;
        }
    }
    let all: Value = here.tells("schemes export --all").await;
    assert_eq!(all["schemes"].as_array().map(Vec::len), Some(3), "with those of the configuration");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_file_does_not_name_goes_only_where_that_is_asked_for() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    terminal.write("both.yaml", FILE);
    terminal.says("schemes apply -f both.yaml").await;
    terminal.write("one.yaml", FILE.split("  - id: leavers").next().expect("the first"));
    let diff = terminal.run("schemes diff -f one.yaml").await;
    assert_eq!((diff.code, diff.out.as_str()), (Some(1), "leavers is not in the file\n"));
    assert_eq!(terminal.says("schemes apply -f one.yaml").await, "contractors unchanged\n");
    let prune = "schemes apply -f one.yaml --prune";
    assert_eq!(terminal.says(&format!("{prune} --dry-run")).await, "contractors unchanged\nleavers would be deleted\n");
    assert_eq!(terminal.says(prune).await, "contractors unchanged\nleavers deleted\n");
    assert_eq!(terminal.says("schemes diff -f one.yaml").await, "");
    let ids: Vec<_> = versions(&terminal).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["own", "contractors"], "those of the configuration stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_of_the_configuration_is_refused_and_the_others_go_on() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    terminal.write("schemes.yaml", &format!("{FILE}  - {}\n", PROVISIONED.replace("staff", "partners")));
    for (words, done) in [("--dry-run", "would be added"), ("", "added")] {
        let said = terminal.run(&format!("schemes apply -f schemes.yaml {words}")).await;
        assert_eq!(said.out, format!("contractors {done}\nleavers {done}\n"));
        let refusal = "own: it stands in the configuration file; change it there, or take it out of this file\n";
        assert_eq!((said.code, said.err.as_str()), (Some(1), refusal));
    }
    terminal.write("schemes.yaml", &format!("[{PROVISIONED}]"));
    assert_eq!(terminal.says("schemes apply -f schemes.yaml").await, "own unchanged\n", "which is no change");
}

#[tokio::test(flavor = "multi_thread")]
async fn schemes_and_sources_are_paused_and_resumed() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    for (what, id) in [("schemes", "own"), ("sources", "acme")] {
        for (word, says, paused) in [("pause", "is paused", true), ("resume", "goes on", false)] {
            assert_eq!(terminal.says(&format!("{what} {word} {id}")).await, format!("{id} {says}\n"));
            let rows = terminal.tells(&format!("{what} list")).await;
            let row = rows.as_array().expect("a list").iter().find(|row| row["id"] == id).expect("it is there");
            assert_eq!(row["paused"], paused, "{what} {word}");
        }
        let none = terminal.run(&format!("{what} pause none")).await;
        assert_eq!(none.refused(), (Some(1), vec![&*format!("usher: there is no {} `none`", &what[..what.len() - 1])]));
    }
    for word in ["release", "dismiss"] {
        let said = terminal.run(&format!("sources {word} acme")).await;
        assert_eq!(said.refused(), (Some(1), vec!["usher: no newcomers of the source `acme` are held"]), "{word}");
    }
}
