//! Sources that usher keeps itself, made and deleted at a terminal.

use serde_json::{Value, json};
use usher::sandbox::{self, Application};

use super::Terminal;
use crate::support::{
    app::TestApp,
    ground::{ACME, Ground},
};

/// Another source at the product of acme, as a file.
fn source(ground: &Ground, token: &str) -> String {
    let base_url = ground.sandbox.base_url(ACME.product);
    format!(
        "id: second\nname: Second\nproduct: jira-dc\nbase_url: \"{base_url}\"\nauth: {{ bearer: {{ value: \"{token}\" }} }}\n\
         reconcile: off\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_made_once_its_connection_works_and_is_deleted() {
    let app = TestApp::start(Ground::new("")).await;
    // Each Jira has an application.
    app.ground.sandbox.put_application(ACME.product, Application::new("jira-software", &[]).seats(10, 7));
    let terminal = Terminal::of(&app);
    let sources = async || {
        let listed = terminal.tells("sources list").await;
        let ids = listed.as_array().expect("a list").iter().map(|row| row["id"].as_str().expect("an id").to_owned());
        ids.collect::<Vec<_>>()
    };
    let before = sources().await;

    terminal.write("source.yaml", &source(&app.ground, "a-wrong-token"));
    let refused = terminal.run("sources add --file source.yaml").await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.out.contains("credentials") && refused.out.contains("fail"), "{refused:?}");
    assert_eq!(refused.err, "nothing is stored; with --unchecked it is stored all the same\n");
    assert_eq!(sources().await, before);

    let made = terminal.run_in("sources add --file -", &source(&app.ground, sandbox::TOKEN), &[]).await;
    assert_eq!((made.code, made.err.as_str()), (Some(0), ""), "{made:?}");
    assert_eq!(made.out, "second is stored and works; set up its webhook in the product now\n");
    assert_eq!(sources().await.len(), before.len() + 1);
    let again = terminal.run_in("sources add --file -", &source(&app.ground, sandbox::TOKEN), &[]).await;
    assert!(again.code == Some(1) && again.err.contains("second"), "{again:?}");
    let shown: Value = terminal.tells("sources show second").await;
    assert_eq!((&shown["provisioned"], &shown["auth"]["kept_as"]), (&json!(false), &json!("sealed")), "{shown}");

    let unsure = terminal.run("sources delete second").await;
    assert!(unsure.code != Some(0) && unsure.err.contains("write --yes"), "{unsure:?}");
    let of_file = terminal.run("sources delete acme --yes").await;
    assert!(of_file.code != Some(0) && of_file.err.contains("stands in the configuration file"), "{of_file:?}");
    assert_eq!(terminal.says("sources delete second --yes").await, "second deleted\n");
    assert_eq!(sources().await, before);
}
