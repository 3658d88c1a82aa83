//! Newcomers that are held because they are so many: the page that decides about them, and the inbox that leads there.

use reqwest::StatusCode;
use serde_json::Value;
use usher::sandbox::Account;

use super::{ADMIN_TOKEN, VIEWER_TOKEN, browser::play, pages::arguments, visitor::Visitor};
use crate::support::{
    face::{Face, eventually},
    ground::{ACME, Ground},
    usher::Usher,
};

const SCHEMES: &str = "
    { id: welcome, name: '<b>Welcome</b>', source: acme, trigger: on_create, test_mode: false, select: { everyone: true }, \
      actions: [{ add_groups: [staff] }] }, \
    { id: idle, source: acme, trigger: on_create, enabled: false, select: { everyone: true }, actions: [{ add_groups: [staff] }] }";
const PAGE: &str = "/sources/acme/newcomers";

async fn reconciliation(face: &Face) -> Value {
    face.ask("sources/acme", &[]).await.1["reconciliation"].clone()
}

async fn until(face: &Face, state: &str) {
    eventually(&format!("acme is {state}"), || async { (reconciliation(face).await["state"] == state).then_some(()) })
        .await;
}

/// usher with 60 held newcomers.
async fn held() -> (Ground, Usher) {
    let ground = Ground::new(SCHEMES).groups(&["staff"]).reconciling("1s");
    let viewer = format!("[{{ name: vera, role: viewer, secret: {{ value: {VIEWER_TOKEN} }} }}]");
    let ground = ground.tweak("USHER_ADMIN__TOKENS", &viewer);
    let usher = Usher::start(&ground).await;
    until(&usher, "comparing").await;
    for number in 0..60 {
        ground.sandbox.put_user(ACME.product, Account::new(format!("KEY{number}"), format!("name-{number}")));
    }
    eventually("all are held", || async { (reconciliation(&usher).await["held"] == 60).then_some(()) }).await;
    (ground, usher)
}

#[tokio::test(flavor = "multi_thread")]
async fn held_newcomers_are_released_with_their_number_typed() {
    let (ground, usher) = held().await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let inbox = visitor.get("/", &[]).await.text;
    assert!(inbox.contains(&format!("href=\"{PAGE}\">Decide")), "{inbox}");
    let source = visitor.get("/sources/acme", &[]).await.text;
    assert!(source.contains(&format!("href=\"{PAGE}\"")), "{source}");
    let page = visitor.get(PAGE, &[]).await.text;
    for text in ["Release 60 users", "Dismiss 60 users", "Type 60 to release", "&#60;b&#62;Welcome", "(off, test mode)"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
    let release = format!("{PAGE}/release");
    for wrong in ["", "59", "60 users"] {
        let refused = visitor.submit(PAGE, &release, &[("number", wrong), ("request", "a")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {}", refused.text);
        assert!(refused.text.contains("Type 60 to decide about them."), "{}", refused.text);
    }
    assert!(ground.effects().is_empty());
    let vera = Visitor::signed_in(usher.admin, VIEWER_TOKEN).await;
    let shown = vera.get(PAGE, &[]).await.text;
    assert!(
        shown.contains("disabled aria-describedby=\"release-why\"") && shown.contains("Only an administrator"),
        "{shown}"
    );
    assert_eq!(vera.submit(PAGE, &release, &[("number", "60")]).await.status, StatusCode::FORBIDDEN);
    let fields = [("number", "60"), ("request", "b")];
    let (first, second) =
        tokio::join!(visitor.submit(PAGE, &release, &fields), visitor.submit(PAGE, &release, &fields));
    for answer in [first, second] {
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (303, format!("{PAGE}?said=released").as_str())
        );
    }
    eventually("all are welcomed", || async { (ground.effects().len() == 60).then_some(()) }).await;
    until(&usher, "comparing").await;
    let after = visitor.get(PAGE, &[]).await.text;
    assert!(after.contains("Nobody is held."), "{after}");
    let late = visitor.submit(PAGE, &release, &[("number", "60"), ("request", "c")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text);
    let audit = usher.list("audit", &[("action", "newcomers.release")]).await;
    assert!(audit.iter().any(|one| one["by"] == "admin" && one["via"] == "console"), "{audit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn held_newcomers_are_dismissed_and_nothing_is_done_to_them() {
    let (ground, usher) = held().await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let dismiss = format!("{PAGE}/dismiss");
    assert_eq!(visitor.submit(PAGE, &dismiss, &[("number", "6")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = visitor.submit(PAGE, &dismiss, &[("number", "60"), ("request", "a")]).await;
    assert_eq!(answer.header("location"), format!("{PAGE}?said=dismissed"), "{}", answer.text);
    until(&usher, "comparing").await;
    assert!(ground.effects().is_empty(), "{:?}", ground.effects());
    assert_eq!(visitor.get("/sources/none/newcomers", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(visitor.get(&format!("{PAGE}?odd=1"), &[]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(visitor.get(&dismiss, &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_newcomers_is_whole_for_everybody() {
    let (_ground, usher) = held().await;
    play("newcomers", arguments(&usher, &[])).await;
}
