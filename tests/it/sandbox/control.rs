//! A sandbox in another process: everything by its controls over HTTP.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use usher::{
    domain::Product,
    sandbox::{Account, Application, Control, Effect, Fault, Limit, Population, When},
};

use super::Site;

const DC: Product = Product::JiraDc;

fn start() -> (Site, Control) {
    let site = Site::start(DC);
    let control = site.sandbox.control().expect("a client");
    (site, control)
}

#[tokio::test]
async fn users_groups_and_memberships_are_arranged_from_outside() {
    let (site, control) = start();
    control.put_users(DC, &[Account::new("JIRAUSER1", "ann"), Account::new("JIRAUSER2", "bob")]).await.expect("done");
    control.put_groups(DC, &["staff", "vpn"]).await.expect("done");
    assert!(control.add_member(DC, "JIRAUSER1", "vpn").await.expect("done"));
    assert!(!control.add_member(DC, "JIRAUSER1", "vpn").await.expect("done"));
    assert_eq!(site.get("user?username=ann&expand=groups").await.1["groups"]["items"][0]["name"], "vpn");

    let users = control.users(DC).await.expect("users");
    let ann = users.iter().find(|user| user.account.id == "JIRAUSER1").expect("ann");
    assert!(ann.groups.contains("vpn") && users[0].account.name == "usher");

    assert!(control.remove_member(DC, "JIRAUSER1", "vpn").await.expect("done"));
    assert!(control.delete_user(DC, "JIRAUSER2").await.expect("done"));
    assert!(!control.delete_user(DC, "JIRAUSER2").await.expect("done"));
    assert_eq!(site.get("user?username=bob").await.0, 404);
}

#[tokio::test]
async fn unknown_users_and_groups_are_told_of() {
    let (_site, control) = start();
    for (user, group) in [("nobody", "staff"), ("id:jane", "nothing")] {
        let refused = control.add_member(DC, user, group).await.expect_err("a refusal");
        assert_eq!(refused.status().map(|status| status.as_u16()), Some(404));
    }
}

#[tokio::test]
async fn the_journal_and_the_requests_are_read_from_outside() {
    let (site, control) = start();
    control.add_member(DC, "id:jane", "staff").await.expect("done");
    site.send(Method::POST, "group/user?groupname=staff", json!({ "name": "joe" })).await;
    let journal = control.journal(0).await.expect("the journal");
    assert_eq!(journal, site.sandbox.journal());
    assert_eq!((journal[0].by.as_str(), journal[1].by.as_str()), ("someone", "usher"));
    assert_eq!(control.journal(1).await.expect("the journal"), journal[1..]);
    let requests = control.requests().await.expect("the counts");
    assert_eq!(requests, site.sandbox.requests());
    assert_eq!((requests.len(), requests[0].status, requests[0].count), (1, Some(201), 1));
}

#[tokio::test]
async fn faults_are_injected_seen_and_removed_from_outside() {
    let (site, control) = start();
    let fault = Fault::new(Effect::Fail { status: 500, retry_after: None, after_work: false }).when(When::Every(2));
    let id = control.inject(&fault).await.expect("an id");
    assert_eq!([site.get("myself").await.0, site.get("myself").await.0], [200, 500]);
    let seen = control.faults().await.expect("the faults");
    assert_eq!((seen[0].id, seen[0].matched, seen[0].fired, &seen[0].fault), (id, 2, 1, &fault));
    assert!(control.remove_fault(id).await.expect("done"));
    control.inject(&Fault::new(Effect::Forbidden)).await.expect("an id");
    control.clear_faults().await.expect("done");
    assert_eq!(site.get("myself").await.0, 200);
}

#[tokio::test]
async fn limits_are_set_and_lifted_and_all_is_reset_from_outside() {
    let (site, control) = start();
    let nothing = Limit { capacity: 0, fill: 0, interval_seconds: 1 };
    control.limit(DC, Some(nothing)).await.expect("done");
    assert_eq!(site.get("myself").await.0, 429);
    control.limit(DC, None).await.expect("done");
    assert_eq!(site.get("myself").await.0, 200);
    control.limit(DC, Some(nothing)).await.expect("done");
    control.reset().await.expect("done");
    assert_eq!(site.get("myself").await.0, 200);
    assert_eq!(site.get("user?username=jane").await.0, 404);
}

