//! The list of first steps, which ticks itself off by what usher sees.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::{
    domain::Product,
    sandbox::{
        Account,
        webhook::{Delivery, Happening},
    },
};

use super::{ADMIN_TOKEN, browser::play, run, visitor::Visitor};
use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    usher::Usher,
};

/// The steps that are done, by their numbers.
async fn done(visitor: &Visitor) -> Vec<usize> {
    let page = visitor.get("/start", &[]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let items: Vec<&str> = page.text.split("<li>").filter(|item| item.contains("<strong>")).collect();
    assert_eq!(items.iter().filter(|item| item.contains(">1. A source answers.")).count(), 1, "{}", page.text);
    let is_done = |number: &usize| {
        let item = items.iter().find(|item| item.contains(&format!("<strong>{number}. ")));
        item.expect("every step is there").contains("badge done")
    };
    (1..=6).filter(is_done).collect()
}

async fn done_are(visitor: &Visitor, expected: &[usize]) {
    eventually(&format!("{expected:?} are done"), || async { (done(visitor).await == expected).then_some(()) }).await;
}

const IN_TEST: &str = r#"{"id": "staff", "source": "acme", "trigger": "manual", "test_mode": true,
    "select": {"everyone": true}, "actions": [{"add_groups": ["staff"]}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_tick_themselves_off_by_what_usher_sees_and_stay_so_after_a_restart() {
    let ground = Ground::new("").groups(&["staff"]);
    ground.sandbox.put_user(Product::JiraDc, Account::new("id:jane", "jane"));
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    assert_eq!(done(&visitor).await, Vec::<usize>::new());
    let page = visitor.get("/start", &[]).await.text;
    for shown in ["Nothing yet.", "<code>/webhooks/acme</code>", "the value of TEST_ACME_SECRET", "Create a WebHook"] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(!page.contains(ACME.secret), "{page}");
    assert!(visitor.get("/", &[]).await.text.contains("0 of 6 steps done"));

    visitor.submit("/sources/acme", "/sources/acme/test", &[]).await;
    assert_eq!(done(&visitor).await, [1]);
    let jane = Account::new("id:jane", "jane");
    let forged = Delivery::of(Product::JiraDc, Happening::Created, &jane).sign("a guess");
    assert_eq!(usher.deliver_raw("/webhooks/acme", &forged).await.0, StatusCode::UNAUTHORIZED);
    eventually("the page says that a delivery was refused", || async {
        let page = visitor.get("/start", &[]).await.text;
        page.contains("A delivery came, and was refused").then_some(())
    })
    .await;
    assert_eq!(done(&visitor).await, [1], "a forged one counts for nothing");
    usher.tell(ACME, Happening::Created, &jane).await;
    assert_eq!(done(&visitor).await, [1, 2]);
    let (status, tag, scheme) = usher.send(Method::POST, "schemes", &[], IN_TEST).await;
    assert_eq!(status, StatusCode::CREATED, "{scheme}");
    assert_eq!(done(&visitor).await, [1, 2, 3]);
    let (_, _, preview) = usher.send(Method::POST, "schemes/preview", &[], IN_TEST).await;
    let id = preview["id"].as_str().expect("an id");
    assert_eq!(usher.ask(&format!("previews/{id}"), &[]).await.0, StatusCode::OK);
    assert_eq!(done(&visitor).await, [1, 2, 3, 4]);
    let id = run(&usher, "staff", "done").await;
    assert_eq!(done(&visitor).await, [1, 2, 3, 4], "it was made, and nobody has read it");
    assert_eq!(visitor.get(&format!("/runs/{id}"), &[]).await.status, 200);
    done_are(&visitor, &[1, 2, 3, 4, 5]).await;
    let mut at_work: Value = serde_json::from_str(IN_TEST).expect("JSON");
    at_work["test_mode"] = json!(false);
    let (status, _, answer) =
        usher.send(Method::PUT, "schemes/staff", &[("if-match", &tag)], at_work.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(done(&visitor).await, [1, 2, 3, 4, 5, 6]);

    usher.kill();
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let again = done(&visitor).await;
    assert!(again.ends_with(&[2, 3, 4, 5, 6]), "{again:?}");

    let answer = visitor.submit("/start", "/start/dismiss", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/"));
    assert!(!visitor.get("/", &[]).await.text.contains("of 6 steps done"), "dismissed");
    assert_eq!(visitor.get("/start", &[]).await.status, 200, "it is still there for whoever asks for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_waits_live_for_the_first_webhook_and_is_whole_without_script() {
    for script in ["script", "none"] {
        let ground = Ground::new("").tweak("USHER_SOURCES__0__NAME", "'Acme <b>'");
        let jane = Account::new("id:jane", "jane");
        ground.sandbox.put_user(Product::JiraDc, jane.clone());
        let usher = Usher::start(&ground).await;
        let url = format!("http://{}/", usher.admin);
        let playing = play("start", [url.as_str(), ADMIN_TOKEN, script].map(str::to_owned).into());
        // The case waits for the webhook; it may come before or after the page is opened.
        tokio::join!(playing, usher.tell(ACME, Happening::Created, &jane));
    }
}
