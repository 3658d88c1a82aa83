//! Picks of users: frozen when they are made, read from files, and there after a crash.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::sandbox::Account;

use crate::support::{
    face::{Face, eventually},
    ground::{ACME, ADMIN_TOKEN, Ground},
    usher::Usher,
};

fn user(number: usize, name: &str) -> Account {
    Account::new(format!("k:{number:03}"), name).email(format!("user-{number}@acme.example"))
}

/// A site with 12 users called `leaver`, and some with hostile names.
fn ground() -> Ground {
    let ground = Ground::new("");
    for number in 0..12 {
        ground.sandbox.put_user(ACME.product, user(number, &format!("leaver {number}")));
    }
    for (name, number) in
        ["=1+1", "<script>alert(1)</script>", "two\nlines", "\u{202e}txt", "a;\"b\""].iter().zip(100..)
    {
        ground.sandbox.put_user(ACME.product, user(number, name));
    }
    ground.sandbox.put_user(ACME.product, user(200, &"x".repeat(300)));
    ground
}

/// Lists the users anew, and waits for the end.
pub(super) async fn refresh(face: &Face) {
    let before = face.ask("sources/acme", &[]).await.1["roster"]["as_of"].clone();
    let (status, _, begun) = face.send(Method::POST, "sources/acme/roster/refresh", &[], "").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{begun}");
    eventually("the users are listed", || async {
        let (_, detail) = face.ask("sources/acme", &[]).await;
        (detail["roster_refresh"]["state"] == "done" && detail["roster"]["as_of"] != before).then_some(())
    })
    .await;
}

async fn made(face: &Face, path: &str, body: impl Into<String>) -> Value {
    let (status, tag, pick) = face.send(Method::POST, path, &[], body).await;
    assert_eq!(status, StatusCode::CREATED, "{pick}");
    assert_eq!(tag, format!("\"{}\"", pick["tag"].as_str().expect("text")));
    pick
}

async fn users(face: &Face, pick: &Value) -> Vec<String> {
    let rows = face.list(&format!("picks/{}/users", id(pick)), &[]).await;
    rows.iter().map(|row| row["id"].as_str().expect("text").to_owned()).collect()
}

fn id(pick: &Value) -> &str {
    pick["id"].as_str().expect("an id")
}

/// Sends a file as its bytes are.
async fn file(face: &Face, query: &str, bytes: Vec<u8>) -> (StatusCode, Value) {
    let url = format!("http://{}/api/v1/picks/csv?source=acme{query}", face.admin);
    let request = face.http.post(url).bearer_auth(ADMIN_TOKEN).header("Content-Type", "text/csv").body(bytes);
    let answer = request.send().await.expect("an answer");
    (answer.status(), answer.json().await.expect("JSON"))
}

async fn export(face: &Face, pick: &Value) -> String {
    let url = format!("http://{}/api/v1/picks/{}.csv", face.admin, id(pick));
    let answer = face.http.get(url).bearer_auth(ADMIN_TOKEN).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    answer.text().await.expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_appears_later_is_not_in_a_pick_and_the_pick_outlives_a_kill() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    refresh(&usher).await;
    let leavers = json!({"source": "acme", "filter": {"q": "leaver"}}).to_string();
    let pick = made(&usher, "picks", leavers.as_str()).await;
    assert_eq!((&pick["users"], &pick["whole"]), (&json!(12), &json!(true)), "{pick}");
    let frozen = users(&usher, &pick).await;
    ground.sandbox.put_user(ACME.product, user(13, "leaver 13"));
    refresh(&usher).await;
    assert_eq!(users(&usher, &pick).await, frozen);
    assert_eq!(made(&usher, "picks", leavers.as_str()).await["users"], 13, "a new one has all who match now");
    let hostile = made(&usher, "picks", r#"{"source": "acme", "filter": {}}"#).await;
    let (all, of_all) = (users(&usher, &hostile).await, export(&usher, &hostile).await);
    usher.kill();

    let usher = Usher::start(&ground).await;
    let (status, again) = usher.ask(&format!("picks/{}", id(&pick)), &[]).await;
    assert_eq!(status, StatusCode::OK, "{again}");
    assert_eq!((&again["tag"], &again["expires"]), (&pick["tag"], &pick["expires"]));
    assert_eq!(users(&usher, &pick).await, frozen);
    // What was exported means the same users, whatever their names are.
    let (status, read) = file(&usher, "&take=all", of_all.into_bytes()).await;
    assert_eq!(status, StatusCode::CREATED, "{read}");
    assert_eq!(users(&usher, &read).await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_spreadsheet_is_read_right_and_unknown_users_are_named_by_line() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    refresh(&usher).await;
    let text = "User Name;E-Mail\r\n'=1+1;\r\n;USER-3@acme.example\r\nnobody;\r\nleaver 4;ignored@acme.example\r\n;x@y.example\r\n";
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    let (status, read) = file(&usher, "&dry_run=true", utf16.clone()).await;
    assert_eq!((status, &read["file"]["found"], &read["file"]["not_there"]), (StatusCode::OK, &json!(3), &json!(2)));
    assert_eq!(usher.list("picks", &[]).await, Vec::<Value>::new());
    let (status, pick) = file(&usher, "", utf16).await;
    assert_eq!(status, StatusCode::CREATED, "{pick}");
    assert_eq!(users(&usher, &pick).await, ["k:100", "k:003", "k:004"]);
    let lines: Vec<_> =
        pick["problems"].as_array().expect("a list").iter().map(|one| (&one["line"], &one["value"])).collect();
    assert_eq!(lines, [(&json!(4), &json!("nobody")), (&json!(6), &json!("x@y.example"))]);
    let csv = export(&usher, &pick).await;
    assert!(csv.contains(",'=1+1,"), "{csv}");
    let (_, again) = file(&usher, "&take=all", csv.into_bytes()).await;
    assert_eq!(users(&usher, &again).await, users(&usher, &pick).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_add_at_once_both_have_their_users_in_it() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    refresh(&usher).await;
    let pick = made(&usher, "picks", r#"{"source": "acme", "users": []}"#).await;
    let path = format!("picks/{}/add", id(&pick));
    let adding = (0..12).map(|number| {
        let body = json!({"users": [format!("k:{number:03}")]}).to_string();
        usher.send(Method::POST, &path, &[], body)
    });
    for (status, _, answer) in futures::future::join_all(adding).await {
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    let mut there = users(&usher, &pick).await;
    there.sort();
    assert_eq!(there, (0..12).map(|number| format!("k:{number:03}")).collect::<Vec<_>>());
    let (_, row) = usher.ask(&format!("picks/{}", id(&pick)), &[]).await;
    assert!(row["tag"].as_str().is_some_and(|tag| tag.starts_with("13-")), "{row}");
}
