//! Checks of connections and lists for pickers, against the sandbox.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::{
    config::Auth,
    domain::Product,
    sandbox::{ACCOUNT, ADMIN_GROUP, Application, Effect, Fault, Instead, ORGANIZATION, TOKEN},
};

use crate::{
    products::ALL,
    support::{app::TestApp, ground::Ground},
};

async fn start() -> TestApp {
    TestApp::start(Ground::new("")).await
}

async fn test(app: &TestApp, source: &str) -> Value {
    let (status, _, checks) = app.send(Method::POST, &format!("sources/{source}/test"), &[], "").await;
    assert_eq!(status, StatusCode::OK, "{checks}");
    checks
}

async fn test_new(app: &TestApp, source: &Value) -> (StatusCode, Value) {
    let (status, _, answer) = app.send(Method::POST, "sources/test", &[], source.to_string()).await;
    (status, answer)
}

/// The site of the sandbox for `product`, as somebody types it in.
fn typed(app: &TestApp, product: Product) -> Value {
    let auth = match app.ground.sandbox.auth(product) {
        Auth::Bearer(token) => json!({ "bearer": { "value": token.reveal() } }),
        Auth::Basic { username, password } => {
            json!({ "basic": { "username": username, "password": { "value": password.reveal() } } })
        }
    };
    let base_url = app.ground.sandbox.base_url(product).to_string();
    let mut source = json!({ "id": "new", "product": product.as_str(), "base_url": base_url, "auth": auth });
    if product == Product::AtlassianOrg {
        source["organization"] = ORGANIZATION.into();
    }
    source
}

fn of<'v>(checks: &'v Value, what: &str) -> &'v Value {
    let all = checks["checks"].as_array().expect("a list");
    all.iter().find(|check| check["what"] == what).expect("every check is there")
}

fn result<'v>(checks: &'v Value, what: &str) -> &'v str {
    of(checks, what)["result"].as_str().expect("a result")
}

