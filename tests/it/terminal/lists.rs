//! Lists: all of them, in every format, and never cut without a word.

use std::{
    io::{BufRead, BufReader, Read},
    process::Stdio,
};

use serde_json::{Value, json};
use usher::sandbox::{Account, Population};

use super::Terminal;
use crate::support::{
    app::TestApp,
    ground::{ACME, Ground},
};

/// More than two pages of the API have, and more than were shown once.
const MANY: u64 = 1_100;

/// A run in test mode over everybody, of whom one has a formula and escapes for a name.
async fn many() -> (TestApp, Terminal, String) {
    let scheme = "{ id: all, source: acme, trigger: manual, select: { email_domain: [acme.example] },
                    actions: [{ add_groups: [staff] }] }";
    let ground = Ground::new(scheme).groups(&["staff"]);
    let account = Account::new("KEY{n}", "name-{n}").email("user-{n}@acme.example");
    ground.sandbox.put_crowd(ACME.product, &Population::new(MANY - 1, account));
    ground.sandbox.put_user(ACME.product, Account::new("KEYX", "=cmd|'x'\u{1b}[2J").email("x@acme.example"));
    let app = TestApp::start(ground).await;
    let terminal = Terminal::of(&app);
    let said = terminal.run("schemes run all -o json").await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let run: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(run["counts"]["tested"], MANY);
    let run = run["id"].as_str().expect("an id").to_owned();
    (app, terminal, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_more_entries_than_a_page_has_is_shown_whole_or_says_that_it_is_not() {
    let (_app, terminal, run) = many().await;
    let whole = terminal.tells(&format!("runs show {run}")).await;
    let users: Vec<_> = whole["entries"].as_array().expect("a list").iter().map(|entry| &entry["user"]).collect();
    assert_eq!((users.len(), &whole["next"], &whole["id"]), (1_100, &Value::Null, &json!(run)));
    let mut once = users.clone();
    once.dedup();
    assert_eq!(once.len(), users.len(), "nobody twice");
    let table = terminal.says(&format!("runs show {run}")).await;
    assert_eq!(table.lines().filter(|line| line.contains("add_groups  staff")).count(), 1_100);
    let yaml = terminal.says(&format!("runs show {run} -o yaml")).await;
    assert_eq!(yaml.matches("action: add_groups").count(), 1_100);

    for format in ["table", "json", "yaml", "csv"] {
        let cut = terminal.run(&format!("runs show {run} --limit 700 -o {format}")).await;
        assert_eq!(cut.code, Some(0));
        assert_eq!(cut.err, "only the first 700 are shown and there are more: write --limit all\n", "{format}");
        assert_eq!(terminal.run(&format!("runs show {run} --limit 1100 -o {format}")).await.err, "");
    }
    let cut: Value =
        serde_json::from_str(&terminal.run(&format!("runs show {run} --limit 700 -o json")).await.out).expect("JSON");
    assert!(cut["next"].is_string() && cut["entries"].as_array().map(Vec::len) == Some(700), "{}", cut["next"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_has_a_line_for_each_item_and_no_cell_is_a_formula_or_steers_the_terminal() {
    let (_app, terminal, run) = many().await;
    let csv = terminal.says(&format!("runs show {run} -o csv")).await;
    let lines: Vec<_> = csv.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "run,scheme,scheme_version,source,user,name,action,target,result,reason,before,at,duration_ms,error,\
         after,attempts,operation,status"
    );
    assert_eq!(lines.len(), 1 + 1_100 + 1, "headings, entries, and the end of the last line");
    let cell = ",KEYX,'=cmd|'x'\\u{1b}[2J,add_groups,staff,tested,";
    assert!(lines.iter().any(|line| line.contains(cell) && line.starts_with(&format!("{run},all,"))), "{}", lines[1]);
    for (list, headings) in [
        ("runs list", "run,scheme,scheme_version,source,trigger,via,event,"),
        ("schemes list", "scheme,name,source,trigger,enabled,test_mode,paused,from_the_file,version"),
        ("schemes history all", "revision,change,by,at,version"),
        ("sources list", "source,product,state,paused,newcomers,users,accepted,refused,address,why,held_runs"),
        ("sources newcomers list", "source,state,held,known,counted_since,as_of,why"),
        ("products", "product,area,what,can,why"),
    ] {
        let csv = terminal.says(&format!("{list} -o csv")).await;
        assert!(csv.starts_with(headings) && csv.ends_with("\r\n"), "{list}: {csv}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_seen_enough_ends_the_command_without_a_word() {
    let (_app, terminal, run) = many().await;
    for words in [format!("runs show {run}"), format!("runs show {run} -o json"), "completions bash".to_owned()] {
        let mut command = terminal.command(&words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        let mut lines = BufReader::with_capacity(64, child.stdout.take().expect("it is piped")).lines();
        lines.next().expect("a line").expect("text");
        drop(lines);
        let status = child.wait().expect("it ends");
        let mut said = String::new();
        child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("text");
        assert_eq!((status.code(), said.as_str()), (Some(0), ""), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_runs_that_is_not_whole_says_so_and_programs_get_all() {
    let scheme = "{ id: few, source: acme, trigger: manual, select: { everyone: true },
                    actions: [{ add_groups: [staff] }] }";
    let app = TestApp::start(Ground::new(scheme).groups(&["staff"])).await;
    let terminal = Terminal::of(&app);
    for _ in 0..3 {
        assert_eq!(terminal.run("schemes run few").await.code, Some(0));
    }
    let cut = terminal.run("runs list --limit 2").await;
    assert_eq!((cut.code, cut.out.lines().count()), (Some(0), 1 + 2));
    assert_eq!(cut.err, "only the first 2 are shown and there are more: write --limit all\n");
    for limit in ["--limit 3", "--limit all", ""] {
        assert_eq!(terminal.says(&format!("runs list {limit}")).await.lines().count(), 1 + 3, "{limit}");
    }
    assert_eq!(terminal.tells("runs list").await.as_array().map(Vec::len), Some(3));
    for wrong in ["0", "-1", "many"] {
        assert_eq!(terminal.run(&format!("runs list --limit={wrong}")).await.refused().0, Some(2), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_a_scheme_or_source_that_is_not_there_are_an_error_and_not_an_empty_list() {
    let (_app, terminal, _) = many().await;
    for (words, says) in [
        ("runs list --scheme al", "usher: there is no scheme `al`"),
        ("runs list --scheme al -o json", "usher: there is no scheme `al`"),
        ("runs list --source acm", "usher: there is no source `acm`"),
        ("runs list --source acm -o csv", "usher: there is no source `acm`"),
    ] {
        assert_eq!(terminal.run(words).await.refused(), (Some(1), vec![says]), "{words}");
    }
    let said = terminal.run("runs list --result odd").await;
    let (code, lines) = said.refused();
    assert!(code == Some(2) && lines[0].contains("write one of changed, unchanged"), "{lines:?}");
    let none = terminal.says("runs list --scheme all --result failed").await;
    assert_eq!(none.lines().count(), 1, "a scheme without such runs: {none}");
}
