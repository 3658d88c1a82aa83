//! What commands take, what `--help` says, and what comes from the environment.

use std::{fs, path::Path};

use super::Terminal;
use crate::support::{
    app::TestApp,
    ground::{ADMIN_TOKEN, Ground},
};

/// Commands that print no list and no thing, so that there is nothing to format.
const SILENT: [&str; 16] = [
    "serve",
    "demo",
    "check",
    "sandbox",
    "schema",
    "completions",
    "version",
    "schemes apply",
    "schemes diff",
    "schemes delete",
    "schemes pause",
    "schemes resume",
    "runs release",
    "runs cancel",
    "sources pause",
    "sources newcomers release",
];

#[tokio::test]
async fn options_stand_only_where_they_mean_something() {
    let terminal = Terminal::to("http://127.0.0.1:9");
    for command in SILENT {
        let help = terminal.says(&format!("{command} --help")).await;
        assert!(!help.contains("--output"), "{help}");
        let asks = command.starts_with("schemes") || command.starts_with("runs") || command.starts_with("sources");
        assert_eq!(help.contains("--url") && help.contains("USHER_TOKEN"), asks, "{help}");
        let logs = ["serve", "demo", "sandbox"].contains(&command);
        assert_eq!(help.contains("--log-format") && help.contains("RUST_LOG"), logs, "{help}");
    }
    for command in ["schemes list", "runs list", "runs show", "sources list", "products", "schemes history"] {
        assert!(terminal.says(&format!("{command} --help")).await.contains("csv"), "{command}");
    }
    for command in ["explain", "schemes run", "runs wait"] {
        let help = terminal.says(&format!("{command} --help")).await;
        assert!(help.contains("--output") && !help.contains("csv"), "{help}");
    }
}

#[tokio::test]
async fn the_help_names_the_variables_and_the_exit_codes() {
    let help = Terminal::to("http://127.0.0.1:9").says("--help").await;
    for name in
        ["USHER_URL ", "USHER_TOKEN ", "USHER_TOKEN_FILE ", "RUST_LOG ", "Exit codes: 0 done, 1 failed, 2 wrong usage"]
    {
        assert!(help.contains(name), "no {name} in {help}");
    }
    assert!(!help.contains(ADMIN_TOKEN));
}

#[tokio::test]
async fn completions_are_printed_for_every_shell() {
    let terminal = Terminal::to("http://127.0.0.1:9");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = terminal.run(&format!("completions {shell}")).await;
        assert_eq!((script.code, script.err.as_str()), (Some(0), ""));
        assert!(script.out.contains("newcomers") && script.out.contains("token-file"), "{shell}");
    }
    assert_eq!(terminal.run("completions tcsh").await.refused().0, Some(2));
}

#[tokio::test]
async fn the_schema_is_printed_without_a_configuration_and_completed() {
    let terminal = Terminal::to("http://127.0.0.1:9");
    let schema = terminal.run_in("schema", "", &[("USHER_MODE", "wrong")]).await;
    assert_eq!((schema.code, schema.err.as_str()), (Some(0), ""));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/usher.schema.json");
    let kept = fs::read_to_string(file).expect("a file");
    assert!(schema.out == kept, "what is printed is not the file in the docs");
    assert!(terminal.says("completions bash").await.contains("usher,schema)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_may_be_in_a_file_and_a_file_that_is_none_is_told() {
    let app = TestApp::start(Ground::new("")).await;
    let mut terminal = Terminal::of(&app);
    terminal.token = None;
    terminal.write("token", &format!("{ADMIN_TOKEN}\n"));
    assert!(terminal.says("sources list --token-file token").await.contains("acme"));
    let by_variable = terminal.run_in("sources list", "", &[("USHER_TOKEN_FILE", "token")]).await;
    assert_eq!((by_variable.code, by_variable.err.as_str()), (Some(0), ""));
    let none = terminal.run("sources list --token-file none").await;
    assert_eq!(none.refused(), (Some(2), vec!["usher: none: there is no such file or folder"]));
    fs::create_dir(terminal.path().join("folder")).expect("a folder");
    assert_eq!(terminal.run("sources list --token-file folder").await.refused().0, Some(2));
    terminal.write("empty", "\n");
    let empty = terminal.run("sources list --token-file empty").await;
    let (code, lines) = empty.refused();
    assert!(code == Some(2) && lines[0].starts_with("usher: no token: "), "{lines:?}");
    terminal.write("two", "one\ntwo\n");
    let two = terminal.run("sources list --token-file two").await;
    let (code, lines) = two.refused();
    assert!(code == Some(2) && lines[0].contains("no header can carry"), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_the_environment_is_not_asked_for_this_machine() {
    let app = TestApp::start(Ground::new("")).await;
    let terminal = Terminal::of(&app);
    let nobody = "http://127.0.0.1:9";
    let env = [("HTTP_PROXY", nobody), ("http_proxy", nobody), ("ALL_PROXY", nobody)];
    let said = terminal.run_in("sources list", "", &env).await;
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_listener_for_webhooks_is_not_the_one_to_ask() {
    let app = TestApp::start(Ground::new("")).await;
    let terminal = Terminal::to(&format!("http://{}", app.webhooks));
    for words in ["schemes list", "runs show x", "schemes run x"] {
        let said = terminal.run(words).await;
        let (code, lines) = said.refused();
        assert_eq!((code, lines.len()), (Some(1), 1), "{lines:?}");
        assert!(lines[0].contains(&terminal.url), "{lines:?}");
    }
}