fn results(checks: &Value) -> Vec<(&str, &str)> {
    let all = checks["checks"].as_array().expect("a list").iter();
    all.map(|check| (check["what"].as_str().expect("a word"), check["result"].as_str().expect("a word"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_to_every_product_is_checked_by_a_few_reads_that_change_nothing() {
    let app = start().await;
    for product in ALL.iter().copied() {
        app.ground.sandbox.put_group(product, "staff");
        app.ground.sandbox.put_application(product, Application::new("jira-software", &["staff"]).seats(10, 7));
        let mut source = typed(&app, product);
        if product == Product::ConfluenceDc {
            // The sandbox has one group of administrators on all of its sites.
            source["protect"] = json!({ "admin_groups": [ADMIN_GROUP] });
        }
        let (status, checks) = test_new(&app, &source).await;
        assert_eq!(status, StatusCode::OK, "{product}: {checks}");
        let failed: Vec<_> = results(&checks).into_iter().filter(|(_, result)| *result == "fail").collect();
        assert_eq!(failed, [], "{product}: {checks:#}");
        for what in ["reached", "credentials", "read_users", "read_groups", "clock"] {
            assert_eq!(result(&checks, what), "pass", "{product}: {checks:#}");
        }
        let silent = [Product::Crowd, Product::AtlassianOrg].contains(&product);
        assert_eq!(result(&checks, "change_users"), if silent { "not_told" } else { "pass" }, "{product}: {checks:#}");
        assert_eq!(result(&checks, "tls"), "not_told", "the sandbox is plain: {checks:#}");
        assert_eq!(checks["acts_as"].is_null(), product == Product::AtlassianOrg, "{product}: {checks:#}");
        for check in checks["checks"].as_array().expect("a list") {
            assert!(check["result"] == "pass" || check["why"].is_string(), "{product}: {check}");
        }
    }
    assert_eq!(app.ground.effects(), Vec::<String>::new());
    let calls: u64 = app.ground.sandbox.requests().iter().map(|counted| counted.count).sum();
    assert!(calls < 15 * ALL.len() as u64, "{calls} calls");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_named_and_nothing_more_is_asked_and_the_key_stays_secret() {
    let app = start().await;
    let mut source = typed(&app, Product::JiraDc);
    source["auth"] = json!({ "bearer": { "value": "mistyped-7f3a" } });
    let before = app.ground.sandbox.requests();
    let (status, checks) = test_new(&app, &source).await;
    assert_eq!(status, StatusCode::OK, "{checks}");
    assert_eq!(result(&checks, "reached"), "pass");
    assert_eq!(result(&checks, "credentials"), "fail");
    assert!(of(&checks, "credentials")["do"].as_str().expect("a remedy").contains("`auth`"), "{checks:#}");
    for what in ["acts_as", "read_users", "change_users", "licence_seats", "directories"] {
        assert_eq!(of(&checks, what)["why"], "the credentials are not accepted", "{checks:#}");
    }
    let calls = |counts: &[usher::sandbox::RequestCount]| counts.iter().map(|one| one.count).sum::<u64>();
    assert_eq!(calls(&app.ground.sandbox.requests()) - calls(&before), 1, "a second one could lock the account");
    assert!(!checks.to_string().contains("mistyped"), "{checks}");
    let (_, metrics) = app.open_page("metrics").await;
    assert!(!metrics.contains("\"new\"") && !metrics.contains("mistyped"), "no series for what is tried out");
    let (_, sources) = app.ask("sources", &[]).await;
    assert_eq!(sources["items"].as_array().map(Vec::len), Some(2), "nothing was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_between_is_not_taken_for_the_product() {
    let app = start().await;
    for (status, body) in [
        (200, Instead::LoginPage),
        (403, Instead::FirewallPage),
        (404, Instead::BalancerPage),
        (404, Instead::GatewayJson),
        (200, Instead::Empty),
        (503, Instead::MaintenancePage),
    ] {
        let effect = Effect::Instead { status, body, after_work: false };
        let id = app.ground.sandbox.inject(Fault::new(effect).site(Product::JiraDc));
        let (_, checks) = test_new(&app, &typed(&app, Product::JiraDc)).await;
        assert_eq!(result(&checks, "reached"), "fail", "{status} {body:?}: {checks:#}");
        let why = of(&checks, "reached")["why"].as_str().expect("a reason");
        assert!(why.starts_with("something between usher and the product answered"), "{why}");
        assert_eq!(result(&checks, "credentials"), "not_told", "{status} {body:?}");
        assert_eq!(result(&checks, "clock"), "not_told", "it is not the product's clock");
        app.ground.sandbox.remove_fault(id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_rights_are_named_with_what_to_grant_to_whom() {
    let app = start().await;
    app.ground.sandbox.remove_member(Product::JiraDc, ACCOUNT_ID, ADMIN_GROUP).expect("both are there");
    let checks = test(&app, "acme").await;
    assert_eq!(checks["acts_as"], ACCOUNT);
    let change = of(&checks, "change_users");
    assert_eq!(change["result"], "fail", "{checks:#}");
    let remedy = change["do"].as_str().expect("a remedy");
    assert!(remedy.starts_with("give usher the global permission \"Jira System administrators\""), "{remedy}");
    assert_eq!(result(&checks, "read_users"), "pass", "{checks:#}");
}

const ACCOUNT_ID: &str = "JIRAUSER10000";

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_call_fails_its_own_check_alone() {
    let app = start().await;
    app.ground.sandbox.inject(Fault::new(Effect::Forbidden).site(Product::JiraDc).path("auditing"));
    app.ground.sandbox.put_application(Product::JiraDc, Application::new("jira-software", &[]).seats(5, 5));
    let checks = test(&app, "acme").await;
    assert_eq!(result(&checks, "read_audit_log"), "fail", "{checks:#}");
    assert_eq!(result(&checks, "licence_seats"), "fail", "{checks:#}");
    assert!(of(&checks, "licence_seats")["why"].as_str().expect("why").contains("jira-software"), "{checks:#}");
    assert_eq!(result(&checks, "change_users"), "pass", "{checks:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_told_with_the_figure() {
    let app = start().await;
    let fault = |seconds| Fault::new(Effect::Clock { seconds }).site(Product::JiraDc);
    for (seconds, expected, words) in [(600, "fail", "s ahead of"), (-600, "fail", "s behind"), (20, "pass", "ahead")] {
        let id = app.ground.sandbox.inject(fault(seconds));
        let (_, checks) = test_new(&app, &typed(&app, Product::JiraDc)).await;
        let clock = of(&checks, "clock");
        assert_eq!(clock["result"], expected, "{seconds}: {checks:#}");
        assert!(clock["why"].as_str().expect("a reason").contains(words), "{clock}");
        app.ground.sandbox.remove_fault(id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_hangs_or_asks_to_slow_down_ends_the_check_in_time() {
    let app = start().await;
    let hang = app.ground.sandbox.inject(Fault::new(Effect::Hang).site(Product::JiraDc));
    let began = Instant::now();
    let (_, checks) = test_new(&app, &typed(&app, Product::JiraDc)).await;
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
    assert_eq!(result(&checks, "reached"), "fail", "{checks:#}");
    assert_eq!(result(&checks, "change_users"), "not_told", "{checks:#}");
    app.ground.sandbox.remove_fault(hang);
    let slow = Effect::TooManyRequests { retry_after: Some(3_600) };
    app.ground.sandbox.inject(Fault::new(slow).site(Product::JiraDc));
    let (_, checks) = test_new(&app, &typed(&app, Product::JiraDc)).await;
    assert_eq!((result(&checks, "reached"), result(&checks, "credentials")), ("pass", "not_told"), "{checks:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_usher_send_its_own_secrets_to_an_address_of_theirs() {
    let app = start().await;
    for auth in [
        json!({ "bearer": { "env": "TEST_ADMIN_TOKEN" } }),
        json!({ "bearer": { "file": "/etc/hostname" } }),
        json!({ "basic": { "username": "usher", "password": { "env": "TEST_PRODUCT_TOKEN" } } }),
    ] {
        let mut source = typed(&app, Product::JiraDc);
        source["auth"] = auth;
        let before = app.ground.sandbox.connections();
        let (status, problem) = test_new(&app, &source).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!(problem["type"], "urn:usher:problem:invalid-source");
        assert_eq!(problem["problems"].as_array().map(Vec::len), Some(1), "{problem}");
        assert!(!problem.to_string().contains(TOKEN), "{problem}");
        assert_eq!(app.ground.sandbox.connections(), before, "nothing was called");
    }
    for base_url in ["http://jira.acme.example", "http://169.254.169.254/latest", "file:///etc/passwd", "gopher://x"] {
        let mut source = typed(&app, Product::JiraDc);
        source["base_url"] = base_url.into();
        let (status, problem) = test_new(&app, &source).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{base_url}: {problem}");
    }
    let (status, _, problem) = app.send(Method::POST, "sources/test", &[], "{ not: [yaml").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_picked_by_a_part_of_the_name_and_a_cut_list_says_so() {
    let app = start().await;
    for group in ["staff", "Staff <b>", "=1+1", "contractors"] {
        app.ground.sandbox.put_group(Product::JiraDc, group);
    }
    let (status, page) = app.ask("sources/acme/groups", &[("like", "STAFF")]).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().expect("a list").iter();
        items.map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
    };
    let mut found = names(&page);
    found.sort();
    assert_eq!((found, &page["cut"]), (vec!["Staff <b>".to_owned(), "staff".to_owned()], &json!(false)));
    assert_eq!(page["items"][0]["managed_by"], Value::Null, "Jira does not tell");
    let (_, page) = app.ask("sources/acme/groups", &[("limit", "1")]).await;
    assert_eq!((names(&page).len(), &page["cut"]), (1, &json!(true)));
    for number in 0..120 {
        app.ground.sandbox.put_group(Product::JiraDc, &format!("many-{number:03}"));
    }
    let (_, page) = app.ask("sources/acme/groups", &[("like", "many"), ("limit", "500")]).await;
    assert_eq!((names(&page).len(), &page["cut"]), (100, &json!(true)), "the product's search ends there");
    for (query, status) in [
        (("like", "x".repeat(256)), StatusCode::BAD_REQUEST),
        (("limit", "0".to_owned()), StatusCode::BAD_REQUEST),
        (("part", "x".to_owned()), StatusCode::BAD_REQUEST),
        (("like", "nobody".to_owned()), StatusCode::OK),
    ] {
        let (answered, body) = app.ask("sources/acme/groups", &[(query.0, &query.1)]).await;
        assert_eq!(answered, status, "{query:?}: {body}");
    }
    let (status, _) = app.ask("sources/nowhere/groups", &[]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_types_does_not_have_the_product_asked_twice_the_same() {
    let app = start().await;
    let asked = || {
        let counts = app.ground.sandbox.requests();
        counts.iter().filter(|one| one.path.contains("picker")).map(|one| one.count).sum::<u64>()
    };
    for _ in 0..5 {
        app.ask("sources/acme/groups", &[("like", "a")]).await;
    }
    assert_eq!(asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_and_directories_that_are_not_told_are_not_none() {
    let app = TestApp::start(Ground::with_code_and_crowd("")).await;
    app.ground.sandbox.put_application(Product::JiraDc, Application::new("jira-software", &[]).seats(10, 7));
    app.ground.sandbox.put_application(Product::BitbucketDc, Application::new("bitbucket", &[]).seats(25, 25));
    let (_, page) = app.ask("sources/acme/applications", &[]).await;
    let seats = json!({
        "key": "jira-software", "name": "jira-software", "seats": 10, "unlimited": false, "used": 7, "left": 3,
    });
    assert_eq!(page, json!({ "items": [seats], "next": null, "told": true, "why": null }));
    let (_, page) = app.ask("sources/code/applications", &[]).await;
    assert_eq!((&page["items"][0]["left"], &page["told"]), (&json!(0), &json!(true)), "{page}");
    let (_, page) = app.ask("sources/code/directories", &[]).await;
    assert_eq!(page["items"][0]["name"], "Bitbucket Internal Directory", "{page}");
    for path in ["sources/acme/directories", "sources/crowd/applications", "sources/crowd/directories"] {
        let (status, page) = app.ask(path, &[]).await;
        assert_eq!((status, &page["told"], &page["items"]), (StatusCode::OK, &json!(false), &json!([])), "{path}");
        assert!(page["why"].as_str().is_some_and(|why| !why.is_empty()), "{path}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picker_says_that_the_product_gives_no_answer() {
    let app = start().await;
    let fail = Effect::Fail { status: 500, retry_after: None, after_work: false };
    app.ground.sandbox.inject(Fault::new(fail).site(Product::JiraDc).path("picker"));
    let (status, problem) = app.ask("sources/acme/groups", &[("like", "st")]).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    assert!(problem["detail"].as_str().expect("a detail").contains("acme did not tell"), "{problem}");
}
