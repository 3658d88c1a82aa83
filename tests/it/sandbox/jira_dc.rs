//! Each documented status of each endpoint of Jira Data Center.

use reqwest::Method;
use serde_json::json;
use usher::{
    domain::Product,
    sandbox::{Account, Application, TOKEN},
};

use super::{Site, answer, assert_refused};

fn start() -> Site {
    Site::start(Product::JiraDc)
}

#[tokio::test]
async fn token_and_password_are_accepted_and_all_else_is_401() {
    let site = start();
    let myself = || site.anonymous(Method::GET, "myself");
    assert_eq!(answer(myself().bearer_auth(TOKEN)).await.0, 200);
    assert_eq!(answer(myself().basic_auth("usher", Some(TOKEN))).await.0, 200);
    for refused in [myself(), myself().bearer_auth("wrong"), myself().basic_auth("usher", Some("wrong"))] {
        let response = refused.send().await.expect("an answer");
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["X-AUSERNAME"], "anonymous");
        assert_eq!(response.json::<serde_json::Value>().await.expect("json")["status-code"], 401);
    }
}

#[tokio::test]
async fn server_info_needs_no_credentials_but_takes_no_wrong_ones() {
    let site = start();
    let (status, body) = answer(site.anonymous(Method::GET, "serverInfo")).await;
    assert_eq!((status, &body["deploymentType"]), (200, &json!("Server")));
    assert_eq!(body["baseUrl"], site.sandbox.base_url(Product::JiraDc).as_str());
    assert_eq!(answer(site.anonymous(Method::GET, "serverInfo").bearer_auth("wrong")).await.0, 401);
}

#[tokio::test]
async fn a_user_is_found_by_name_in_any_case_and_by_key() {
    let site = start();
    site.sandbox.put_application(Product::JiraDc, Application::new("jira-software", &["staff"]));
    site.sandbox.add_member(Product::JiraDc, "id:jane", "staff").expect("both exist");
    let (status, plain) = site.get("user?username=JANE").await;
    assert_eq!((status, &plain["key"], &plain["name"]), (200, &json!("id:jane"), &json!("jane")));
    assert_eq!((&plain["active"], &plain["emailAddress"]), (&json!(true), &json!("jane@acme.example")));
    assert_eq!(plain["groups"], json!({ "size": 1, "items": [] }));
    let (_, full) = site.get("user?key=id%3Ajane&expand=groups,applicationRoles").await;
    assert_eq!(full["groups"]["items"][0]["name"], "staff");
    assert_eq!(full["applicationRoles"]["items"][0]["key"], "jira-software");
}

#[tokio::test]
async fn an_unknown_user_is_404() {
    let site = start();
    for path in ["user?username=nobody", "user?key=nobody", "user"] {
        assert_refused(&site.get(path).await, 404);
    }
}

#[tokio::test]
async fn a_user_is_renamed_and_deactivated_and_keeps_its_key() {
    let site = start();
    let changes = json!({ "name": "jane.doe", "active": "false" });
    let (status, bean) = site.send(Method::PUT, "user?username=jane", changes).await;
    assert_eq!((status, &bean["name"], &bean["active"]), (200, &json!("jane.doe"), &json!(false)));
    assert_eq!(site.get("user?username=jane.doe").await.1["key"], "id:jane");
    assert_refused(&site.get("user?username=jane").await, 404);
    assert_eq!(site.journal(), ["jira-dc id:jane updated by usher"]);
}

#[tokio::test]
async fn an_edit_is_refused_for_a_taken_name_an_unknown_user_and_what_is_no_json() {
    let site = start();
    assert_refused(&site.send(Method::PUT, "user?username=jane", json!({ "name": "joe" })).await, 400);
    assert_refused(&site.send(Method::PUT, "user?username=nobody", json!({ "active": false })).await, 404);
    let bad = site.request(Method::PUT, "user?username=jane").header("Content-Type", "application/json").body("{");
    assert_refused(&answer(bad).await, 400);
    assert_eq!(answer(site.request(Method::PUT, "user?username=jane").body("{}")).await.0, 415);
    assert!(site.journal().is_empty());
}

#[tokio::test]
async fn a_search_finds_by_part_of_a_name_and_wants_one() {
    let site = start();
    let (status, found) = site.get("user/search?username=JAN").await;
    assert_eq!((status, found.as_array().map(Vec::len), &found[0]["key"]), (200, Some(1), &json!("id:jane")));
    assert_eq!(site.get("user/search?username=.&maxResults=2").await.1.as_array().map(Vec::len), Some(2));
    assert_refused(&site.get("user/search").await, 400);
    assert_refused(&site.get("user/search?username=a&startAt=x").await, 400);
}