#[tokio::test]
async fn a_crowd_applications_and_issues_are_arranged_from_outside() {
    let (site, control) = start();
    let like = Account::new("KEY{n}", "user-{n}").email("user-{n}@acme.example");
    control.put_crowd(DC, &Population::new(100_000, like).groups(&["crowd"])).await.expect("done");
    let began = Instant::now();
    let (status, page) = site.get("user/search?username=.&includeInactive=true&startAt=100002&maxResults=1000").await;
    assert_eq!((status, &page[0]["name"]), (200, &json!("user-99999")), "behind Jane, Joe and the acting account");
    assert!(began.elapsed() < Duration::from_secs(10));

    control.put_application(DC, &Application::new("jira-software", &["crowd"])).await.expect("done");
    let (_, last) = site.get("user?key=KEY99999&expand=applicationRoles").await;
    assert_eq!(last["applicationRoles"]["items"][0]["key"], "jira-software");

    let fields = json!({ "project": { "key": "OPS" }, "issuetype": { "name": "Task" }, "summary": "Look" });
    site.send(Method::POST, "issue", json!({ "fields": fields })).await;
    assert!(control.set_done(DC, "OPS-1", true).await.expect("done"));
    assert!(!control.set_done(DC, "OPS-2", true).await.expect("done"));
    let issues = control.issues(DC).await.expect("issues");
    assert_eq!((issues.len(), issues[0].summary.as_str(), issues[0].done), (1, "Look", true));
}

/// What the controls answer to a request: the status and the text.
pub(super) async fn asked(site: &Site, method: Method, path: &str, body: serde_json::Value) -> (u16, String) {
    let url = format!("{}_sandbox/{path}", site.sandbox.origin());
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.request(method, url);
    let request = if body.is_null() { request } else { request.json(&body) };
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

#[tokio::test]
async fn a_field_that_is_misspelt_is_refused_and_not_passed_over() {
    let (site, _control) = start();
    let jane = |field: &str| json!([{ "id": "JIRAUSER1", "name": "jane", field: true }]);
    for (method, path, body) in [
        (Method::PUT, "users?site=jira-dc", jane("deactivated")),
        (Method::PUT, "users?site=jira-dc", json!([{ "id": "K", "in_org": { "suspendet": true } }])),
        (Method::PUT, "users?site=jira-dc&force=true", jane("active")),
        (Method::PUT, "crowd?site=jira-dc", json!({ "count": 1, "acount": {}, "account": { "id": "K{n}" } })),
        (Method::PUT, "applications?site=jira-dc", json!({ "key": "x", "groops": [] })),
        (Method::PUT, "manners?site=jira-dc", json!({ "lait": 5 })),
        (Method::PUT, "limits?site=jira-dc", json!({ "capacity": 1, "fill": 1, "interval_seconds": 1, "rate": 2 })),
        (Method::POST, "faults", json!({ "when": "always", "effect": "forbidden", "sight": "jira-dc" })),
        (Method::POST, "faults", json!({ "when": "always", "effect": { "fail": { "status": 503, "retry": 1 } } })),
        (Method::PUT, "members?site=jira-dc&user=a&group=b&groups=c", json!(null)),
        (Method::POST, "audit?site=jira-dc&happened=created&user=a&when=now", json!(null)),
        (Method::DELETE, "users?site=jira-dc&user=id:jane&forced=true", json!(null)),
        (Method::GET, "journal?behind=3", json!(null)),
    ] {
        let (status, text) = asked(&site, method, path, body.clone()).await;
        assert_eq!((status, text.contains("unknown field")), (400, true), "{path} {body}: {text}");
    }
    assert_eq!(asked(&site, Method::PUT, "users?site=jira-dc", jane("read_only")).await.0, 200);
}

#[tokio::test]
async fn the_accounts_that_usher_acts_with_are_listed_and_not_deleted_by_accident() {
    let (site, control) = start();
    let (status, text) = asked(&site, Method::GET, "accounts", json!(null)).await;
    let accounts: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    assert_eq!((status, accounts.len()), (200, usher::sandbox::products().count()));
    let own = accounts.iter().find(|account| account["site"] == "jira-dc").expect("the one of Jira");
    assert_eq!((&own["name"], &own["groups"]), (&json!("usher"), &json!(["jira-administrators"])));
    let id = own["id"].as_str().expect("an id");
    let users = format!("users?site=jira-dc&user={id}");
    for (method, path, body) in [
        (Method::DELETE, users.as_str(), json!(null)),
        (Method::DELETE, "groups?site=jira-dc&name=jira-administrators", json!(null)),
        (Method::PUT, "users?site=jira-dc", json!([{ "id": id, "name": "jane" }])),
        (Method::PUT, "crowd?site=jira-dc", json!({ "count": 3, "first": 9_999, "account": { "id": "JIRAUSER{n}" } })),
    ] {
        let (status, text) = asked(&site, method, path, body).await;
        assert_eq!((status, text.contains("what usher acts with")), (409, true), "{path}: {text}");
    }
    assert!(control.users(DC).await.expect("users").iter().any(|user| user.account.name == "usher"));
    assert_eq!(asked(&site, Method::DELETE, &format!("{users}&force=true"), json!(null)).await.0, 200);
    assert!(!control.users(DC).await.expect("users").iter().any(|user| user.account.name == "usher"));
}
