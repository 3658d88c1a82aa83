//! A source that is tried out before it is written into the configuration.

use usher::{
    domain::Product,
    sandbox::{Application, ORGANIZATION, TOKEN},
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
