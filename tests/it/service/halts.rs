//! Credentials or rights that are refused: the source stops, the others go on, and it goes on by itself.

use reqwest::StatusCode;
use serde_json::{Value, json};
use usher::sandbox::{Account, Effect, Fault, Instead, webhook::Happening};

use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, BOTH, GLOBEX, Ground, Source},
};

const EVERYBODY: &str = "
    { id: acme-new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff] }] },
    { id: globex-new, source: globex, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff] }] }";

/// The state of a source as `/readyz`, the API and the metrics tell it; they must agree.
async fn state(face: &Face, source: Source) -> Option<String> {
    let (status, page) = face.open_page("readyz").await;
    assert_eq!(status, StatusCode::OK, "webhooks are accepted all the same");
    let page: Value = serde_json::from_str(&page).expect("JSON");
    let probed = page["sources"].as_array()?.iter().find(|one| one["source"] == source.id)?.clone();
    let listed = face.list("sources", &[]).await.into_iter().find(|one| one["id"] == source.id)?;
    let gauge = face.metric(&format!("usher_source_halted{{source=\"{}\"}}", source.id)).await?;
    let away = face.metric(&format!("usher_source_unreachable{{source=\"{}\"}}", source.id)).await?;
    let is = |state: &str| f64::from(u8::from(listed["state"] == state));
    let agree = probed["state"] == listed["state"] && (gauge, away) == (is("halted"), is("unreachable"));
    let explained = (listed["state"] != "running") == listed["why"].is_string() && probed.get("why").is_none();
    (agree && explained).then(|| listed["state"].as_str().unwrap_or_default().to_owned())
}

