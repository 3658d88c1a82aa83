//! A source that is tried out before it is written into the configuration.

use std::fs;

use usher::{
    domain::Product,
    sandbox::{
        Account, Application, ORGANIZATION, TOKEN,
        webhook::{Delivery, Happening},
    },
};

use super::{ADMIN_TOKEN, browser::play, visitor::Visitor};
use crate::support::{ground::Ground, usher::Usher};

/// A site with an application, which each Jira has.
fn ground() -> Ground {
    let ground = Ground::new("");
    ground.sandbox.put_application(Product::JiraDc, Application::new("jira-software", &[]).seats(10, 7));
    ground
}

const NAME: &str = "Acme <script>alert(1)</script>";

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_named_the_right_one_gives_the_lines_to_write_and_the_secret_is_nowhere() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let list = visitor.get("/connect", &[]).await.text;
    assert!(list.contains("href=\"/connect?product=jira-dc\">Jira Data Center"), "{list}");
    assert_eq!(visitor.get("/connect?product=word", &[]).await.status, 400);
    let page = "/connect?product=jira-dc";
    let url = ground.sandbox.base_url(Product::JiraDc).to_string();
    let typed = [("product", "jira-dc"), ("name", NAME), ("base_url", url.as_str()), ("ends", "2027-03-01")];
    let wrong = visitor.submit(page, "/connect", &[&typed[..], &[("secret", "mistyped-7f3a")]].concat()).await;
    assert_eq!(wrong.status, 200, "{}", wrong.text);
    for shown in ["check `auth`", "The credentials are accepted</th><td><span class=\"badge danger\">"] {
        assert!(wrong.text.contains(shown), "{shown} in {}", wrong.text);
    }
    let right = visitor.submit(page, "/connect", &[&typed[..], &[("secret", TOKEN)]].concat()).await;
    for shown in [
        "No check failed.",
        "id: acme-script-alert-1-script",
        "env: ACME_SCRIPT_ALERT_1_SCRIPT_TOKEN",
        "value=\"Acme &#60;script&#62;",
    ] {
        assert!(right.text.contains(shown), "{shown} in {}", right.text);
    }
    for (answer, secret) in [(&wrong, "mistyped-7f3a"), (&right, TOKEN)] {
        assert!(!answer.text.contains(secret), "the secret is shown");
        assert!(!answer.text.contains("<script>"), "{}", answer.text);
    }
    let (_, sources) = usher.ask("sources", &[]).await;
    assert_eq!(sources["items"].as_array().map(Vec::len), Some(2), "nothing is kept");
    let (_, metrics) = usher.open_page("metrics").await;
    assert!(!metrics.contains("acme-script"), "no series for what is tried out");
    let log = usher.log();
    assert!(!log.contains("mistyped-7f3a") && !log.contains(TOKEN), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_no_source_is_kept_as_typed_and_each_fault_leads_to_its_field() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let typed = [
        ("product", "jira-dc"),
        ("id", "Not an id"),
        ("base_url", "http://169.254.169.254/latest"),
        ("secret", "hunter2"),
        ("ends", "tomorrow"),
    ];
    let answer = visitor.submit("/connect?product=jira-dc", "/connect", &typed).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    for shown in [
        "<title>Error: ",
        "href=\"#id\"",
        "href=\"#base_url\"",
        "href=\"#ends\"",
        "value=\"Not an id\"",
        "value=\"tomorrow\"",
    ] {
        assert!(answer.text.contains(shown), "{shown} in {}", answer.text);
    }
    assert!(!answer.text.contains("hunter2"), "{}", answer.text);
    let organisation = [("product", "atlassian-org"), ("organization", ORGANIZATION), ("secret", "a b")];
    let answer = visitor.submit("/connect?product=atlassian-org", "/connect", &organisation).await;
    assert!(answer.status == 422 && answer.text.contains("href=\"#secret\""), "{}", answer.text);
    let none = visitor.submit("/connect", "/connect", &[("secret", "x")]).await;
    assert_eq!(none.status, 400);
    let foreign = visitor.post("/connect", &typed, &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(foreign.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_is_whole_for_everybody_with_and_without_script() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let site = ground.sandbox.base_url(Product::JiraDc).to_string();
    for script in ["script", "none"] {
        let url = format!("http://{}/", usher.admin);
        play("connect", [url.as_str(), ADMIN_TOKEN, site.as_str(), TOKEN, script].map(str::to_owned).into()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_usher_gets_its_first_source_in_the_console_and_ticks_the_steps_off() {
    for script in ["script", "none"] {
        let ground = ground();
        let text = fs::read_to_string(ground.config_path()).expect("a file");
        let (begin, end) = (text.find("sources:").expect("sources"), text.find("schemes:").expect("schemes"));
        fs::write(ground.config_path(), [&text[..begin], &text[end..]].concat()).expect("written");
        let jane = Account::new("id:jane", "jane");
        ground.sandbox.put_user(Product::JiraDc, jane.clone());
        let usher = Usher::start(&ground).await;
        let site = ground.sandbox.base_url(Product::JiraDc).to_string();
        let delivery = Delivery::of(Product::JiraDc, Happening::Created, &jane);
        let body = String::from_utf8(delivery.body().to_vec()).expect("text");
        let (url, webhooks) = (format!("http://{}/", usher.admin), format!("http://{}/", usher.webhooks));
        let arguments = [url.as_str(), ADMIN_TOKEN, &site, TOKEN, &webhooks, &body, script];
        play("fresh", arguments.map(str::to_owned).into()).await;
        let log = usher.log();
        assert!(!log.contains("mistyped") && !log.contains(TOKEN), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_whose_check_fails_is_saved_with_a_reason_alone_and_is_paused_then() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let url = ground.sandbox.base_url(Product::JiraDc).to_string();
    let typed =
        [("product", "jira-dc"), ("id", "third"), ("base_url", url.as_str()), ("secret", "wrong"), ("do", "save")];
    let page = "/connect?product=jira-dc";
    let refused = visitor.submit(page, "/connect", &typed).await;
    assert!(refused.status == 422 && refused.text.contains("href=\"#reason\""), "{}", refused.text);
    assert_eq!(usher.ask("sources/third", &[]).await.0, 404);
    let saved = visitor.submit(page, "/connect", &[&typed[..], &[("reason", "the key comes tomorrow")]].concat()).await;
    assert!(saved.status == 200 && saved.text.contains("It is paused"), "{}", saved.text);
    assert_eq!(usher.ask("sources/third", &[]).await.1["paused"], true);
    let acts = usher.list("audit", &[("on", "source:third")]).await;
    let created = acts.iter().find(|act| act["action"] == "source.create").expect("recorded");
    assert_eq!(created["reason"], "the key comes tomorrow", "{created}");
}
