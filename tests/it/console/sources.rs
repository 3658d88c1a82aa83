//! The page of a source: its health, the test of its connection, its pause.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::{
    domain::Product,
    sandbox::{
        Account, Application, Effect, Fault, TOKEN,
        webhook::{Delivery, Happening},
    },
};

use super::{ADMIN_TOKEN, browser::play, run, visitor::Visitor};
use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    usher::Usher,
};

const ODD_NAME: &str = "\"Acme <script>alert(1)</script> & Söhne\"";

async fn start(ground: &Ground) -> (Usher, Visitor) {
    let usher = Usher::start(ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    (usher, visitor)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_source_tells_its_health_and_no_secret() {
    let scheme = "{ id: staff, name: 'Staff <b>', source: acme, trigger: manual, select: { everyone: true }, \
        actions: [{ add_groups: [staff] }] }";
    let ground = Ground::new(scheme).tweak("USHER_SOURCES__0__NAME", ODD_NAME);
    let ground = ground.tweak("USHER_SOURCES__0__CREDENTIALS_EXPIRE", "2020-01-01");
    let (usher, visitor) = start(&ground).await;
    let jane = Account::new("id:jane", "jane");
    ground.sandbox.put_user(Product::JiraDc, jane.clone());
    usher.tell(ACME, Happening::Created, &jane).await;
    let forged = Delivery::of(Product::JiraDc, Happening::LoggedIn, &jane).sign("a guess");
    assert_eq!(usher.deliver_raw("/webhooks/acme", &forged).await.0, StatusCode::UNAUTHORIZED);
    let list = visitor.get("/sources", &[]).await.text;
    assert!(list.contains("<a href=\"/sources/acme\">Acme &#60;script&#62;"), "{list}");
    let page = visitor.get("/sources/acme", &[]).await;
    assert_eq!(page.status, 200);
    let text = page.text;
    for shown in [
        "Acme &#60;script&#62;alert(1)&#60;/script&#62; &#38; Söhne</h1>",
        "From the file",
        "<dt>Accepted in 24 hours</dt><dd>1</dd>",
        "<dt>Refused in 24 hours</dt><dd>1</dd>",
        "Deliveries were refused",
        "<th scope=\"row\">TEST_ACME_SECRET</th><td><time",
        "ended on 2020-01-01",
        "The credentials of Acme &#60;script&#62;",
        "nobody is listed yet",
        "usher does not read its audit log",
        "Staff &#60;b&#62;</a> <span class=\"muted\">(test mode)</span>",
        "Nobody has tested it here since this process began.",
    ] {
        assert!(text.contains(shown), "{shown} in {text}");
    }
    let yaml = visitor.get("/sources/acme/yaml", &[]).await.text;
    for shown in ["id: acme", "env: TEST_PRODUCT_TOKEN", "env: TEST_ACME_SECRET", "reconcile: "] {
        assert!(yaml.contains(shown), "{shown} in {yaml}");
    }
    for secret in [TOKEN, ACME.secret, ADMIN_TOKEN] {
        assert!(!text.contains(secret) && !yaml.contains(secret), "a secret is shown");
    }
    for path in ["/sources/nowhere", "/sources/nowhere/yaml", "/sources/nowhere/pause"] {
        assert_eq!(visitor.get(path, &[]).await.status, 404, "{path}");
    }
    assert_eq!(visitor.get("/sources/acme?nothing=1", &[]).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_is_tested_from_the_page_and_each_failed_check_says_what_to_do() {
    let ground = Ground::new("");
    let (_usher, visitor) = start(&ground).await;
    // A Jira without any application does not exist, and an empty list of them is not believed.
    ground.sandbox.put_application(Product::JiraDc, Application::new("jira-software", &[]).seats(10, 7));
    ground.sandbox.inject(Fault::new(Effect::Forbidden).site(Product::JiraDc).path("auditing"));
    let page = "/sources/acme";
    assert_eq!(visitor.get("/sources/acme/test", &[]).await.status, 405, "looking tests nothing");
    let answer = visitor.submit(page, "/sources/acme/test", &[("request", "a")]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/sources/acme?said=tested#checks"));
    let text = visitor.get("/sources/acme?said=tested", &[]).await.text;
    for shown in [
        "The connection was tested.",
        "1 of 11 checks failed.",
        "Tested by admin",
        "<th scope=\"row\">May read the audit log</th>",
        "give usher the global permission &#34;Jira System administrators&#34;",
        "Not told",
    ] {
        assert!(text.contains(shown), "{shown} in {text}");
    }
    assert_eq!(ground.effects(), Vec::<String>::new(), "nothing is changed");
    let calls = || ground.sandbox.requests().iter().map(|one| one.count).sum::<u64>();
    let before = calls();
    let again = visitor.submit(page, "/sources/acme/test", &[("request", "a")]).await;
    assert_eq!(again.header("location"), "/sources/acme?said=tested#checks");
    assert_eq!(calls(), before, "a form that is sent twice asks once");
    let answer = visitor.submit("/settings", "/sources/nowhere/test", &[]).await;
    assert_eq!(answer.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_paused_and_resumed_once_somebody_has_read_what_that_does() {
    let ground = Ground::new("");
    let (usher, visitor) = start(&ground).await;
    let asks = visitor.get("/sources/acme/pause", &[]).await.text;
    assert!(asks.contains("usher does not call acme until somebody resumes it"), "{asks}");
    assert!(visitor.get("/sources/acme/resume", &[]).await.text.contains("It is so already."));
    assert_eq!(paused(&usher).await, Value::Bool(false), "looking pauses nothing");
    for _ in 0..2 {
        let answer = visitor.submit("/sources/acme/pause", "/sources/acme/pause", &[("request", "b")]).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/sources/acme?said=paused"));
    }
    assert_eq!(paused(&usher).await, Value::Bool(true));
    let page = visitor.get("/sources/acme?said=paused", &[]).await.text;
    for shown in ["The source is paused.", "by admin", "acme is paused by admin", "href=\"/sources/acme/resume\""] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    let unproved = visitor.post("/sources/acme/resume", &[], &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(unproved.status, 403);
    assert_eq!(paused(&usher).await, Value::Bool(true));
    let answer = visitor.submit("/sources/acme/resume", "/sources/acme/resume", &[]).await;
    assert_eq!(answer.header("location"), "/sources/acme?said=resumed");
    assert_eq!(paused(&usher).await, Value::Bool(false));
}

async fn paused(usher: &Usher) -> Value {
    let (_, source) = usher.ask("sources/acme", &[]).await;
    source["paused"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_needed_lists_what_needs_it_and_is_not_deleted() {
    const SCHEME: &str = "{ id: lot, source: extra, trigger: manual, test_mode: false, limits: { users: 1 }, \
        select: { email_domain: [acme.example] }, actions: [{ add_groups: [staff] }] }";
    const PAGE: &str = "/sources/extra/delete";
    let ground = Ground::new("").groups(&["staff"]);
    for number in 0..3 {
        let account = Account::new(format!("KEY{number}"), format!("name-{number}"));
        ground.sandbox.put_user(Product::JiraDc, account.email(format!("user-{number}@acme.example")));
    }
    let (usher, visitor) = start(&ground).await;
    let source = json!({
        "id": "extra", "name": "Extra <b>", "product": "jira-dc", "base_url": ground.sandbox.base_url(Product::JiraDc),
        "auth": { "bearer": { "value": TOKEN } }, "webhook": { "hmac": [{ "value": "the-secret-of-extra" }] },
        "reconcile": "off", "rate": { "per_second": 1000, "concurrency": 8 },
    });
    for (path, body) in [("sources", source.to_string()), ("schemes", SCHEME.to_owned())] {
        let (status, _, answer) = usher.send(Method::POST, path, &[], body).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }
    let held = run(&usher, "lot", "held").await;
    let page = visitor.get(PAGE, &[]).await;
    for shown in [
        "<h2>What needs it</h2>",
        "<a href=\"/schemes/lot\"><bdi>The scheme lot</bdi></a>",
        &format!("<a href=\"/runs/{held}\"><bdi>The held run of lot</bdi></a>"),
        "disabled aria-describedby=\"delete-why\"",
    ] {
        assert!(page.text.contains(shown), "{shown} in {}", page.text);
    }
    let tag = page.field("tag");
    let refused = visitor.submit(PAGE, PAGE, &[("tag", &tag), ("request", "a")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert!(refused.text.contains("It is needed still: the scheme “lot”, the held run “"), "{}", refused.text);
    assert_eq!(usher.ask("sources/extra", &[]).await.0, StatusCode::OK, "it is still there");
    let (status, ..) = usher.send(Method::POST, &format!("runs/{held}/cancel"), &[], "").await;
    assert_eq!(status, StatusCode::ACCEPTED);
    super::when(&usher, &held, "cancelled").await;
    let (status, ..) = usher.send(Method::DELETE, "schemes/lot", &[("if-match", "*")], "").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let page = visitor.get(PAGE, &[]).await;
    assert!(!page.text.contains("What needs it"), "{}", page.text);
    let answer = visitor.submit(PAGE, PAGE, &[("tag", &page.field("tag")), ("request", "b")]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/sources"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_a_source_are_whole_for_everybody_with_and_without_script() {
    let ground = Ground::new("").tweak("USHER_SOURCES__0__FEED", "{ kind: audit-log, every: 1s }");
    let ground = ground.tweak("USHER_SOURCES__0__NAME", ODD_NAME);
    let (usher, _) = start(&ground).await;
    eventually("the feed has begun", || async {
        let (_, health) = usher.ask("sources/acme/health", &[]).await;
        health["feed"]["lag_seconds"].is_number().then_some(())
    })
    .await;
    for script in ["script", "none"] {
        let url = format!("http://{}/", usher.admin);
        play("source", [url.as_str(), ADMIN_TOKEN, script].map(str::to_owned).into()).await;
    }
}
