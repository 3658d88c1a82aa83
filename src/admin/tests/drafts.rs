//! Drafts of schemes over the API.

use serde_json::json;

use super::{schemes::send, *};

async fn post(site: &Site, body: &Value, headers: &[(&str, &str)]) -> TestResponse {
    send(site, Method::POST, "/api/v1/drafts", headers, body.to_string()).await
}

#[actix_web::test]
async fn a_draft_is_kept_as_it_is_written_wrong_or_incomplete() {
    let site = Site::start();
    for scheme in
        [json!({}), json!({"id": "=1+1", "trigger": 7, "x": "<script>\n\u{202e}".repeat(300)}), json!("id: new\n  tri")]
    {
        let sent = json!({"scheme": scheme, "based_on": {"id": "a", "tag": "v1"}, "step": 2});
        let made = post(&site, &sent, &[]).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let shown = site.get(made.header("location")).await;
        assert_eq!((shown.json(), shown.header("etag")), (made.json(), made.header("etag")));
        let row = shown.json();
        assert_eq!((&row["scheme"], &row["based_on"], &row["step"]), (&scheme, &sent["based_on"], &json!(2)));
        assert_eq!((&row["owner"], &row["created"]), (&json!("admin"), &row["changed"]));
    }
    let listed = site.all("/api/v1/drafts", 2).await;
    assert_eq!(listed.len(), 3);
    let schemes = site.all("/api/v1/schemes", 100).await;
    assert_eq!(schemes.len(), 3, "a draft is no scheme");
}

#[actix_web::test]
async fn a_draft_is_changed_and_deleted_by_its_owner_who_has_read_it_as_it_is() {
    let site = Site::start();
    let ann = ("X-Usher-Actor", "Ann");
    let made = post(&site, &json!({"scheme": {}}), &[ann]).await;
    let (place, tag) = (made.header("location").to_owned(), made.header("etag").to_owned());
    assert_eq!(made.json()["step"], 1);
    let body = json!({"scheme": {"id": "new"}, "step": 5}).to_string();
    let put = async |headers: &[(&str, &str)]| send(&site, Method::PUT, &place, headers, body.clone()).await;
    let delete = async |headers: &[(&str, &str)]| send(&site, Method::DELETE, &place, headers, "").await;
    put(&[ann]).await.problem(428, "if-match-required");
    let changed = put(&[ann, ("If-Match", &tag)]).await;
    assert_eq!((changed.status, &changed.json()["scheme"]), (StatusCode::OK, &json!({"id": "new"})));
    for answer in [put(&[ann, ("If-Match", &tag)]).await, delete(&[ann, ("If-Match", &tag)]).await] {
        assert!(answer.problem(412, "stale").contains("read it again"));
    }
    for answer in [put(&[("If-Match", "*")]).await, delete(&[("If-Match", "*")]).await, site.get(&place).await] {
        answer.problem(404, "not-found");
    }
    assert_eq!(site.all("/api/v1/drafts", 10).await, Vec::<Value>::new(), "they are Ann's");
    assert_eq!(delete(&[ann, ("If-Match", changed.header("etag"))]).await.status, StatusCode::NO_CONTENT);
    delete(&[ann, ("If-Match", "*")]).await.problem(404, "not-found");
}

#[actix_web::test]
async fn what_is_no_draft_is_refused_with_what_to_write() {
    let site = Site::start();
    for (body, says) in [
        (json!({}), "scheme"),
        (json!({"scheme": null}), "neither an object nor a text"),
        (json!({"scheme": []}), "neither an object nor a text"),
        (json!({"scheme": {}, "step": 6}), "from 1 to 5"),
        (json!({"scheme": {}, "step": 0}), "from 1 to 5"),
        (json!({"scheme": {}, "step": 2.5}), "from 1 to 5"),
        (json!({"scheme": {}, "step": -1}), "from 1 to 5"),
        (json!({"scheme": {}, "owner": "ben"}), "owner"),
        (json!({"scheme": {}, "based_on": {"id": "A B", "tag": ""}}), ""),
        (json!({"scheme": {}, "based_on": {"id": "a", "tag": "x".repeat(101)}}), "longer than any tag"),
    ] {
        let detail = post(&site, &body, &[]).await.problem(400, "bad-request");
        assert!(detail.contains(says) && detail.contains("write `{\"scheme\""), "{body}: {detail}");
    }
    assert_eq!(post(&site, &json!({"scheme": {}, "step": 4.0}), &[]).await.json()["step"], 4);
    let long = json!({"scheme": "x".repeat(600_000)});
    post(&site, &long, &[]).await.problem(413, "too-large");
    send(&site, Method::POST, "/api/v1/drafts", &[], "{").await.problem(400, "bad-request");
    let deep = format!("{{\"scheme\": {}1{}}}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    send(&site, Method::POST, "/api/v1/drafts", &[], deep).await.problem(400, "bad-request");
}

#[actix_web::test]
async fn without_the_log_no_draft_is_kept() {
    let site = Site::start();
    site.following.log.fail_appends(true);
    post(&site, &json!({"scheme": {}}), &[]).await.problem(503, "unavailable");
    assert_eq!(site.all("/api/v1/drafts", 10).await, Vec::<Value>::new());
}
