//! Commands with ids and values that are none, against an usher that runs: each is refused in words, and nothing is done.

use std::process::{Command, Output, Stdio};

use super::Terminal;
use crate::support::{app::TestApp, ground::Ground, words::assert_for_people};

const SCHEME: &str = "{ id: own, source: acme, trigger: manual, test_mode: false, select: { everyone: true }, \
    actions: [{ add_groups: [staff] }] }";

/// Commands that end with an id.
const ABOUT_ONE: [&str; 18] = [
    "schemes show",
    "schemes preview",
    "schemes history",
    "schemes delete --yes",
    "schemes run",
    "schemes pause",
    "schemes resume",
    "runs show",
    "runs wait",
    "runs release",
    "runs cancel",
    "dead-letters show",
    "dead-letters dismiss",
    "sources show",
    "sources pause",
    "sources resume",
    "sources newcomers release",
    "sources newcomers dismiss",
];

async fn output(mut command: Command) -> Output {
    command.stdin(Stdio::null());
    tokio::task::spawn_blocking(move || command.output().expect("started")).await.expect("no panic")
}

/// The exit code and the one line of a command that printed nothing else.
#[track_caller]
fn refusal(what: &str, output: &Output) -> (Option<i32>, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(out.is_empty() && err.lines().count() == 1 && err.starts_with("usher: "), "{what}: {out}{err}");
    assert!(err.trim_end().chars().all(|c| !c.is_control()), "{what}: {err:?}");
    assert_for_people(&err);
    (output.status.code(), err)
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_none_are_refused_and_never_taken_for_another_thing() {
    let app = TestApp::start(Ground::new(SCHEME).groups(&["staff"])).await;
    let terminal = Terminal::of(&app);
    let long = "x".repeat(3_000);
    for words in ABOUT_ONE {
        for (id, shown) in
            [("", ""), (".", "."), ("..", ".."), ("own\n", "own\\n"), ("o\twn", "o\\twn"), ("\u{1b}[31m", "\\u")]
        {
            let mut command = terminal.command(words);
            command.arg(id);
            let (code, line) = refusal(&format!("{words} {id:?}"), &output(command).await);
            let is_told = line.contains(&format!("`{shown}")) && line.contains("` is not an id");
            assert!(code == Some(2) && is_told, "{words} {id:?}: {line}");
        }
        for id in ["a/b", "own/..", "%2e%2e", "own?x=1", "own#x", " own", "ü", "💩", &long] {
            let mut command = terminal.command(words);
            command.arg(id);
            let output = output(command).await;
            if words == "dead-letters dismiss" {
                // It goes on with the next one, and tells how many were dismissed.
                assert_eq!(output.status.code(), Some(1), "{id:?}");
                assert_eq!(output.stdout, b"0 dead letters are dismissed\n", "{id:?}");
                continue;
            }
            let (code, line) = refusal(&format!("{words} {id:?}"), &output);
            assert!(code == Some(1) && line.contains("there is no "), "{words} {id:?}: {line}");
        }
    }
    let left = app.ask("schemes/own", &[]).await.1;
    assert_eq!((&left["id"], &left["paused"]), (&"own".into(), &false.into()), "{left}");
    assert_eq!(app.ground.effects(), [""; 0]);
    assert!(app.list("runs", &[]).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_are_none_are_wrong_usage_and_what_to_write_is_told() {
    let app = TestApp::start(Ground::new(SCHEME).groups(&["staff"])).await;
    let terminal = Terminal::of(&app);
    for (words, says) in [
        ("runs list --limit 0", "write a number from 1 up"),
        ("runs list --limit -1", "unexpected argument"),
        ("runs list --limit 99999999999999999999", "write a number from 1 up"),
        ("runs list --since yesterday", "2026-11-21T08:30:00Z"),
        ("runs list --state ended", "running"),
        ("runs list --action explode", "add_groups"),
        ("runs list --result good", "changed"),
        ("runs list --scheme A/B", "a-z, 0-9"),
        ("runs list --source ü", "a-z, 0-9"),
        ("runs show x --result good", "there is no run"),
        ("dead-letters list --stage kitchen", "planner"),
        ("dead-letters list --held maybe", "true"),
        ("dead-letters list --state gone", "open"),
        ("dead-letters redrive", "required"),
        ("dead-letters redrive x --all-matching", "cannot be used with"),
        ("decisions", "--user"),
        ("explain --scheme own", "--user"),
        ("schemes preview", "required"),
        ("schemes preview own --users many", "--users"),
        ("schemes export --output csv", "yaml"),
        ("schemes run own --no-wait --output json", "cannot be used with"),
        ("sources list --output xml", "table"),
        ("sources newcomers", "Usage"),
        ("nothing", "unrecognized"),
        ("runs list --url nowhere", "--url"),
        ("healthcheck --url http://127.0.0.1:9 --config x", "cannot be used with"),
        ("sandbox --listen 127.0.0.1", "--listen"),
        ("completions", "required"),
        ("products jira", "jira-dc"),
        ("backup", "--to"),
        ("restore --from x", "--to"),
    ] {
        let said = terminal.run(words).await;
        let expected = if words.starts_with("runs show x") { 1 } else { 2 };
        assert_eq!((said.code, said.out.as_str()), (Some(expected), ""), "{words}: {said:?}");
        assert!(said.err.contains(says), "{words}: no `{says}` in {}", said.err);
        assert!(!said.err.contains("panicked"), "{words}: {}", said.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_replaces_nothing_but_a_file() {
    let app = TestApp::start(Ground::new("")).await;
    let terminal = Terminal::of(&app);
    let pipe = terminal.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    std::fs::create_dir(terminal.path().join("folder")).expect("made");
    std::os::unix::fs::symlink("/dev/null", terminal.path().join("null")).expect("a link");
    for to in ["pipe", "folder", "null"] {
        let said = terminal.run(&format!("backup --url {} --to {to}", terminal.url)).await;
        let (code, lines) = said.refused();
        assert_eq!((code, lines.len()), (Some(2), 1), "{to}: {lines:?}");
        assert!(lines[0].contains(&format!("{to} is no file")), "{lines:?}");
    }
    let names: std::collections::BTreeSet<_> = std::fs::read_dir(terminal.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(names, ["folder", "null", "pipe"].map(Into::into).into());
    assert!(!std::fs::symlink_metadata(&pipe).expect("it is there").is_file());
    terminal.write("usher.backup", "of yesterday");
    terminal.says(&format!("backup --url {} --to usher.backup", terminal.url)).await;
    assert!(std::fs::read(terminal.path().join("usher.backup")).expect("a file") != b"of yesterday");
}
