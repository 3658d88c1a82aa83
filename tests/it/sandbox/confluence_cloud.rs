//! Each documented status of each endpoint of Confluence Cloud.

use reqwest::Method;
use serde_json::{Value, json};
use usher::{
    domain::Product,
    sandbox::{ACCOUNT_EMAIL, Account, Effect, Fault, Population, TOKEN, group_id},
};

use super::{Site, answer, confluence_dc::assert_refused};

fn start() -> Site {
    Site::start(Product::ConfluenceCloud)
}

#[tokio::test]
async fn e_mail_address_and_token_are_accepted_and_all_else_is_401_in_plain_text() {
    let site = start();
    let current = || site.anonymous(Method::GET, "user/current");
    assert_eq!(answer(current().basic_auth(ACCOUNT_EMAIL, Some(TOKEN))).await.1["displayName"], "Usher");
    for refused in [current(), current().bearer_auth(TOKEN), current().basic_auth("usher", Some(TOKEN))] {
        assert_eq!(answer(refused).await, (401, Value::Null));
    }
}

#[tokio::test]
async fn a_user_is_found_by_account_id_without_a_state_or_a_hidden_address() {
    let site = start();
    let (status, jane) = site.get("user?accountId=id%3Ajane").await;
    assert_eq!((status, &jane["email"], &jane["accountType"]), (200, &json!("jane@acme.example"), &json!("atlassian")));
    assert!(jane.get("active").is_none() && jane.get("username").is_none());
    assert_eq!(site.get("user?accountId=id:joe").await.1["email"], "");
    assert_refused(&site.get("user?accountId=nobody").await, 404);
    assert_refused(&site.get("user").await, 400);
}

#[tokio::test]
async fn memberships_are_changed_by_the_groups_id_and_once_more_changes_nothing() {
    let site = start();
    let path = format!("group/userByGroupId?groupId={}", group_id("staff"));
    let add = |id: &str| site.send(Method::POST, &path, json!({ "accountId": id }));
    for _ in 0..2 {
        assert_eq!(add("id:jane").await, (201, Value::Null));
    }
    assert_eq!(site.get("user/memberof?accountId=id:jane").await.1["results"][0]["id"], group_id("staff"));
    let (_, members) = site.get(&format!("group/{}/membersByGroupId", group_id("staff"))).await;
    assert_eq!((&members["size"], &members["results"][0]["accountId"]), (&json!(1), &json!("id:jane")));
    for _ in 0..2 {
        assert_eq!(site.delete(&format!("{path}&accountId=id:jane")).await, 204);
    }
    assert_eq!(site.journal().len(), 2);
    assert_refused(&add("nobody").await, 404);
    assert_refused(&add("").await, 400);
    assert_refused(
        &site.send(Method::POST, "group/userByGroupId?groupId=x", json!({ "accountId": "id:jane" })).await,
        404,
    );
    site.sandbox.put_user(Product::ConfluenceCloud, Account::new("id:jane", "jane").read_only());
    assert_refused(&add("id:jane").await, 403);
}

#[tokio::test]
async fn groups_are_found_by_a_part_of_their_names_and_by_what_they_administer() {
    let site = start();
    let names = |page: Value| {
        page["results"].as_array().map(|all| all.iter().map(|one| one["name"].clone()).collect::<Vec<_>>())
    };
    assert_eq!(names(site.get("group/picker?query=TAF").await.1), Some(vec![json!("staff")]));
    assert_eq!(names(site.get("group?accessType=site-admin").await.1), Some(vec![json!("jira-administrators")]));
    assert_eq!(names(site.get("group?limit=1").await.1).map(|names| names.len()), Some(1));
    assert_refused(&site.get("group/picker").await, 400);
}

#[tokio::test]
async fn a_search_finds_10000_users_and_no_more() {
    let site = start();
    site.sandbox.put_crowd(Product::ConfluenceCloud, &Population::new(10_100, Account::new("id:{n}", "user {n}")));
    let at = |start: usize| format!("search/user?cql=type%3Duser&limit=200&start={start}");
    let (_, first) = site.get(&at(0)).await;
    assert_eq!((&first["size"], &first["totalSize"]), (&json!(200), &json!(10_000)));
    assert!(first["_links"]["next"].as_str().expect("a link").ends_with("limit=200&start=200"));
    let (_, last) = site.get(&at(9_800)).await;
    assert_eq!((&last["size"], &last["_links"]["next"]), (&json!(200), &Value::Null));
    assert_eq!(site.get(&at(10_000)).await.1["size"], 0);
    assert_refused(&site.get("search/user?cql=type%3Dpage").await, 400);
}

#[tokio::test]
async fn without_a_free_licence_it_is_in_trouble_of_its_own() {
    let site = start();
    site.sandbox.inject(Fault::new(Effect::LicenceFull { status: 500 }));
    let path = format!("group/userByGroupId?groupId={}", group_id("staff"));
    assert_refused(&site.send(Method::POST, &path, json!({ "accountId": "id:jane" })).await, 500);
    assert!(site.journal().is_empty());
}
