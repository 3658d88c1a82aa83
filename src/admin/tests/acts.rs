//! The audit: acts are recorded before they are done, and shown.

use super::*;
use crate::{
    domain::AdminAction,
    log::{Stream, codec},
};

async fn send_as(
    site: &Site,
    name: &str,
    method: Method,
    uri: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> TestResponse {
    let request = TestRequest::default().method(method).uri(uri);
    let request = request.insert_header(("Authorization", format!("Bearer token-of-{name}")));
    let request = headers.iter().fold(request, |request, header| request.insert_header(*header));
    site.send(request.peer_addr(([10, 0, 0, 7], 5000).into()).set_payload(body.to_owned())).await
}

async fn post_as(site: &Site, name: &str, path: &str, headers: &[(&str, &str)]) -> TestResponse {
    send_as(site, name, Method::POST, &format!("/api/v1{path}"), headers, "").await
}

/// The records in the log, in order.
fn recorded(site: &Site) -> Vec<AdminAction> {
    let records = site.following.log.all(Stream::AdminActions);
    records.iter().map(|record| codec::decode(&record.payload).expect("an act")).collect()
}

/// The list, once it has this many rows.
async fn listed(site: &Site, query: &str, count: usize) -> Vec<Value> {
    for _ in 0..1_000 {
        let items = site.all(&format!("/api/v1/audit?{query}"), 500).await;
        if items.len() == count {
            return items;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("never {count} rows: {:?}", site.all(&format!("/api/v1/audit?{query}"), 500).await);
}

#[actix_web::test]
async fn whoever_paused_a_source_is_shown_and_a_name_they_state_does_not_hide_theirs() {
    let site = Site::start();
    let paused = post_as(&site, "operator", "/sources/acme/pause", &[("X-Usher-Actor", "admin")]).await;
    assert_eq!(paused.status, StatusCode::NO_CONTENT);
    let mut row = listed(&site, "action=source", 1).await.remove(0);
    for changes in ["id", "at"] {
        row[changes] = Value::from("…");
    }
    insta::assert_json_snapshot!(row, @r#"
    {
      "action": "source.pause",
      "after": "paused",
      "at": "…",
      "before": "running",
      "by": "operator (for admin)",
      "from": "10.0.0.7",
      "id": "…",
      "on": "source:acme",
      "reason": null,
      "result": "accepted",
      "role": "operator",
      "run": null,
      "source": "acme",
      "via": "api"
    }
    "#);
    assert_eq!(listed(&site, "by=operator", 1).await.len(), 1);
    assert_eq!(listed(&site, "by=admin", 0).await.len(), 0, "nobody is taken for another one");
}

#[actix_web::test]
async fn nothing_is_done_that_can_not_be_recorded() {
    let site = Site::start();
    site.following.log.fail_appends(true);
    for path in ["/sources/acme/pause", "/schemes/a/pause"] {
        let refused = post_as(&site, "boss", path, &[]).await.problem(503, "unavailable");
        assert!(refused.contains("nothing was done"), "{refused}");
    }
    let forbidden = post_as(&site, "viewer", "/sources/acme/pause", &[]).await;
    forbidden.problem(503, "unavailable");
    site.following.log.fail_appends(false);
    assert_eq!(site.get("/api/v1/sources/acme").await.json()["paused"], Value::from(false));
    assert!(recorded(&site).is_empty());
}

#[actix_web::test]
async fn an_attempt_that_is_refused_is_recorded_up_to_a_number() {
    let site = Site::start();
    for _ in 0..50 {
        post_as(&site, "viewer", "/runs/e1.a/release", &[]).await.problem(403, "forbidden");
    }
    let rows = listed(&site, "", 10).await;
    for row in rows {
        assert_eq!((&row["by"], &row["role"], &row["result"]), (&"viewer".into(), &"viewer".into(), &"refused".into()));
        assert_eq!((&row["action"], &row["on"]), (&"run.release".into(), &"path:/runs/e1.a/release".into()));
        assert_eq!(row["reason"], "Only an administrator can release a held run.");
    }
}

#[actix_web::test]
async fn many_wrong_tokens_make_one_record_and_the_right_ones_are_let_in_at_once() {
    let site = Site::start();
    for _ in 0..4 {
        let answer = send_as(&site, "nobody", Method::GET, "/api/v1/runs", &[], "").await;
        answer.problem(401, "unauthorized");
    }
    for name in ["viewer", "operator", "boss"] {
        let answer = send_as(&site, name, Method::GET, "/api/v1/runs", &[], "").await;
        assert_eq!(answer.status, StatusCode::OK, "{name}");
    }
    let row = listed(&site, "", 1).await.remove(0);
    assert_eq!((&row["action"], &row["by"], &row["from"]), (&"sign-in".into(), &Value::Null, &"10.0.0.7".into()));
    assert!(!row.to_string().contains("token-of"), "no token is recorded");
}

#[actix_web::test]
async fn a_change_is_recorded_before_it_is_made_and_a_refused_one_is_marked() {
    let site = Site::start();
    let text = "id: new\nsource: acme\ntrigger: manual\nselect: { everyone: true }\nactions: [{ add_groups: [staff] }]";
    let made = send_as(&site, "boss", Method::POST, "/api/v1/schemes", &[], text).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let invalid = send_as(&site, "boss", Method::POST, "/api/v1/schemes", &[], "id: x").await;
    invalid.problem(422, "invalid-scheme");
    let acts = recorded(&site);
    assert_eq!(acts.len(), 1, "what can't be understood is no act");
    assert_eq!((acts[0].action.as_str(), acts[0].on.as_str()), ("scheme.create", "scheme:new"));
    assert_eq!(acts[0].after.as_deref(), made.json()["version"].as_str());
    // The record was appended before the setting.
    let record = site.following.log.all(Stream::AdminActions).remove(0);
    let setting = site.following.log.all(Stream::Settings).remove(0);
    assert!(record.appended <= setting.appended);
}

#[actix_web::test]
async fn an_act_that_turns_out_to_be_impossible_is_shown_as_failed() {
    let site = Site::start();
    let state = site.listener.state().expect("open");
    let by = state.shown.principal(b"token-of-boss", crate::domain::Channel::Console).expect("known");
    let entry = audit::Entry::new(audit::Act::SchemePause, audit::Object::Scheme("a".parse().expect("an id")));
    let act = async { Err::<(), _>(Problem::Stale("it was changed meanwhile".into())) };
    let refused = state.recorded(&by, entry.clone(), act).await.expect_err("refused");
    assert!(matches!(refused, Problem::Stale(_)));
    // Not known: the log was away in between.
    let act = async { Err::<(), _>(Problem::Unavailable("the log is away".into())) };
    state.recorded(&by, entry, act).await.expect_err("not known");
    let rows = listed(&site, "", 2).await;
    let of = |result: &str| rows.iter().find(|row| row["result"] == result).expect("a row");
    let failed = of("failed");
    assert_eq!((&failed["via"], &failed["reason"]), (&"console".into(), &"it was changed meanwhile".into()));
    assert_eq!(of("accepted")["reason"], Value::Null);
}

#[actix_web::test]
async fn the_file_for_spreadsheets_has_no_formula_and_is_recorded_itself() {
    let site = Site::start();
    post_as(&site, "operator", "/sources/acme/pause", &[("X-Usher-Actor", "=1+1")]).await;
    let mut hostile: AdminAction = recorded(&site).remove(0);
    for (number, by) in ["=1+1", "+cmd|' /C calc'!A0", "＝1", "a,\"b\"", "<b>\u{202e}"].into_iter().enumerate() {
        hostile.id = format!("{number:032x}");
        hostile.by = Some(by.parse().expect("a name"));
        hostile.reason = Some("\t=1".into());
        let key = crate::domain::UserKey::of_admin_actions();
        site.following.log.put(Stream::AdminActions, key.as_str(), codec::encode(&hostile));
    }
    listed(&site, "", 6).await;
    let file = send_as(&site, "viewer", Method::GET, "/api/v1/audit.csv?action=source", &[], "").await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"usher-audit.csv\"");
    let text = file.text.strip_prefix('\u{feff}').expect("a mark for spreadsheets");
    assert!(text.starts_with("id,at,by,role,") && text.contains("\r\n"), "{text}");
    let rows: Vec<_> =
        csv::Reader::from_reader(text.as_bytes()).into_records().map(|row| row.expect("a row")).collect();
    let names: Vec<_> = rows.iter().map(|row| row[2].to_owned()).collect();
    for name in ["'=1+1", "'+cmd|' /C calc'!A0", "'＝1", "a,\"b\"", "<b>\u{202e}", "operator (for =1+1)"] {
        assert!(names.iter().any(|cell| cell == name), "{name}: {names:?}");
    }
    assert!(rows.iter().filter(|row| &row[2] != "operator (for =1+1)").all(|row| &row[11] == "'\t=1"));
    let export = listed(&site, "action=export", 1).await.remove(0);
    assert_eq!((&export["by"], &export["on"]), (&"viewer".into(), &"list:audit".into()));
}

#[actix_web::test]
async fn one_key_makes_one_run_and_is_not_used_for_anything_else() {
    let site = Site::start();
    for scheme in ["one", "two"] {
        let text = format!(
            "id: {scheme}\nsource: acme\ntrigger: manual\nenabled: true\nselect: {{ everyone: true }}\nactions: [{{ add_groups: [staff] }}]"
        );
        let made = send_as(&site, "boss", Method::POST, "/api/v1/schemes", &[], &text).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    }
    let run = async |name: &str, scheme: &str, key: &str| {
        let path = format!("/schemes/{scheme}/run");
        let headers = [("Idempotency-Key", key)];
        post_as(&site, name, &path, &headers[..usize::from(!key.is_empty())]).await
    };
    let id = |answer: &TestResponse| {
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        answer.json()["id"].as_str().expect("an id").to_owned()
    };
    let first = id(&run("operator", "one", "k1").await);
    assert_eq!(id(&run("operator", "one", "k1").await), first);
    assert_ne!(id(&run("operator", "one", "k2").await), first);
    assert_ne!(id(&run("operator", "one", "").await), id(&run("operator", "one", "").await));
    assert_ne!(id(&run("boss", "one", "k1").await), first, "a key is its client's own");
    let other = run("operator", "two", "k1").await.problem(409, "conflict");
    assert!(other.contains("last 24 hours"), "{other}");
    run("operator", "one", &"k".repeat(201)).await.problem(400, "bad-request");

    // Two at once, as on two replicas: none has seen the other one's record when it looks.
    let both = futures::future::join_all((0..8).map(|_| run("operator", "one", "k3"))).await;
    let ids: std::collections::BTreeSet<_> = both.iter().map(id).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[actix_web::test]
async fn a_request_that_was_recorded_and_then_not_made_is_made_when_it_is_sent_again() {
    let site = Site::start();
    let text = "id: one\nsource: acme\ntrigger: manual\nenabled: true\nselect: { everyone: true }\nactions: [{ add_groups: [staff] }]";
    send_as(&site, "boss", Method::POST, "/api/v1/schemes", &[], text).await;
    // As after a `kill -9` between the record and the act.
    let state = site.listener.state().expect("open");
    let by = state.shown.principal(b"token-of-operator", crate::domain::Channel::Api).expect("known");
    let run = crate::domain::RunId::new("0123.one");
    let key = crate::domain::RequestKey::new(&by.name, "k1", &[b"scheme.run", b"one", b""]);
    let entry = audit::Entry::new(audit::Act::SchemeRun, audit::Object::Scheme("one".parse().expect("an id")));
    state.record(&by, entry.beginning(&run).repeatable(Some(key))).await.expect("recorded");
    listed(&site, "action=scheme.run", 1).await;
    assert!(site.following.log.all(Stream::Sweeps).is_empty());
    for _ in 0..2 {
        let answer = post_as(&site, "operator", "/schemes/one/run", &[("Idempotency-Key", "k1")]).await;
        assert_eq!((answer.status, answer.json()["id"].as_str()), (StatusCode::ACCEPTED, Some("0123.one")));
    }
    assert_eq!(site.following.log.all(Stream::Sweeps).len(), 1, "asked for once, and seen then");
}
