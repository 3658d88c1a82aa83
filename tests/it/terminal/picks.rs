//! Picks of users, made from a file at a terminal.

use reqwest::Method;
use serde_json::json;

use super::{Terminal, people};
use crate::support::{app::TestApp, face::eventually, ground::Ground};

#[tokio::test(flavor = "multi_thread")]
async fn the_users_of_a_file_are_picked_listed_shown_and_deleted() {
    let ground = Ground::new("");
    people(&ground, 3);
    let app = TestApp::start(ground).await;
    app.send(Method::POST, "sources/acme/roster/refresh", &[], "").await;
    eventually("the users are listed", || async {
        let (_, detail) = app.ask("sources/acme", &[]).await;
        (detail["roster_refresh"]["state"] == "done").then_some(())
    })
    .await;
    let terminal = Terminal::of(&app);
    terminal.write("users.csv", "id,city\nKEY2,Bonn\nKEY1,\n");
    let counted = terminal.says("picks add --source acme --file users.csv --dry-run").await;
    assert!(counted.contains("nothing is kept") && counted.contains("2 found, 0 not there"), "{counted}");
    assert_eq!(terminal.tells("picks list").await, json!([]));
    let made = terminal.tells("picks add --source acme --file users.csv").await;
    let id = made["id"].as_str().expect("an id");
    assert_eq!((&made["users"], &made["file"]["ignored_columns"]), (&json!(2), &json!(["city"])));
    assert_eq!(terminal.tells("picks list").await[0]["id"], id);
    let shown = terminal.tells(&format!("picks show {id}")).await;
    assert_eq!((&shown[0]["id"], &shown[1]["name"]), (&json!("KEY2"), &json!("name-1")));

    terminal.write("users.csv", "id\nKEY2\nnobody\n");
    let some = terminal.run("picks add --source acme --file users.csv").await;
    assert_eq!(some.code, Some(1), "{some:?}");
    assert!(some.out.contains("line 3: `nobody`: no such user"), "{some:?}");
    let none = terminal.run("picks add --source acme --file users.csv --all").await;
    assert!(none.code == Some(1) && none.err.contains("take=found") && none.err.contains("`nobody`"), "{none:?}");
    assert_eq!(terminal.tells("picks list").await.as_array().map(Vec::len), Some(2));

    std::fs::write(terminal.path().join("old.csv"), b"id;name\nKEY1;zo\xeb\n").expect("written");
    let refused = terminal.run("picks add --source acme --file old.csv").await;
    assert!(refused.code == Some(1) && refused.err.contains("zoë"), "{refused:?}");
    terminal.says("picks add --source acme --file old.csv --encoding windows-1252").await;
    let missing = terminal.run("picks add --source acme --file no.csv").await;
    assert!(missing.code == Some(2) && missing.err.contains("no.csv"), "{missing:?}");

    assert!(terminal.run(&format!("picks delete {id}")).await.err.contains("write --yes"));
    assert_eq!(terminal.says(&format!("picks delete {id} --yes")).await, format!("{id} deleted\n"));
    let gone = terminal.run(&format!("picks show {id}")).await;
    assert!(gone.code == Some(1) && gone.err.contains("there is no pick"), "{gone:?}");
}
