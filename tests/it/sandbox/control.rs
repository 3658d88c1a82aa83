//! A sandbox in another process: everything by its controls over HTTP.

use reqwest::Method;
use serde_json::json;
use usher::{
    domain::Product,
    sandbox::{Account, Control, Effect, Fault, Limit, When},
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
