//! Each documented status of each endpoint of Confluence Data Center.

use reqwest::Method;
use serde_json::{Value, json};
use usher::{
    domain::Product,
    sandbox::{ACCOUNT, ADMIN_GROUP, Account, Application, TOKEN},
};

use super::{Site, answer};

fn start() -> Site {
    Site::start(Product::ConfluenceDc)
}

/// Asserts that an answer is a refusal with Confluence's error body.
pub fn assert_refused(answer: &(u16, Value), status: u16) {
    assert_eq!((answer.0, &answer.1["statusCode"]), (status, &json!(status)), "{answer:?}");
    assert!(answer.1["message"].is_string() && answer.1["data"].is_object(), "{answer:?}");
}

async fn put(site: &Site, path: &str) -> (u16, Value) {
    answer(site.request(Method::PUT, path)).await
}

#[tokio::test]
async fn a_token_or_name_and_password_are_accepted_and_all_else_is_401() {
    let site = start();
    let current = || site.anonymous(Method::GET, "user/current");
    for accepted in [current().bearer_auth(TOKEN), current().basic_auth(ACCOUNT, Some(TOKEN))] {
        assert_eq!(answer(accepted).await.1["username"], ACCOUNT);
    }
    for refused in [current(), current().bearer_auth("wrong"), current().basic_auth("jane", Some(TOKEN))] {
        assert_refused(&answer(refused).await, 401);
    }
}

#[tokio::test]
async fn a_user_is_found_by_key_or_name_with_the_state_where_asked_for_and_no_address() {
    let site = start();
    let (status, jane) = site.get("user?key=id:jane").await;
    assert_eq!((status, &jane["username"], &jane["userKey"]), (200, &json!("jane"), &json!("id:jane")));
    assert!(jane.get("status").is_none() && jane.get("email").is_none());
    site.sandbox.put_user(Product::ConfluenceDc, Account::new("id:joe", "joe").inactive());
    for (path, state) in
        [("user?username=JANE&expand=status", "current"), ("user?key=id:joe&expand=status", "deactivated")]
    {
        assert_eq!(site.get(path).await.1["status"], state, "{path}");
    }
    for path in ["user?key=nobody", "user?username=nobody", "user", "user/memberof?key=nobody"] {
        assert_refused(&site.get(path).await, 404);
    }
}

#[tokio::test]
async fn a_list_says_where_it_goes_on_and_gives_200_at_most() {
    let site = start();
    let crowd = usher::sandbox::Population::new(300, Account::new("id:{n}", "user {n}"));
    site.sandbox.put_crowd(Product::ConfluenceDc, &crowd);
    let (_, page) = site.get("user/list?limit=1000").await;
    assert_eq!((&page["size"], &page["limit"]), (&json!(200), &json!(200)));
    assert!(page["_links"]["next"].as_str().expect("a link").ends_with("/rest/api/user/list?limit=200&start=200"));
    let (_, last) = site.get("user/list?start=200&limit=200").await;
    assert_eq!((&last["size"], &last["_links"]["next"]), (&json!(103), &Value::Null));
    assert_refused(&site.get("user/list?start=x").await, 400);
}

#[tokio::test]
async fn memberships_are_changed_by_name_and_once_more_changes_nothing() {
    let site = start();
    for _ in 0..2 {
        assert_eq!(put(&site, "user/jane/group/staff").await.0, 204);
    }
    assert_eq!(site.get("user/memberof?username=jane").await.1["results"][0]["name"], "staff");
    assert_eq!(site.get("group/staff/member").await.1["results"][0]["userKey"], "id:jane");
    for _ in 0..2 {
        assert_eq!(site.delete("user/jane/group/staff").await, 204);
    }
    assert_refused(&put(&site, "user/nobody/group/staff").await, 404);
    assert_refused(&put(&site, "user/jane/group/nowhere").await, 404);
    assert_refused(&site.get("group/nowhere").await, 404);
    assert_eq!(site.journal().len(), 2);
}

