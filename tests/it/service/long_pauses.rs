//! A source that is paused for longer than records are kept.

use reqwest::{Method, StatusCode};
use usher::{
    clock::Clock,
    domain::Timestamp,
    sandbox::{Account, webhook::Happening},
};

use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, Ground},
};

const EVERYBODY: &str = "
    { id: everybody, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff] }] }";

const DAY: i64 = 24 * 3_600 * 1_000;

async fn ask(face: &Face, path: &str) {
    let (status, _, answer) = face.send(Method::POST, path, &[], "").await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
}

fn advance_by_days(ground: &Ground, days: i64) {
    let later = ground.clock.now().as_millis() + days * DAY;
    ground.clock.set(&Timestamp::from_millis(later).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_paused_from_its_first_event_on_for_31_days_and_restarted_acts_on_each() {
    let mut app = TestApp::start(Ground::new(EVERYBODY).groups(&["staff"])).await;
    ask(&app, "sources/acme/pause").await;
    let mut told = Vec::new();
    for number in 0..20 {
        let account = Account::new(format!("KEY{number}"), format!("name-{number}"));
        app.ground.sandbox.put_user(ACME.product, account.clone());
        told.push(app.tell(ACME, Happening::Created, &account).await);
    }
    for _ in 0..2 {
        advance_by_days(&app.ground, 31);
        app.restart().await;
    }
    let series = "usher_source_paused_seconds{source=\"acme\"}";
    eventually("the length of the pause is told", || async {
        app.metric(series).await.filter(|seconds| *seconds > 62.0 * 86_400.0)
    })
    .await;
    ask(&app, "sources/acme/resume").await;
    for event in &told {
        assert_eq!(app.ended(event).await, ["everybody: add_groups staff changed"], "{event:?}");
    }
    assert_eq!(app.ground.effects().len(), told.len());
}