#[tokio::test]
async fn the_list_of_all_users_is_read_page_by_page() {
    let site = start();
    let (status, first) = site.get("user/list?maxResults=2").await;
    assert_eq!((status, &first["isLast"], first["values"].as_array().map(Vec::len)), (200, &json!(false), Some(2)));
    let next = first["nextCursor"].as_str().expect("a cursor");
    let (_, last) = site.get(&format!("user/list?maxResults=2&cursor={next}")).await;
    assert_eq!(
        (&last["isLast"], &last["values"][0]["name"], &last["nextCursor"]),
        (&json!(true), &json!("joe"), &json!(null))
    );
    assert_eq!(site.get("user/list?cursor=999").await.1["values"], json!([]));
}

#[tokio::test]
async fn a_member_is_added_once() {
    let site = start();
    let add = || site.send(Method::POST, "group/user?groupname=staff", json!({ "name": "jane" }));
    let (status, group) = add().await;
    assert_eq!((status, &group["name"], &group["users"]["size"]), (201, &json!("staff"), &json!(1)));
    assert_refused(&add().await, 400);
    assert_eq!(site.journal(), ["jira-dc id:jane +staff by usher"]);
}

#[tokio::test]
async fn adding_is_refused_without_a_group_and_for_unknown_ones() {
    let site = start();
    let jane = json!({ "name": "jane" });
    assert_refused(&site.send(Method::POST, "group/user", jane.clone()).await, 400);
    assert_refused(&site.send(Method::POST, "group/user?groupname=", jane.clone()).await, 400);
    assert_refused(&site.send(Method::POST, "group/user?groupname=nobody", jane).await, 404);
    assert_refused(&site.send(Method::POST, "group/user?groupname=staff", json!({ "name": "nobody" })).await, 404);
    assert!(site.journal().is_empty());
}

#[tokio::test]
async fn a_member_is_removed_once() {
    let site = start();
    site.sandbox.add_member(Product::JiraDc, "id:jane", "staff").expect("both exist");
    assert_eq!(site.delete("group/user?groupname=staff&username=jane").await, 200);
    assert_eq!(site.delete("group/user?groupname=staff&username=jane").await, 400);
    assert_eq!(site.delete("group/user?groupname=&username=jane").await, 400);
    assert_eq!(site.delete("group/user?groupname=nobody&username=jane").await, 404);
    assert_eq!(site.delete("group/user?groupname=staff&username=nobody").await, 404);
    assert_eq!(site.journal(), ["jira-dc id:jane +staff by someone", "jira-dc id:jane -staff by usher"]);
}

#[tokio::test]
async fn members_come_in_pages_without_inactive_ones_unless_asked_for() {
    let site = start();
    for (user, active) in [("id:jane", true), ("id:joe", false)] {
        site.sandbox.add_member(Product::JiraDc, user, "staff").expect("both exist");
        let name = user.trim_start_matches("id:");
        site.send(Method::PUT, &format!("user?username={name}"), json!({ "active": active })).await;
    }
    let (status, page) = site.get("group/member?groupname=staff").await;
    assert_eq!((status, &page["total"], &page["isLast"]), (200, &json!(1), &json!(true)));
    let (_, page) = site.get("group/member?groupname=staff&includeInactiveUsers=true&maxResults=1&startAt=1").await;
    assert_eq!((&page["total"], &page["values"][0]["name"]), (&json!(2), &json!("joe")));
    assert_refused(&site.get("group/member").await, 400);
    assert_refused(&site.get("group/member?groupname=nobody").await, 404);
}

