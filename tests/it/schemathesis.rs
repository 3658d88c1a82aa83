//! The admin API against its OpenAPI document: requests that the document allows and requests that it does not, made by
//! schemathesis, whose checks hold.

use std::{env, process::Command};

use usher::sandbox::{Account, Application, webhook::Happening};

use crate::support::{
    ground::{ACME, ADMIN_TOKEN, Ground},
    usher::Usher,
};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemathesis/schemathesis.sh");

/// One scheme that does something, one that can't, and one to be run.
const SCHEMES: &str = "
    { id: everybody, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff] }] },
    { id: ghosts, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [no-such-group] }] },
    { id: by-hand, source: acme, trigger: manual, select: { everyone: true }, actions: [{ add_groups: [staff] }] }";

/// How many requests are made up for each operation, besides those for each bound; `make schemathesis` makes more.
fn examples() -> String {
    env::var("USHER_TEST_EXAMPLES").unwrap_or_else(|_| "10".to_owned())
}

/// Something to be listed: runs, decisions, a dead letter. Gives the ids of a run and of the dead letter.
async fn past(usher: &Usher, ground: &Ground) -> (String, String) {
    for number in 0..3 {
        let user = Account::new(format!("KEY{number}"), format!("name-{number}"));
        ground.sandbox.put_user(ACME.product, user.clone());
        let event = usher.tell(ACME, Happening::Created, &user).await;
        usher.ended(&event).await;
    }
    let id = |items: Vec<serde_json::Value>| items[0]["id"].as_str().expect("an id").to_owned();
    (id(usher.list("runs", &[("scheme", "everybody")]).await), id(usher.list("dead-letters", &[]).await))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_does_what_its_document_says_and_nothing_else() {
    let ground = Ground::new(SCHEMES).groups(&["staff"]);
    ground.sandbox.put_application(ACME.product, Application::new("jira-software", &["staff"])); // each Jira has one
    let usher = Usher::start(&ground).await;
    let (run, dead_letter) = past(&usher, &ground).await;
    // All checks are on; naming them here would put the configuration aside.
    let arguments = ["--seed", "20", "--continue-on-failure", "--workers", "1", "--no-color"];
    let mut schemathesis = Command::new(SCRIPT);
    schemathesis
        .arg("run")
        .arg(format!("http://{}/api/openapi.json", usher.admin))
        .args(["--header", &format!("Authorization: Bearer {ADMIN_TOKEN}")])
        .args(arguments)
        .args(["--generation-database", "none", "--max-examples", &examples()])
        .env("SCHEMATHESIS_RUN", run)
        .env("SCHEMATHESIS_DEAD_LETTER", dead_letter)
        .current_dir(ground.folder());
    let output = tokio::task::spawn_blocking(move || schemathesis.output()).await.expect("joined").expect("started");
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{told}");
    let passed = told.lines().rev().find(|line| line.contains("generated,")).unwrap_or_default();
    eprintln!("{}", passed.trim());
    assert!(passed.contains("passed") && !passed.contains("failed"), "{told}");
    assert_eq!(usher.open_page("healthz").await.0, 200, "{}", usher.log());
}