async fn comes_to(face: &Face, source: Source, wanted: &str) {
    eventually(&format!("{} is {wanted}", source.id), || async {
        state(face, source).await.filter(|state| state == wanted)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_gives_no_answer_is_said_to_until_it_does() {
    let app = TestApp::start(Ground::new(EVERYBODY).groups(&["staff"])).await;
    let jane = Account::new("KEY1", "jane");
    app.ground.sandbox.put_user(ACME.product, jane.clone());
    let cut = app.ground.sandbox.inject(Fault::new(Effect::Cut { after_work: false }).site(ACME.product));
    let event = app.tell(ACME, Happening::Created, &jane).await;
    comes_to(&app, ACME, "unreachable").await;
    assert_eq!(state(&app, GLOBEX).await.as_deref(), Some("running"));
    app.ground.sandbox.remove_fault(cut);
    app.settled(&event).await;
    comes_to(&app, ACME, "running").await;
    assert_eq!(app.ground.effects(), ["jira-dc KEY1 +staff"]);
}

/// Something before the product answers everything for a while, in the middle of things.
async fn is_away_and_comes_back(status: u16, body: Instead, stopped: Source, other: Source) {
    let app = TestApp::start(Ground::new(EVERYBODY).groups(&["staff"])).await;
    let users: Vec<_> = (0..5).map(|n| Account::new(format!("KEY{n}"), format!("name-{n}"))).collect();
    for user in &users {
        for source in BOTH {
            app.ground.sandbox.put_user(source.product, user.clone());
        }
    }
    let instead = Effect::Instead { status, body, after_work: false };
    let gate = app.ground.sandbox.inject(Fault::new(instead).site(stopped.product));
    for user in &users {
        app.tell(stopped, Happening::Created, user).await;
    }
    comes_to(&app, stopped, "unreachable").await;
    for user in &users {
        let event = app.tell(other, Happening::Created, user).await;
        app.settled(&event).await;
    }
    assert_eq!(state(&app, other).await.as_deref(), Some("running"));
    let listed = app.list("sources", &[]).await;
    let why = listed.iter().find(|one| one["id"] == stopped.id).expect("it is there")["why"].to_string();
    assert!(why.contains("instead of JSON") && why.contains(stopped.product.title()), "{why}");
    app.ground.sandbox.remove_fault(gate);
    comes_to(&app, stopped, "running").await;
    app.drain().await;
    assert_eq!(app.ground.effects().len(), 10);
    assert_eq!(app.list("dead-letters", &[]).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_page_with_200_marks_the_source_as_unreachable_until_it_is_gone() {
    is_away_and_comes_back(200, Instead::LoginPage, ACME, GLOBEX).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firewalls_page_with_403_marks_the_source_as_unreachable_until_it_is_gone() {
    is_away_and_comes_back(403, Instead::FirewallPage, GLOBEX, ACME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_balancers_404_marks_the_source_as_unreachable_and_nobody_as_gone() {
    is_away_and_comes_back(404, Instead::BalancerPage, ACME, GLOBEX).await;
}

/// One change of one user is refused so each time; the source stays as it is all the while.
async fn one_change_fails(status: u16, body: Instead) {
    const TWO: &str = "
        { id: acme-new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
          actions: [{ add_groups: [bad] }, { add_groups: [staff] }] }";
    let app = TestApp::start(Ground::new(TWO).groups(&["staff", "bad"])).await;
    let instead = Effect::Instead { status, body, after_work: false };
    let fault = Fault::new(instead).site(ACME.product).method("POST").path("group/user");
    // Each change of a group of this source, but the one that is let through at the end.
    let id = app.ground.sandbox.inject(fault);
    let (jane, began) = (Account::new("KEY1", "jane"), std::time::Instant::now());
    app.ground.sandbox.put_user(ACME.product, jane.clone());
    let event = app.tell(ACME, Happening::Created, &jane).await;
    let failed = eventually("the first step has failed", || async {
        let states = state(&app, ACME).await;
        assert!(states.is_none_or(|state| state == "running"), "a source that tells of its users is not away");
        app.dead_letters().await.into_iter().next()
    });
    let letter = tokio::time::timeout(std::time::Duration::from_mins(1), failed).await.expect("within a minute");
    app.ground.sandbox.remove_fault(id);
    assert!(letter.to_string().contains("instead of JSON"), "{letter}");
    assert_eq!(
        app.ended(&event).await,
        ["acme-new: add_groups bad failed", "acme-new: add_groups staff changed"],
        "after {:?}",
        began.elapsed()
    );
    assert_eq!(app.ground.effects(), ["jira-dc KEY1 +staff"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_always_gets_a_page_of_the_web_server_fails_within_a_minute_and_the_next_is_taken() {
    let fails = |status| one_change_fails(status, Instead::ServerPage);
    tokio::join!(fails(400), fails(405), fails(500));
}

async fn stops_and_goes_on(effect: Effect, stopped: Source, other: Source) {
    let app = TestApp::start(Ground::new(EVERYBODY).groups(&["staff"])).await;
    let users: Vec<_> = (0..20).map(|n| Account::new(format!("KEY{n}"), format!("name-{n}"))).collect();
    for user in &users {
        for source in BOTH {
            app.ground.sandbox.put_user(source.product, user.clone());
        }
    }
    for source in BOTH {
        assert_eq!(state(&app, source).await.as_deref(), Some("running"));
    }
    let refusing = app.ground.sandbox.inject(Fault::new(effect).site(stopped.product));
    for user in &users {
        app.tell(stopped, Happening::Created, user).await;
    }
    comes_to(&app, stopped, "halted").await;
    for user in &users {
        let event = app.tell(other, Happening::Created, user).await;
        app.settled(&event).await;
    }
    assert_eq!(state(&app, other).await.as_deref(), Some("running"));
    let site = format!("{} ", stopped.product);
    assert!(!app.ground.effects().iter().any(|line| line.starts_with(&site)));
    // All that was under way was refused; behind it comes nothing but probes, seconds apart.
    let refused: u64 =
        app.ground.sandbox.requests().iter().filter(|one| one.site == stopped.product).map(|one| one.count).sum();
    assert!(refused <= 20, "{refused} calls to a product that refuses them all");

    app.ground.sandbox.remove_fault(refusing);
    comes_to(&app, stopped, "running").await;
    app.drain().await;
    assert_eq!(app.ground.effects().len(), 40);
    assert_eq!(app.list("dead-letters", &[]).await, Vec::<Value>::new());
    assert_eq!(app.list("runs", &[("result", "failed")]).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_credentials_stop_one_source_until_they_work_again() {
    stops_and_goes_on(Effect::Unauthorized, ACME, GLOBEX).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_rights_stop_one_source_until_they_are_granted() {
    stops_and_goes_on(Effect::Forbidden, GLOBEX, ACME).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_source_is_still_stopped_and_complete_after_a_restart() {
    let mut app = TestApp::start(Ground::new(EVERYBODY).groups(&["staff"])).await;
    let jane = Account::new("KEY1", "jane");
    app.ground.sandbox.put_user(ACME.product, jane.clone());
    let refusing = app.ground.sandbox.inject(Fault::new(Effect::Unauthorized).site(ACME.product));
    let event = app.tell(ACME, Happening::Created, &jane).await;
    comes_to(&app, ACME, "halted").await;
    app.restart().await;
    comes_to(&app, ACME, "halted").await;
    app.ground.sandbox.remove_fault(refusing);
    assert_eq!(app.ended(&event).await, ["acme-new: add_groups staff changed"]);
    assert_eq!(app.settled(&event).await["user"], json!("KEY1"));
}