#[tokio::test]
async fn the_picker_finds_groups_by_part_of_their_name() {
    let site = start();
    let (status, found) = site.get("groups/picker?query=STA").await;
    assert_eq!((status, &found["total"], &found["groups"][0]["name"]), (200, &json!(1), &json!("staff")));
    assert_eq!(site.get("groups/picker?maxResults=1").await.1["groups"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn another_method_is_405_and_another_path_404() {
    let site = start();
    assert_eq!(site.delete("myself").await, 405);
    assert_eq!(site.get("nothing").await.0, 404);
}

#[tokio::test]
async fn access_to_an_application_follows_the_groups_default_groups_included() {
    let site = start();
    let software = Application::new("jira-software", &["devs"]).default_groups(&["everybody"]);
    site.sandbox.put_application(Product::JiraDc, software);
    let (status, roles) = site.get("applicationrole").await;
    assert_eq!(
        (status, &roles[0]["groups"], &roles[0]["defaultGroups"]),
        (200, &json!(["devs"]), &json!(["everybody"]))
    );
    let access =
        async || site.get("user?username=jane&expand=applicationRoles").await.1["applicationRoles"]["size"].clone();
    assert_eq!(access().await, 0);
    for group in ["devs", "everybody"] {
        site.sandbox.add_member(Product::JiraDc, "id:jane", group).expect("both exist");
        assert_eq!(access().await, 1);
        site.sandbox.remove_member(Product::JiraDc, "id:jane", group).expect("both exist");
    }
    assert_eq!(access().await, 0);
}

#[tokio::test]
async fn the_last_login_is_told_once_there_was_one() {
    let site = start();
    assert!(site.get("user?username=jane").await.1.get("lastLoginTime").is_none());
    let at = "2023-08-30T06:37:01Z".parse().expect("a time");
    site.sandbox.put_user(Product::JiraDc, Account::new("id:jane", "jane").last_login(at));
    assert_eq!(site.get("user?username=jane").await.1["lastLoginTime"], "2023-08-30T08:37:01+0200");
}

#[tokio::test]
async fn a_user_is_deleted_once_unless_something_hangs_on_it() {
    let site = start();
    site.sandbox.put_user(Product::JiraDc, Account::new("id:joe", "joe").undeletable());
    assert_eq!(site.delete("user?key=id:joe").await, 400);
    assert_eq!(site.delete("user?username=jane").await, 204);
    assert_eq!(site.delete("user?username=jane").await, 404);
    assert_eq!(site.journal(), ["jira-dc id:jane deleted by usher"]);
}

#[tokio::test]
async fn a_password_is_set_where_it_keeps_to_the_policy() {
    let site = start();
    let set = |user: &str, password: &str| {
        let path = format!("user/password?key={user}");
        let request = site.request(Method::PUT, &path).json(&json!({ "password": password }));
        answer(request)
    };
    for weak in ["", "short-A1", "long-enough-1", "long enough A1"] {
        assert_refused(&set("id:jane", weak).await, 400);
    }
    assert_refused(&set("nobody", "Long-enough-1").await, 404);
    assert_eq!(set("id:jane", "Long-enough-1").await.0, 204);
    assert_eq!(site.journal(), ["jira-dc id:jane password changed by usher"]);
}

#[tokio::test]
async fn nothing_is_written_to_a_directory_that_is_read_only() {
    let site = start();
    site.sandbox.put_user(Product::JiraDc, Account::new("id:jane", "jane").read_only());
    let password = json!({ "password": "Long-enough-1" });
    assert_refused(&site.send(Method::PUT, "user?key=id:jane", json!({ "active": false })).await, 403);
    assert_refused(&site.send(Method::PUT, "user/password?key=id:jane", password).await, 403);
    assert_refused(&site.send(Method::POST, "group/user?groupname=staff", json!({ "name": "jane" })).await, 403);
    assert_eq!(site.delete("user?key=id:jane").await, 403);
    assert!(site.journal().is_empty());
    let (_, mine) = site.get("mypermissions").await;
    assert_eq!(mine["permissions"]["ADMINISTER"]["havePermission"], true);
}

#[tokio::test]
async fn an_issue_is_found_by_its_label_until_it_is_done() {
    let site = start();
    let fields = json!({
        "project": { "key": "OPS" }, "issuetype": { "name": "Task" }, "summary": "Look", "labels": ["a-1", "b"],
        "description": "_wiki_ text", "customfield_10001": 7,
    });
    let (status, made) = site.send(Method::POST, "issue", json!({ "fields": fields })).await;
    assert_eq!((status, &made["key"]), (201, &json!("OPS-1")));
    let found =
        async || site.get("search?jql=labels%20=%20%22a-1%22%20AND%20statusCategory%20!=%20Done&fields=id").await.1;
    assert_eq!(found().await["issues"][0]["key"], "OPS-1");
    assert!(site.sandbox.set_done(Product::JiraDc, "OPS-1", true));
    assert_eq!(found().await["total"], 0);
    assert_refused(&site.get("search?jql=order%20by%20key").await, 400);
    assert_eq!(site.journal(), ["jira-dc JIRAUSER10000 created OPS-1 by usher"]);
}

#[tokio::test]
async fn an_issue_with_wrong_fields_is_refused_field_by_field() {
    let site = start();
    let fields = json!({ "project": { "key": "NO" }, "summary": "two\nlines", "labels": ["a b"], "colour": "red" });
    let refused = site.send(Method::POST, "issue", json!({ "fields": fields })).await;
    assert_refused(&refused, 400);
    let wrong: Vec<&str> = refused.1["errors"].as_object().expect("fields").keys().map(String::as_str).collect();
    assert_eq!(wrong, ["colour", "issuetype", "labels", "project", "summary"]);
}
