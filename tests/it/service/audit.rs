//! Permissions and the record of acts, with the real binary.

use std::fs;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::{
    face::{Face, eventually},
    ground::Ground,
    kafka::KafkaBroker,
    usher::Usher,
};

const SCHEME: &str = "{ id: staff, source: acme, trigger: manual, select: { everyone: true },
                        actions: [{ add_groups: [staff] }] }";
const TOKENS: &str = "token: { env: TEST_ADMIN_TOKEN }, tokens: [
  { name: viewer, role: viewer, secret: { value: token-of-viewer } },
  { name: ci, role: operator, secret: { value: token-of-ci } } ]";

/// Puts the tokens into the configuration.
fn with_tokens(ground: Ground) -> Ground {
    change(&ground, "token: { env: TEST_ADMIN_TOKEN }", TOKENS);
    ground
}

fn change(ground: &Ground, from: &str, to: &str) {
    let text = fs::read_to_string(ground.config_path()).expect("a file");
    assert!(text.contains(from), "there is no `{from}` in: {text}");
    let aside = ground.folder().join("usher.yaml.new");
    fs::write(&aside, text.replacen(from, to, 1)).expect("written");
    fs::rename(aside, ground.config_path()).expect("renamed");
}

/// Asks with the token of that name.
async fn ask_as(face: &Face, name: &str, method: Method, path: &str, key: Option<&str>) -> (StatusCode, Value) {
    let url = format!("http://{}/api/v1/{path}", face.admin);
    let mut request = face.http.request(method, url).bearer_auth(format!("token-of-{name}"));
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    let answer = request.send().await.expect("an answer");
    (answer.status(), answer.json().await.unwrap_or_default())
}

async fn run_with(face: &Face, key: &str) -> String {
    let (status, run) = ask_as(face, "ci", Method::POST, "schemes/staff/run", Some(key)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{run}");
    run["id"].as_str().expect("an id").to_owned()
}

/// The records, oldest first, once there are this many: the caller, the act, and the result.
async fn recorded(face: &Face, count: usize) -> Vec<String> {
    eventually(&format!("{count} acts"), async || {
        let rows = face.list("audit", &[]).await;
        let word = |row: &Value, key: &str| row[key].as_str().unwrap_or("nobody").to_owned();
        let words = |row: &Value| ["by", "action", "result"].map(|key| word(row, key)).join(" ");
        (rows.len() == count).then(|| rows.iter().rev().map(words).collect())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_known_after_a_crash_and_a_key_leads_to_the_run_of_before() {
    let ground = with_tokens(Ground::new(SCHEME).groups(&["staff"]));
    let usher = Usher::start(&ground).await;
    let (status, refused) = ask_as(&usher, "viewer", Method::POST, "schemes/staff/run", None).await;
    assert_eq!((status, &refused["type"]), (StatusCode::FORBIDDEN, &Value::from("urn:usher:problem:forbidden")));
    assert_eq!(refused["detail"], "Only an operator can run a scheme now.");
    let (status, _) = ask_as(&usher, "nobody", Method::GET, "runs", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let run = run_with(&usher, "k1").await;
    let (status, _) = ask_as(&usher, "ci", Method::POST, "sources/acme/pause", None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    usher.kill();

    // The tables are built anew from the log.
    fs::remove_dir_all(ground.folder().join("data/state")).expect("removed");
    let usher = Usher::start(&ground).await;
    let acts = recorded(&usher, 4).await;
    let expected =
        ["ci scheme.run accepted", "ci source.pause accepted", "nobody sign-in refused", "viewer scheme.run refused"];
    let mut sorted = acts.clone();
    sorted.sort();
    assert_eq!(sorted, expected);
    assert_eq!(run_with(&usher, "k1").await, run);
    assert_ne!(run_with(&usher, "k2").await, run);
    let (status, _) = ask_as(&usher, "ci", Method::POST, "schemes/staff/pause", None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(run_with(&usher, "k1").await, run, "also where it could not begin now");

    // A token that is taken out of the configuration lets nobody in any more; another one goes on.
    change(&ground, "value: token-of-ci", "value: another-token");
    usher.hang_up();
    eventually("the old token is refused", async || {
        let (status, _) = ask_as(&usher, "ci", Method::GET, "runs", None).await;
        (status == StatusCode::UNAUTHORIZED).then_some(())
    })
    .await;
    assert_eq!(ask_as(&usher, "viewer", Method::GET, "runs", None).await.0, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_makes_one_run_on_two_replicas_and_each_shows_what_was_done_by_both() {
    let ground = with_tokens(Ground::new(SCHEME).groups(&["staff"])).on_kafka(&KafkaBroker::shared().config(3));
    let (one, other) = tokio::join!(Usher::replica(&ground, "one"), Usher::replica(&ground, "other"));
    for replica in [&one, &other] {
        eventually("ready", async || replica.open_page("readyz").await.0.is_success().then_some(())).await;
    }
    let (first, second) = tokio::join!(run_with(&one, "k1"), run_with(&other, "k1"));
    assert_eq!(first, second);
    assert_eq!(run_with(&other, "k1").await, first);
    eventually("both show the run", async || {
        let shown = async |replica: &Usher| replica.list("audit", &[("action", "scheme.run")]).await;
        let (mut of_one, of_other) = (shown(&one).await, shown(&other).await);
        let same = of_one == of_other;
        of_one.retain(|row| row["result"] == "accepted");
        (same && of_one.len() == 1 && of_one[0]["run"] == first).then_some(())
    })
    .await;
}
