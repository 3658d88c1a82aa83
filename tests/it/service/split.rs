//! A split installation: processes with one role each, on one log.

use reqwest::StatusCode;
use usher::sandbox::{Account, webhook::Happening};

use crate::support::{
    face::{Accepted, Face, eventually},
    ground::{ACME, Ground},
    kafka::KafkaBroker,
    usher::{NOWHERE, Usher},
};

const EVERYBODY: &str = "{ id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                           actions: [{ add_groups: [staff] }] }";
/// Less than brokers allow: its groups refuse a process that has this option.
const REFUSED: (&str, &str) = ("USHER_LOG__KAFKA__OPTIONS", "{ session.timeout.ms: \"1500\" }");

async fn ready(face: &Face) {
    eventually("ready", async || face.open_page("readyz").await.0.is_success().then_some(())).await;
}

/// Has `intake` told of a new user, the one with `number`.
async fn told(ground: &Ground, intake: &Face, number: u32) -> Accepted {
    let account = Account::new(format!("KEY{number}"), format!("name-{number}"));
    ground.sandbox.put_user(ACME.product, account.clone());
    intake.tell(ACME, Happening::Created, &account).await
}

async fn is_shown_as_done(admin: &Face, event: &Accepted) {
    assert_eq!(admin.ended(event).await, ["new: add_groups staff changed"]);
}

/// Stops it by SIGTERM, after which each of `others` is ready.
async fn stop(part: Usher, others: &[&Usher]) {
    part.terminate();
    let (status, log) = part.wait();
    assert!(status.success(), "{status}: {log}");
    for other in others {
        ready(other).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_takes_webhooks_in_another_acts_and_a_third_shows_and_none_needs_another_to_be_ready() {
    let ground = Ground::new(EVERYBODY).groups(&["staff"]).on_kafka(&KafkaBroker::shared().config(2));
    let intake = Usher::part(&ground, "webhooks", &[]).await;
    let engine = Usher::part(&ground, "engine", &[REFUSED]).await;
    let admin = Usher::part(&ground, "admin", &[]).await;
    ready(&intake).await;
    ready(&admin).await;
    let waits = eventually("the engine is not ready, for its groups", async || {
        let (status, text) = engine.open_page("readyz").await;
        let both = text.contains("planner acme") && text.contains("executor acme");
        (status == StatusCode::SERVICE_UNAVAILABLE && both).then_some(text)
    })
    .await;
    assert!(!waits.contains("views"), "an engine shows nothing to administrators: {waits}");
    assert_eq!((engine.webhooks, admin.webhooks), (NOWHERE, NOWHERE));
    for (part, role) in [(&intake, "webhooks"), (&engine, "engine")] {
        let answer = part.http.get(format!("http://{}/api/v1/sources", part.admin)).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{role} has no API");
    }

    let first = told(&ground, &intake, 1).await;
    stop(engine, &[&intake, &admin]).await;
    assert_eq!(ground.effects(), Vec::<String>::new(), "nobody else acts");
    let engine = Usher::part(&ground, "engine", &[]).await;
    is_shown_as_done(&admin, &first).await;
    ready(&engine).await;

    stop(admin, &[&intake, &engine]).await;
    let second = told(&ground, &intake, 2).await;
    eventually("it is done without anybody to show it", async || (ground.effects().len() == 2).then_some(())).await;
    let admin = Usher::part(&ground, "admin", &[]).await;
    is_shown_as_done(&admin, &second).await;
    ready(&admin).await;

    stop(intake, &[&engine, &admin]).await;
    let intake = Usher::part(&ground, "webhooks", &[]).await;
    is_shown_as_done(&admin, &told(&ground, &intake, 3).await).await;
    assert_eq!(ground.effects(), ["jira-dc KEY1 +staff", "jira-dc KEY2 +staff", "jira-dc KEY3 +staff"]);
}
