//! Each documented status of each endpoint of an organisation.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::{
    domain::Product,
    sandbox::{Account, Application, DIRECTORY, Effect, Fault, InOrg, Limit, ORGANIZATION, Sandbox, TOKEN, group_id},
};

use super::{answer, client};

const ORG: Product = Product::AtlassianOrg;

/// An organisation with Jane, Joe and the group `staff`.
struct Org {
    sandbox: Sandbox,
    http: reqwest::Client,
}

impl Org {
    fn start() -> Self {
        let site = super::Site::start(ORG);
        Self { sandbox: site.sandbox, http: client() }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = self.http.request(method, format!("{}{path}", self.sandbox.base_url(ORG))).bearer_auth(TOKEN);
        answer(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask(Method::GET, path, None).await
    }

    /// A POST below the directory.
    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask(Method::POST, &within(path), Some(body)).await
    }

    async fn manage(&self, user: &str, what: &str) -> (u16, Value) {
        let body = (what == "lifecycle/disable").then(|| json!({ "message": "bis bald" }));
        self.ask(Method::POST, &format!("/users/{user}/manage/{what}"), body).await
    }

    fn put(&self, standing: InOrg) {
        let jane = Account::new("id:jane", "jane").email("jane@acme.example");
        self.sandbox.put_user(ORG, jane.in_org(standing));
    }
}

fn org(path: &str) -> String {
    format!("/admin/v2/orgs/{ORGANIZATION}{path}")
}

fn within(path: &str) -> String {
    org(&format!("/directories/{DIRECTORY}/{path}"))
}

fn codes(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["errors"][0]["code"].as_str().expect("a code"))
}

fn ids(page: &Value) -> Vec<&str> {
    page["data"].as_array().expect("a list").iter().filter_map(|user| user["accountId"].as_str()).collect()
}

#[tokio::test]
async fn the_key_is_accepted_and_each_family_of_calls_refuses_others_in_its_own_form() {
    let site = Org::start();
    let own = format!("/admin/v1/orgs/{ORGANIZATION}");
    let (status, organization) = site.get(&own).await;
    assert_eq!((status, &organization["data"]["id"]), (200, &json!(ORGANIZATION)));
    assert_eq!(codes(&site.get("/admin/v1/orgs/another").await), (404, "ADMIN-404-2"));
    let (directories, manage) = (org("/directories"), "/users/id:jane/manage".to_owned());
    for (path, field) in [(own, "code"), (directories, "errors"), (manage, "key")] {
        let url = format!("{}{path}", site.sandbox.base_url(ORG));
        for request in [
            site.http.get(&url),
            site.http.get(&url).bearer_auth("wrong"),
            site.http.get(&url).basic_auth("u", Some(TOKEN)),
        ] {
            let (status, body) = answer(request).await;
            assert!(status == 401 && !body[field].is_null(), "{path}: {status} {body}");
        }
    }
}

#[tokio::test]
async fn the_directories_are_listed_page_by_page_and_a_cursor_says_nothing() {
    let site = Org::start();
    let other = site.sandbox.put_directory("Partner");
    let (_, first) = site.get(&org("/directories?limit=1")).await;
    assert_eq!(first["data"][0]["directoryId"], DIRECTORY);
    let next = first["links"]["next"].as_str().expect("a further page");
    assert!(!next.contains("http") && !next.contains("limit"), "{next}");
    let (_, second) = site.get(&org(&format!("/directories?cursor={next}"))).await;
    assert_eq!((&second["data"][0]["directoryId"], second["links"].get("next")), (&json!(other), None));
    assert_eq!(codes(&site.get(&org("/directories?cursor=x")).await), (400, "ADMIN-400-1"));
}

#[tokio::test]
async fn users_are_searched_for_by_id_status_group_and_role() {
    let site = Org::start();
    site.put(InOrg {
        unmanaged: true,
        suspended: true,
        platform_roles: ["atlassian/site-admin".into()].into(),
        ..InOrg::default()
    });
    site.sandbox.add_member(ORG, "id:joe", "staff").expect("both exist");
    let find = async |body: Value| site.post("users/search", body).await.1;
    assert_eq!(ids(&find(json!({})).await), ["557058:0000-usher", "id:jane", "id:joe"]);
    let page = find(json!({ "accountIds": ["id:jane"], "expand": ["platformRoles", "groups"] })).await;
    let jane = &page["data"][0];
    assert_eq!(
        json!([jane["accountStatus"], jane["membershipStatus"], jane["status"], jane["claimStatus"], jane["groups"]]),
        json!(["active", "suspended", "suspended", "unmanaged", []])
    );
    assert_eq!(jane["platformRoles"], json!(["atlassian/site-admin"]));
    assert_eq!(ids(&find(json!({ "groupIds": [group_id("staff")] })).await), ["id:joe"]);
    assert_eq!(ids(&find(json!({ "roleIds": ["atlassian/site-admin"] })).await), ["id:jane"]);
    assert_eq!(ids(&find(json!({ "membershipStatus": ["suspended"] })).await), ["id:jane"]);
    assert_eq!(ids(&find(json!({ "claimStatus": "managed", "limit": 1 })).await), ["557058:0000-usher"]);
    assert_eq!(ids(&find(json!({ "emails": ["jane@acme.example"] })).await), ["id:jane"]);
    assert!(jane.get("productAccess").is_none(), "only where asked for");
}

