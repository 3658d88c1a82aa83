//! Each documented status of each endpoint of Jira Cloud.

use reqwest::Method;
use serde_json::{Value, json};
use usher::{
    domain::Product,
    sandbox::{ACCOUNT_EMAIL, Account, Application, TOKEN, group_id},
};

use super::{Site, answer, assert_refused};

fn start() -> Site {
    Site::start(Product::JiraCloud)
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().expect("an array").iter().filter_map(|user| user["accountId"].as_str()).collect()
}

#[tokio::test]
async fn e_mail_address_and_token_are_accepted_and_all_else_is_401_in_plain_text() {
    let site = start();
    let myself = || site.anonymous(Method::GET, "myself");
    assert_eq!(answer(myself().basic_auth(ACCOUNT_EMAIL, Some(TOKEN))).await.1["displayName"], "Usher");
    for refused in [myself(), myself().bearer_auth(TOKEN), myself().basic_auth("usher", Some(TOKEN))] {
        assert_eq!(answer(refused).await, (401, Value::Null));
    }
    assert_eq!(answer(site.anonymous(Method::GET, "serverInfo")).await.1["deploymentType"], "Cloud");
    assert_eq!(answer(site.anonymous(Method::GET, "serverInfo").bearer_auth("wrong")).await.0, 401);
}

#[tokio::test]
async fn a_user_is_found_by_account_id_without_a_hidden_e_mail_address() {
    let site = start();
    site.sandbox.put_application(Product::JiraCloud, Application::new("jira-software", &["staff"]));
    site.sandbox.add_member(Product::JiraCloud, "id:jane", "staff").expect("both exist");
    let (status, jane) = site.get("user?accountId=id%3Ajane&expand=groups").await;
    assert_eq!(
        (status, &jane["accountType"], &jane["emailAddress"]),
        (200, &json!("atlassian"), &json!("jane@acme.example"))
    );
    assert_eq!(jane["groups"]["items"][0]["groupId"], group_id("staff"));
    assert_eq!(jane["applicationRoles"], json!({ "size": 1, "items": [] }));
    let (_, joe) = site.get("user?accountId=id%3Ajoe").await;
    assert!(joe["active"] == true && joe.get("emailAddress").is_none() && joe.get("name").is_none());
    assert_refused(&site.get("user?accountId=nobody").await, 404);
    assert_refused(&site.get("user").await, 400);
}

#[tokio::test]
async fn the_groups_of_a_user_are_a_bare_array() {
    let site = start();
    site.sandbox.add_member(Product::JiraCloud, "id:jane", "staff").expect("both exist");
    let (status, groups) = site.get("user/groups?accountId=id:jane").await;
    assert_eq!((status, groups.as_array().map(Vec::len), &groups[0]["name"]), (200, Some(1), &json!("staff")));
    assert_refused(&site.get("user/groups?accountId=nobody").await, 404);
}

#[tokio::test]
async fn a_search_finds_active_users_by_text_or_one_by_id_and_never_by_a_hidden_address() {
    let site = start();
    site.sandbox.put_user(Product::JiraCloud, Account::new("id:jana", "jana").inactive());
    assert_eq!(ids(&site.get("user/search?query=jan").await.1), ["id:jane"]);
    assert_eq!(ids(&site.get("user/search?accountId=id:joe").await.1), ["id:joe"]);
    assert_eq!(ids(&site.get("user/search?query=joe@acme").await.1), [""; 0]);
    assert_refused(&site.get("user/search").await, 400);
    assert_refused(&site.get("user/search?query=a&accountId=b").await, 400);
}

#[tokio::test]
async fn the_list_of_all_users_has_inactive_ones_and_apps_too() {
    let site = start();
    site.sandbox.put_user(Product::JiraCloud, Account::new("id:bot", "bot").account_type("app").inactive());
    let (status, page) = site.get("users/search?startAt=2&maxResults=9").await;
    assert_eq!((status, ids(&page)), (200, vec!["id:joe", "id:bot"]));
    assert_refused(&site.get("users/search?startAt=x").await, 400);
}

#[tokio::test]
async fn groups_are_resolved_in_bulk_by_name_and_id() {
    let site = start();
    let (status, page) = site.get(&format!("group/bulk?groupName=staff&groupId={}", group_id("nobody"))).await;
    assert_eq!((status, &page["total"], &page["isLast"]), (200, &json!(1), &json!(true)));
    assert_eq!(page["values"][0], json!({ "groupId": group_id("staff"), "name": "staff" }));
    let (_, all) = site.get("group/bulk?maxResults=1").await;
    assert_eq!((&all["total"], &all["isLast"]), (&json!(2), &json!(false)));
    assert!(all["nextPage"].as_str().expect("a url").contains("startAt=1"));
    assert_refused(&site.get("group/bulk?startAt=x").await, 400);
}

async fn add(site: &Site, group: &str, account: &str) -> (u16, Value) {
    site.send(Method::POST, &format!("group/user?{group}"), json!({ "accountId": account })).await
}

