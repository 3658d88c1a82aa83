//! Commands that can't do what they are asked: what they say, and how they end.

use std::sync::LazyLock;

use super::Terminal;
use crate::support::{app::TestApp, ground::Ground, reserved::Reserved};

/// At an address where nobody listens.
fn nobody() -> Terminal {
    static NOBODY: LazyLock<Reserved> = LazyLock::new(Reserved::new);
    Terminal::to(&format!("http://{}", NOBODY.address))
}

#[tokio::test]
async fn a_wrong_file_is_told_with_every_place_before_anything_is_sent() {
    let terminal = nobody();
    terminal.write(
        "wrong.yaml",
        "schemes:\n  - id: a\n    source: acme\n    trigger: on_creation\n    select: {}\n    actions: [{ ad_groups: [x] }]\n",
    );
    for command in ["apply -f wrong.yaml", "apply -f wrong.yaml --dry-run --prune", "diff -f wrong.yaml"] {
        let said = terminal.run(&format!("schemes {command}")).await;
        let (code, lines) = said.refused();
        assert_eq!(code, Some(2));
        let places: Vec<_> = lines.iter().map(|line| line.split(": ").next().expect("a place")).collect();
        assert_eq!(places, ["wrong.yaml:4:14", "wrong.yaml:5:13", "wrong.yaml:6:17"], "{lines:#?}");
    }
    let none = terminal.run("schemes apply -f none.yaml").await;
    let (code, lines) = none.refused();
    assert!(
        code == Some(2) && lines.len() == 1 && lines[0].starts_with("usher: none.yaml: there is no such file"),
        "{lines:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_missing_or_wrong_is_told_as_what_it_is() {
    let app = TestApp::start(Ground::new("")).await;
    let mut terminal = Terminal::of(&app);
    for (token, says) in [
        (None, "usher: no token: set USHER_TOKEN to the admin token"),
        (Some(""), "usher: no token: set USHER_TOKEN to the admin token"),
        (Some("another"), "does not accept the token in USHER_TOKEN; set it to the admin token of that usher"),
    ] {
        terminal.token = token;
        let said = terminal.run("schemes list").await;
        let (code, lines) = said.refused();
        assert_eq!((code, lines.len()), (Some(2), 1), "{lines:?}");
        assert!(lines[0].contains(says), "{lines:?}");
    }
}

#[tokio::test]
async fn where_nobody_listens_it_says_so_and_what_to_set() {
    let terminal = nobody();
    for command in ["schemes list", "runs wait some", "explain --scheme a --user b"] {
        let said = terminal.run(command).await;
        let (code, lines) = said.refused();
        assert_eq!((code, lines.len()), (Some(1), 1), "{lines:?}");
        assert!(lines[0].contains(&terminal.url) && lines[0].contains("Set --url or USHER_URL"), "{lines:?}");
    }
    let elsewhere = Terminal::to("ftp://jira.example").run("schemes list").await;
    let (code, lines) = elsewhere.refused();
    assert!(code == Some(2) && lines[0].contains("write http://host:port"), "{lines:?}");
}

#[tokio::test]
async fn wrong_usage_ends_with_2() {
    let terminal = nobody();
    for command in ["schemes apply", "schemes list -o xml", "runs", "explain --scheme a"] {
        let said = terminal.run(command).await;
        assert_eq!(said.refused().0, Some(2), "{command}");
    }
}