#[tokio::test]
async fn a_user_is_disabled_and_enabled_and_given_a_password() {
    let site = start();
    for (path, active) in
        [("admin/user/jane/disable", false), ("admin/user/jane/disable", false), ("admin/user/jane/enable", true)]
    {
        assert_eq!(put(&site, path).await.0, 204);
        assert_eq!(site.sandbox.users(Product::ConfluenceDc)[1].account.active, active);
    }
    let password = |text: &str| site.send(Method::POST, "admin/user/jane/password", json!({ "password": text }));
    assert_eq!(password("geheim").await.0, 204);
    assert_refused(&password(" ").await, 400);
    assert_refused(&put(&site, "admin/user/nobody/disable").await, 404);
    site.sandbox.put_user(Product::ConfluenceDc, Account::new("id:jane", "jane").read_only());
    assert_refused(&put(&site, "admin/user/jane/disable").await, 403);
}

#[tokio::test]
async fn a_user_is_deleted_by_a_task_that_takes_its_time_and_may_fail() {
    let site = start();
    let delete = |name: &str| answer(site.request(Method::DELETE, &format!("admin/user/{name}")));
    let (status, task) = delete("jane").await;
    assert_eq!(status, 202);
    let path = format!("longtask/{}", task["id"].as_str().expect("an id"));
    let mut percents = Vec::new();
    for _ in 0..4 {
        percents.push(site.get(&path).await.1["percentageComplete"].as_u64().expect("a number"));
    }
    assert_eq!(percents, [33, 66, 100, 100]);
    assert_eq!(site.journal(), ["confluence-dc id:jane deleted by usher"]);
    assert_refused(&delete("jane").await, 404);

    site.sandbox.put_user(Product::ConfluenceDc, Account::new("id:joe", "joe").undeletable());
    let (_, task) = delete("joe").await;
    let path = format!("longtask/{}", task["id"].as_str().expect("an id"));
    for _ in 0..3 {
        site.get(&path).await;
    }
    let (_, ended) = site.get(&path).await;
    assert_eq!((&ended["successful"], ended["messages"].as_array().map(Vec::len)), (&json!(false), Some(1)));
    assert_eq!(site.get("user?key=id:joe").await.0, 200);
    for path in ["longtask/0", "longtask/99", "longtask/x"] {
        assert_refused(&site.get(path).await, 404);
    }
}

#[tokio::test]
async fn who_may_use_it_is_told_by_group_and_by_user() {
    let site = start();
    let application = Application::new("confluence", &["staff"]).users(&["id:jane"]);
    site.sandbox.put_application(Product::ConfluenceDc, application);
    site.sandbox.put_group(Product::ConfluenceDc, "others");
    let (_, granted) = site.get("permissions/group/staff").await;
    assert_eq!(granted[0]["operation"], json!({ "targetType": "application", "operationKey": "use" }));
    assert_eq!(site.get("permissions/group/others").await, (200, json!([])));
    assert_eq!(site.get("permissions/user/id:jane").await.1[0]["subject"]["type"], "user");
    let to_use = json!([{ "targetType": "application", "operationKey": "use" }]);
    for name in ["jane", "id:joe"] {
        let path = format!("permissions/user/{name}/revoke");
        assert_eq!(site.send(Method::PUT, &path, to_use.clone()).await.0, 204);
        assert_eq!(site.get(&format!("permissions/user/{name}")).await, (200, json!([])));
    }
    let unknown = json!([{ "targetType": "application", "operationKey": "fly" }]);
    assert_refused(&site.send(Method::PUT, "permissions/user/jane/revoke", unknown).await, 400);
    assert_refused(&site.get("permissions/group/nowhere").await, 404);
    assert_refused(&site.get("permissions/user/nobody").await, 404);
}

#[tokio::test]
async fn what_administrators_may_do_others_may_not() {
    let site = start();
    let myself = site.sandbox.users(Product::ConfluenceDc)[0].account.id.clone();
    site.sandbox.remove_member(Product::ConfluenceDc, &myself, ADMIN_GROUP).expect("both are there");
    assert_refused(&site.get("group/staff/member").await, 403);
    assert_refused(&site.get("permissions/group/staff").await, 403);
    assert_refused(&put(&site, "user/jane/group/staff").await, 403);
    assert_eq!(site.get("group/staff").await.0, 200);
}
