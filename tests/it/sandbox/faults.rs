//! Faults do what they say, as a client sees it.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use usher::{
    domain::Product,
    sandbox::{Effect, Fault, When},
};

use super::{Site, assert_refused};

const ADD: &str = "group/user?groupname=staff";

fn jane() -> Value {
    json!({ "name": "jane" })
}

fn start(effect: Effect) -> Site {
    let site = Site::start(Product::JiraDc);
    site.sandbox.inject(Fault::new(effect).method("POST").path("group/user").when(When::Next(1)));
    site
}

/// Sends an addition that gets no answer, and checks that the client takes it for a failure of the connection.
async fn assert_cut(site: &Site) {
    let lost = site.request(Method::POST, ADD).json(&jane()).send().await.expect_err("no answer");
    assert!(!lost.is_timeout() && !lost.is_connect() && !lost.is_status(), "{lost:?}");
}

#[tokio::test]
async fn a_connection_cut_after_the_work_leaves_its_effect() {
    let site = start(Effect::Cut { after_work: true });
    assert_cut(&site).await;
    assert_eq!(site.journal(), ["jira-dc id:jane +staff by usher"]);
    assert_refused(&site.send(Method::POST, ADD, jane()).await, 400);
}

#[tokio::test]
async fn a_connection_cut_before_the_work_leaves_none() {
    let site = start(Effect::Cut { after_work: false });
    assert_cut(&site).await;
    assert!(site.journal().is_empty());
    assert_eq!(site.send(Method::POST, ADD, jane()).await.0, 201);
}

#[tokio::test]
async fn a_connection_is_cut_also_where_it_was_used_before() {
    let site = start(Effect::Cut { after_work: true });
    assert_eq!(site.get("myself").await.0, 200);
    assert_cut(&site).await;
    assert_eq!(site.journal().len(), 1, "the client did not send it again by itself");
}

#[tokio::test]
async fn a_request_that_hangs_is_cut_when_the_fault_is_removed() {
    let site = start(Effect::Hang);
    let lost = site.request(Method::POST, ADD).json(&jane()).timeout(Duration::from_millis(200)).send().await;
    assert!(lost.expect_err("no answer").is_timeout());

    let id = site.sandbox.inject(Fault::new(Effect::Hang));
    let hanging = tokio::spawn(site.request(Method::GET, "myself").send());
    while site.sandbox.faults().iter().all(|fault| fault.id != id || fault.fired == 0) {
        tokio::task::yield_now().await;
    }
    assert!(!hanging.is_finished());
    assert!(site.sandbox.remove_fault(id));
    assert!(!hanging.await.expect("the task").expect_err("no answer").is_timeout());
    assert!(site.journal().is_empty());
}

#[tokio::test]
async fn stopping_does_not_wait_for_requests_that_hang() {
    let site = start(Effect::Hang);
    let hanging = tokio::spawn(site.request(Method::POST, ADD).json(&jane()).send());
    while site.sandbox.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    site.sandbox.stop().await.expect("a clean end");
    assert!(!hanging.await.expect("the task").expect_err("no answer").is_timeout());
}

#[tokio::test]
async fn a_server_error_comes_with_or_without_the_work_done() {
    for (after_work, changes) in [(false, 0), (true, 1)] {
        let site = start(Effect::Fail { status: 503, retry_after: Some(7), after_work });
        let response = site.request(Method::POST, ADD).json(&jane()).send().await.expect("an answer");
        assert_eq!(
            (response.status().as_u16(), &response.headers()["Retry-After"]),
            (503, &"7".parse().expect("a value"))
        );
        assert_eq!(site.journal().len(), changes);
    }
}

#[tokio::test]
async fn too_many_requests_says_how_long_to_wait_or_not() {
    for retry_after in [Some(3), None] {
        let site = start(Effect::TooManyRequests { retry_after });
        let response = site.request(Method::POST, ADD).json(&jane()).send().await.expect("an answer");
        let told = response.headers().get("Retry-After").and_then(|value| value.to_str().ok()?.parse().ok());
        assert_eq!((response.status().as_u16(), told), (429, retry_after));
        assert!(site.journal().is_empty());
    }
}

#[tokio::test]
async fn a_delayed_answer_is_late_and_right() {
    let site = start(Effect::Delay { millis: 150 });
    let begun = Instant::now();
    assert_eq!(site.send(Method::POST, ADD, jane()).await.0, 201);
    assert!(begun.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn a_full_licence_refuses_additions_only() {
    for status in [400, 409] {
        let site = Site::start(Product::JiraDc);
        site.sandbox.inject(Fault::new(Effect::LicenceFull { status }));
        assert_refused(&site.send(Method::POST, ADD, jane()).await, status);
        assert_eq!(site.get("user?username=jane").await.0, 200);
        assert!(site.journal().is_empty());
    }
}

#[tokio::test]
async fn revoked_credentials_and_missing_rights_last_until_they_are_restored() {
    for product in [Product::JiraDc, Product::JiraCloud] {
        for (effect, status) in [(Effect::Unauthorized, 401), (Effect::Forbidden, 403)] {
            let site = Site::start(product);
            let id = site.sandbox.inject(Fault::new(effect).site(product));
            assert_eq!([site.get("myself").await.0, site.get("myself").await.0], [status; 2]);
            site.sandbox.remove_fault(id);
            assert_eq!(site.get("myself").await.0, 200);
        }
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_answer() {
    let site = start(Effect::Cut { after_work: true });
    assert_cut(&site).await;
    site.get("user?username=jane").await;
    site.get("user?username=nobody").await;
    site.get("nothing").await;
    let counts: Vec<_> = site.sandbox.requests().into_iter().map(|one| (one.method, one.path, one.status)).collect();
    let wanted = [
        ("GET", "(unknown)", Some(404)),
        ("POST", "/rest/api/2/group/user", None),
        ("GET", "/rest/api/2/user", Some(200)),
        ("GET", "/rest/api/2/user", Some(404)),
    ];
    assert_eq!(counts, wanted.map(|(method, path, status)| (method.to_owned(), path.to_owned(), status)));
}