#[tokio::test]
async fn a_member_is_added_once_by_the_groups_id_or_name_but_not_both() {
    let site = start();
    let by_id = format!("groupId={}", group_id("staff"));
    let (status, group) = add(&site, &by_id, "id:jane").await;
    assert_eq!((status, &group["name"], &group["groupId"]), (201, &json!("staff"), &json!(group_id("staff"))));
    assert_eq!(add(&site, "groupname=staff", "id:joe").await.0, 201);
    assert_refused(&add(&site, &by_id, "id:jane").await, 400);
    assert_refused(&add(&site, &format!("{by_id}&groupname=staff"), "id:jane").await, 400);
    assert_refused(&add(&site, "", "id:jane").await, 400);
    assert_refused(&add(&site, &by_id, "").await, 400);
    assert_refused(&add(&site, &by_id, "nobody").await, 404);
    assert_refused(&add(&site, "groupname=nobody", "id:jane").await, 404);
    assert_eq!(site.journal(), ["jira-cloud id:jane +staff by usher", "jira-cloud id:joe +staff by usher"]);
}

#[tokio::test]
async fn a_member_is_removed_once() {
    let site = start();
    site.sandbox.add_member(Product::JiraCloud, "id:jane", "staff").expect("both exist");
    let staff = group_id("staff");
    assert_eq!(site.delete(&format!("group/user?groupId={staff}&accountId=id:jane")).await, 200);
    assert_eq!(site.delete(&format!("group/user?groupId={staff}&accountId=id:jane")).await, 404);
    assert_eq!(site.delete(&format!("group/user?groupId={staff}")).await, 400);
    assert_eq!(site.delete("group/user?accountId=id:jane").await, 400);
    assert_eq!(site.delete("group/user?groupId=nobody&accountId=id:jane").await, 404);
    assert_eq!(site.journal().last().map(String::as_str), Some("jira-cloud id:jane -staff by usher"));
}

#[tokio::test]
async fn members_are_told_with_hidden_addresses_left_out() {
    let site = start();
    site.sandbox.add_member(Product::JiraCloud, "id:joe", "staff").expect("both exist");
    let (status, page) = site.get(&format!("group/member?groupId={}", group_id("staff"))).await;
    assert_eq!((status, ids(&page["values"])), (200, vec!["id:joe"]));
    let joe = &page["values"][0];
    assert!(joe.get("emailAddress").is_none() && joe.get("locale").is_none(), "members have fewer fields than users");
    assert_refused(&site.get("group/member").await, 400);
    assert_refused(&site.get("group/member?groupname=nobody").await, 404);
}

#[tokio::test]
async fn the_picker_tells_ids() {
    let site = start();
    assert_eq!(site.get("groups/picker?query=sta").await.1["groups"][0]["groupId"], group_id("staff"));
}

#[tokio::test]
async fn applications_tell_the_ids_of_their_groups() {
    let site = start();
    site.sandbox.put_application(Product::JiraCloud, Application::new("jira-software", &[]).default_groups(&["devs"]));
    let (status, roles) = site.get("applicationrole").await;
    assert_eq!((status, &roles[0]["key"], &roles[0]["groups"]), (200, &json!("jira-software"), &json!([])));
    assert_eq!(roles[0]["defaultGroupsDetails"][0]["groupId"], group_id("devs"));
}

#[tokio::test]
async fn the_groups_of_an_access_level_are_told() {
    let site = start();
    let (_, page) = site.get("group/bulk?accessType=site-admin").await;
    assert_eq!((&page["total"], &page["values"][0]["name"]), (&json!(1), &json!("jira-administrators")));
}

#[tokio::test]
async fn a_user_is_removed_from_the_site_once() {
    let site = start();
    site.sandbox.put_user(Product::JiraCloud, Account::new("id:joe", "joe").undeletable());
    assert_eq!(site.delete("user?accountId=id:joe").await, 400);
    assert_eq!(site.delete("user?accountId=id:jane").await, 204);
    assert_eq!(site.delete("user?accountId=id:jane").await, 404);
    assert_eq!(site.delete("user").await, 400);
    assert_eq!(site.journal(), ["jira-cloud id:jane deleted by usher"]);
}

#[tokio::test]
async fn an_issue_wants_its_description_as_a_document() {
    let site = start();
    let create = async |description: Value| {
        let fields = json!({
            "project": { "key": "OPS" }, "issuetype": { "name": "Task" }, "summary": "Look", "labels": ["a-1"],
            "description": description,
        });
        site.send(Method::POST, "issue", json!({ "fields": fields })).await
    };
    assert_refused(&create(json!("text")).await, 400);
    assert_eq!(create(json!({ "type": "doc", "version": 1, "content": [] })).await.0, 201);
    let (_, found) = site.get("search/jql?jql=labels%20=%20%22a-1%22%20AND%20statusCategory%20!=%20Done").await;
    assert_eq!((&found["isLast"], found["issues"].as_array().map(Vec::len)), (&json!(true), Some(1)));
}
