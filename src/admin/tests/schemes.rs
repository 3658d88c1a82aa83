//! Making, changing and deleting stored schemes; pausing.

use actix_web::http::header;
use serde_json::json;

use super::*;

const TEXT: &str = "
id: new
source: acme
trigger: on_create
select: { everyone: true }
actions: [{ add_groups: [staff] }]
";

/// A request with headers and a body.
pub(super) async fn send(
    site: &Site,
    method: Method,
    uri: &str,
    headers: &[(&str, &str)],
    body: impl Into<Vec<u8>>,
) -> TestResponse {
    let mut request = TestRequest::default().method(method).uri(uri).set_payload(body.into());
    request = request.insert_header(("Authorization", format!("Bearer {TOKEN}")));
    for (name, value) in headers {
        request = request.insert_header((*name, *value));
    }
    site.send(request).await
}

async fn post(site: &Site, body: impl Into<Vec<u8>>) -> TestResponse {
    send(site, Method::POST, "/api/v1/schemes", &[], body).await
}

async fn put(site: &Site, id: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> TestResponse {
    send(site, Method::PUT, &format!("/api/v1/schemes/{id}"), headers, body).await
}

async fn delete(site: &Site, id: &str, headers: &[(&str, &str)]) -> TestResponse {
    send(site, Method::DELETE, &format!("/api/v1/schemes/{id}"), headers, "").await
}

async fn ask(site: &Site, path: &str) -> TestResponse {
    send(site, Method::POST, &format!("/api/v1/{path}"), &[], "").await
}

#[actix_web::test]
async fn a_scheme_is_made_from_yaml_or_json_and_is_there_at_once() {
    let site = Site::start();
    let made = post(&site, TEXT).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(made.header("location"), "/api/v1/schemes/new");
    let shown = site.get("/api/v1/schemes/new").await;
    assert_eq!((shown.json(), shown.header("etag")), (made.json(), made.header("etag")));
    let row = made.json();
    assert_eq!((&row["test_mode"], &row["provisioned"], &row["paused"]), (&json!(true), &json!(false), &json!(false)));
    assert_eq!((&row["actions"], &row["changed"]["by"]), (&json!([{"add_groups": ["staff"]}]), &json!("admin")));
    assert_eq!(made.header("etag"), format!("\"1-{}\"", row["version"].as_str().expect("a version")));
    let ids: Vec<_> = site.all("/api/v1/schemes", 2).await.into_iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, ["a", "b", "c", "new"]);

    let json = json!({"id": "newer", "source": "cloud", "trigger": "on_login", "select": {"email_domain": ["x.example"]},
        "actions": [{"remove_groups": ["staff"]}]});
    let made = post(&site, json.to_string()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
}

#[actix_web::test]
async fn a_scheme_is_changed_and_deleted_by_whoever_has_read_it_as_it_is() {
    let site = Site::start();
    let made = post(&site, TEXT).await;
    let tag = made.header("etag").to_owned();
    let text = TEXT.replace("staff", "crew");
    let as_ann = [("If-Match", tag.as_str()), ("X-Usher-Actor", "Ann")];
    let changed = put(&site, "new", &as_ann, text.clone()).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(changed.json()["changed"]["by"], "admin (for Ann)");
    let newer = changed.header("etag").to_owned();
    assert_ne!(newer, tag);

    for answer in [put(&site, "new", &as_ann, text.clone()).await, delete(&site, "new", &as_ann).await] {
        assert!(answer.problem(412, "stale").contains("read it again"));
    }
    for answer in [put(&site, "new", &[], text.clone()).await, delete(&site, "new", &[]).await] {
        assert!(answer.problem(428, "if-match-required").contains("ETag"));
    }
    let bare = [("If-Match", newer.trim_matches('"'))];
    assert!(delete(&site, "new", &bare).await.problem(400, "bad-request").contains("with its quotes"));
    assert_eq!(site.get("/api/v1/schemes/new").await.header("etag"), newer, "none of that changed anything");

    let gone = delete(&site, "new", &[("If-Match", newer.as_str()), ("X-Usher-Actor", "Ben")]).await;
    assert_eq!((gone.status, gone.text.as_str()), (StatusCode::NO_CONTENT, ""));
    for answer in [site.get("/api/v1/schemes/new").await, delete(&site, "new", &[("If-Match", "*")]).await] {
        answer.problem(404, "not-found");
    }
    put(&site, "new", &[("If-Match", "*")], text).await.problem(404, "not-found");
    let history = site.get("/api/v1/schemes/new/history").await.json();
    let told: Vec<_> =
        history["items"].as_array().expect("items").iter().map(|row| [&row["change"], &row["by"]]).collect();
    assert_eq!(
        json!(told),
        json!([["deleted", "admin (for Ben)"], ["updated", "admin (for Ann)"], ["created", "admin"]])
    );
    assert_eq!(history["items"][1]["scheme"]["actions"], json!([{"add_groups": ["crew"]}]));
    assert_eq!(history["next"], Value::Null);
}

#[actix_web::test]
async fn an_id_that_is_taken_is_refused() {
    let site = Site::start();
    post(&site, TEXT).await;
    for taken in ["new", "a"] {
        let detail = post(&site, TEXT.replace("new", taken)).await.problem(409, "conflict");
        assert!(detail.contains(&format!("`{taken}`")), "{detail}");
    }
}

#[actix_web::test]
async fn what_stands_in_the_file_is_changed_there() {
    let site = Site::start();
    let tag = site.get("/api/v1/schemes/a").await.header("etag").to_owned();
    assert_eq!(tag, "\"v1\"");
    let headers = [("If-Match", tag.as_str())];
    for answer in
        [put(&site, "a", &headers, TEXT).await, delete(&site, "a", &headers).await, delete(&site, "a", &[]).await]
    {
        assert!(answer.problem(409, "conflict").contains("configuration file; change it there"));
    }
    assert_eq!(site.get("/api/v1/schemes/a/history").await.json(), json!({"items": [], "next": null}));
}

#[actix_web::test]
async fn a_scheme_that_cant_be_used_is_refused_with_every_problem_and_its_place() {
    let site = Site::start();
    let answer =
        post(&site, "id: new\nsource: acme\ntriger: on_create\nselect: { everyone: true }\nactions: []\n").await;
    answer.problem(422, "invalid-scheme");
    let problems = answer.json()["problems"].clone();
    let places: Vec<_> = problems.as_array().expect("an array").iter().map(|one| one["line"].clone()).collect();
    assert!(places.contains(&json!(3)) && places.contains(&json!(5)), "{problems}");
    assert!(problems.as_array().expect("an array").iter().all(|one| one["message"].is_string()), "{problems}");

    for (body, hint) in [
        (TEXT.replace("acme", "nowhere"), "no source `nowhere`; write one of: acme, cloud"),
        ("]".to_owned(), ""),
        (String::new(), ""),
    ] {
        let answer = post(&site, body.clone()).await;
        answer.problem(422, "invalid-scheme");
        let message = answer.json()["problems"][0]["message"].as_str().expect("a message").to_owned();
        assert!(!message.is_empty() && message.contains(hint), "{body}: {message}");
    }
    post(&site, TEXT).await;
    let other = put(&site, "new", &[("If-Match", "*")], TEXT.replace("id: new", "id: old")).await;
    other.problem(422, "invalid-scheme");
    assert!(other.text.contains("the path says `new`"), "{}", other.text);
}

#[actix_web::test]
async fn bodies_and_names_that_cant_be_read_are_refused() {
    let site = Site::start();
    assert!(post(&site, vec![0xff, 0xfe]).await.problem(400, "bad-request").contains("UTF-8"));
    assert!(post(&site, vec![b' '; MAX_BODY + 1]).await.problem(413, "too-large").contains("3145728"));
    let nobody = [("X-Usher-Actor", " ")];
    let answer = send(&site, Method::POST, "/api/v1/schemes", &nobody, TEXT).await;
    assert!(answer.problem(400, "bad-request").contains("1 to 100 printable characters"));
    let answer = send(&site, Method::POST, "/api/v1/schemes?dry=1", &[], TEXT).await;
    assert!(answer.problem(400, "bad-query").contains("dry"));
    assert_eq!(site.get("/api/v1/schemes").await.json()["items"].as_array().expect("items").len(), 3);
}

#[actix_web::test]
async fn sources_and_schemes_are_paused_and_resumed() {
    let site = Site::start();
    post(&site, TEXT).await;
    let paused = async |list: &str, id: &str| {
        let rows = site.all(&format!("/api/v1/{list}"), 100).await;
        rows.into_iter().find(|row| row["id"] == id).expect("it is listed")["paused"].clone()
    };
    for (list, id) in [("schemes", "a"), ("schemes", "new"), ("sources", "acme")] {
        for (verb, expected) in [("pause", true), ("pause", true), ("resume", false), ("resume", false)] {
            let answer = ask(&site, &format!("{list}/{id}/{verb}")).await;
            assert_eq!((answer.status, answer.text.as_str()), (StatusCode::NO_CONTENT, ""));
            assert_eq!(paused(list, id).await, expected, "{list} {id} {verb}");
        }
    }
    for (path, kind) in
        [("schemes/none/pause", "scheme"), ("sources/none/resume", "source"), ("sources/A/pause", "source")]
    {
        assert!(ask(&site, path).await.problem(404, "not-found").contains(kind));
    }
}

#[actix_web::test]
async fn without_the_log_nothing_is_changed_and_the_caller_is_to_come_again() {
    let site = Site::start();
    site.following.log.fail_appends(true);
    for answer in [post(&site, TEXT).await, ask(&site, "schemes/a/pause").await] {
        answer.problem(503, "unavailable");
        assert_eq!(answer.header(header::RETRY_AFTER.as_str()), "5");
    }
    site.following.log.fail_appends(false);
    assert_eq!(post(&site, TEXT).await.status, StatusCode::CREATED);
}