#[tokio::test]
async fn a_search_that_contradicts_itself_or_asks_for_too_much_is_refused() {
    let site = Org::start();
    let eleven: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    for body in [
        json!({ "searchTerm": "j", "emails": ["j"] }),
        json!({ "accountIds": eleven }),
        json!({ "accountIds": [] }),
        json!({ "limit": 101 }),
        json!({ "limit": 0 }),
        json!({ "expand": "groups" }),
    ] {
        assert_eq!(codes(&site.post("users/search", body.clone()).await), (400, "ADMIN-400-24"), "{body}");
    }
    for body in [json!({ "searchTerm": "j", "groupNames": ["j"] }), json!({ "groupNames": ["j"], "groupIds": ["j"] })] {
        assert_eq!(codes(&site.post("groups/search", body.clone()).await), (400, "ADMIN-400-24"), "{body}");
    }
    let elsewhere = org("/directories/elsewhere/users/search");
    assert_eq!(codes(&site.ask(Method::POST, &elsewhere, Some(json!({}))).await), (404, "ADMIN-404-1"));
    let all = org("/directories/-/users/search");
    assert_eq!(ids(&site.ask(Method::POST, &all, Some(json!({}))).await.1).len(), 3);
}

#[tokio::test]
async fn with_a_cursor_all_else_is_passed_over() {
    let site = Org::start();
    let (_, first) = site.post("users/search", json!({ "limit": 2, "expand": ["groups"] })).await;
    let next = first["links"]["next"].clone();
    let (_, second) = site.post("users/search", json!({ "cursor": next, "accountIds": ["nobody"] })).await;
    assert_eq!(ids(&second), ["id:joe"]);
    assert!(second["data"][0]["groups"].is_array() && second["links"].get("next").is_none());
}

#[tokio::test]
async fn memberships_are_changed_once_and_refusals_tell_by_their_codes() {
    let site = Org::start();
    let staff = format!("groups/{}/memberships", group_id("staff"));
    let add = async |user: &str| site.post(&staff, json!({ "accountId": user })).await;
    let remove = async |user: &str| site.ask(Method::DELETE, &within(&format!("{staff}/{user}")), None).await;
    assert_eq!(add("id:jane").await.0, 204);
    assert_eq!(codes(&add("id:jane").await), (409, "ADMIN-409-28"));
    assert_eq!(codes(&add("nobody").await), (404, "ADMIN-404-8"));
    let elsewhere = site.post("groups/none/memberships", json!({ "accountId": "id:jane" })).await;
    assert_eq!(codes(&elsewhere), (404, "ADMIN-404-10"));
    site.sandbox.inject(Fault::new(Effect::LicenceFull { status: 409 }));
    assert_eq!(codes(&add("id:joe").await), (409, "ADMIN-409-3"));
    assert_eq!((remove("id:jane").await.0, remove("id:jane").await.0), (204, 204));
    site.sandbox.clear_faults();
    assert!(site.sandbox.sync_group(ORG, "staff"));
    assert_eq!(codes(&add("id:joe").await), (403, "ADMIN-403-5"));
    let (_, page) = site.post("groups/search", json!({ "groupNames": ["STAFF"] })).await;
    assert_eq!((&page["data"][0]["managedBy"], &page["data"][0]["externalSynced"]), (&json!("external"), &json!(true)));
    assert_eq!(codes(&remove("nobody").await), (403, "ADMIN-403-5"), "the group is looked at first");
}

#[tokio::test]
async fn a_user_is_suspended_restored_and_removed() {
    let site = Org::start();
    site.put(InOrg { unmanaged: true, ..InOrg::default() });
    let status = async || {
        let (_, page) = site.post("users/search", json!({ "accountIds": ["id:jane"] })).await;
        page["data"][0]["status"].as_str().map(str::to_owned)
    };
    for (what, expected) in [("suspend", "suspended"), ("suspend", "suspended"), ("restore", "active")] {
        assert_eq!(site.ask(Method::POST, &within(&format!("users/id:jane/{what}")), None).await.0, 204);
        assert_eq!(status().await.as_deref(), Some(expected));
    }
    let own = within("users/id:jane");
    assert_eq!(site.ask(Method::DELETE, &own, None).await.0, 204);
    assert_eq!(codes(&site.ask(Method::DELETE, &own, None).await), (404, "ADMIN-404-8"));
    assert_eq!(status().await, None);
}

#[tokio::test]
async fn a_managed_account_removed_from_the_directory_is_still_told_of() {
    let site = Org::start();
    assert_eq!(site.ask(Method::DELETE, &within("users/id:jane"), None).await.0, 204);
    let (_, page) = site.post("users/search", json!({ "accountIds": ["id:jane"] })).await;
    assert_eq!(page["data"][0]["status"], "not_invited");
    assert_eq!(site.ask(Method::POST, &within("users/id:jane/suspend"), None).await.0, 404);
}

#[tokio::test]
async fn managed_accounts_are_disabled_enabled_and_deleted_where_manage_allows_it() {
    let site = Org::start();
    let (status, rules) = site.get("/users/id:jane/manage?privileges=lifecycle.delete").await;
    assert_eq!((status, rules), (200, json!({ "lifecycle.delete": { "allowed": true } })));
    let no_body = site.ask(Method::POST, "/users/id:jane/manage/lifecycle/disable", None).await;
    assert_eq!(no_body.0, 400, "the body is needed");
    assert_eq!(site.manage("id:jane", "lifecycle/disable").await.0, 204);
    assert_eq!(site.manage("id:jane", "lifecycle/enable").await.0, 204);
    assert_eq!(site.manage("id:jane", "lifecycle/delete").await, (200, json!({ "message": "Success" })));
    let again = site.manage("id:jane", "lifecycle/enable").await;
    assert_eq!((again.0, &again.1["key"]), (409, &json!("conflict.lifecycleErrors")));
    let (_, page) = site.post("users/search", json!({ "accountIds": ["id:jane"] })).await;
    assert_eq!(
        (&page["data"][0]["status"], &page["data"][0]["accountStatus"]),
        (&json!("for_deletion"), &json!("inactive"))
    );
    assert_eq!(site.manage("nobody", "lifecycle/enable").await, (404, json!({ "key": "accountNotFound" })));
}

#[tokio::test]
async fn accounts_of_others_and_of_identity_providers_are_refused_with_the_reason() {
    let site = Org::start();
    site.put(InOrg { unmanaged: true, ..InOrg::default() });
    assert_eq!(site.get("/users/id:jane/manage").await, (403, json!({ "key": "forbidden" })));
    site.sandbox.put_user(ORG, Account::new("id:jane", "jane").read_only());
    let reason = json!({ "allowed": false, "reason": { "key": "externalDirectory.scim" } });
    let (_, rules) = site.get("/users/id:jane/manage").await;
    assert_eq!(rules, json!({ "lifecycle.enablement": reason, "lifecycle.delete": reason }));
    let refused = site.manage("id:jane", "lifecycle/disable").await;
    assert_eq!(refused, (403, json!({ "key": "forbidden.action", "context": reason })));
}

#[tokio::test]
async fn roles_are_told_with_the_way_they_were_given_and_a_users_own_are_revoked() {
    let site = Org::start();
    site.put(InOrg { direct_access: ["jira-software".to_owned()].into(), ..InOrg::default() });
    site.sandbox.put_application(ORG, Application::new("jira-software", &["staff"]));
    site.sandbox.add_member(ORG, "id:jane", "staff").expect("both exist");
    let methods = async || {
        let (_, page) = site.get(&within("users/id:jane/role-assignments")).await;
        page["data"][0]["roleAssignments"][0]["roleAssignmentMethods"].clone()
    };
    assert_eq!(methods().await, json!(["group_direct", "direct"]));
    let revoke = format!("/admin/v1/orgs/{ORGANIZATION}/users/id:jane/roles/revoke");
    let role = json!({ "role": "atlassian/user", "resource": "ari:cloud:jira-software::site/1" });
    assert_eq!(site.ask(Method::POST, &revoke, Some(role)).await.0, 204);
    assert_eq!(methods().await, json!(["group_direct"]));
    let other = json!({ "role": "atlassian/user", "resource": "ari:cloud:other::site/1" });
    assert_eq!(codes(&site.ask(Method::POST, &revoke, Some(other)).await), (400, "ADMIN-UAM-400-3"));
    assert_eq!(codes(&site.get(&within("users/nobody/role-assignments")).await), (404, "ADMIN-404-8"));
}

#[tokio::test]
async fn the_rate_limit_is_told_with_the_time_of_its_reset_and_without_retry_after() {
    let site = Org::start();
    site.sandbox.limit(ORG, Some(Limit { capacity: 1, fill: 1, interval_seconds: 60 }));
    let url = format!("{}/admin/v1/orgs/{ORGANIZATION}", site.sandbox.base_url(ORG));
    for expected in [StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
        let response = site.http.get(&url).bearer_auth(TOKEN).send().await.expect("an answer");
        assert_eq!(response.status(), expected);
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        assert_eq!((header("X-RateLimit-Limit"), header("X-RateLimit-Remaining")), (Some("1"), Some("0")));
        let reset = header("X-RateLimit-Reset").expect("a time");
        assert!(reset.parse::<usher::domain::Timestamp>().is_ok(), "{reset}");
        assert_eq!(header("Retry-After"), None);
    }
}
