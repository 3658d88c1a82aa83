//! What happens while the log is written that later versions have to go on with.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::sandbox::{ADMIN_GROUP, Account, webhook::Happening};

use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, Ground},
};

const SCHEMES: &str = r#"
    { id: welcome, source: acme, trigger: on_create, test_mode: false, select: { everyone: true }, actions: [{ add_groups: [staff] }] },
    { id: tried, source: acme, trigger: on_create, select: { any: [{ all: [{ email_domain: [acme.example] }] }, { not: { everyone: true } }] },
      actions: [{ remove_groups: [staff] }, { remove_all_groups: {} }] },
    { id: broken, source: acme, trigger: on_create, test_mode: false, select: { email_domain: [broken.example] }, actions: [{ add_groups: [missing] }] },
    { id: ticket, source: acme, trigger: on_create, test_mode: false, select: { email_domain: [issue.example] },
      actions: [{ create_issue: { project: OPS, type: Task, summary: "Welcome {{ user.name }}" } }] },
    { id: seen, source: acme, trigger: on_login, test_mode: false, select: { everyone: true }, actions: [{ add_groups: [seen] }] },
    { id: nightly, source: acme, trigger: { cron: "0 3 1 1 *" }, select: { everyone: true }, actions: [{ add_groups: [staff] }] },
    { id: all, source: acme, trigger: manual, select: { everyone: true }, actions: [
      { remove_application_access: { applications: [jira-software] } }, { reactivate: {} }, { rename: { suffix: "-x" } }, { invalidate_password: {} }, { delete: {} }] },
    { id: leavers, source: acme, trigger: manual, test_mode: false, select: { email_domain: [left.example] }, actions: [{ deactivate: {} }] },
    { id: many, source: acme, trigger: manual, test_mode: false, select: { email_domain: [acme.example] }, actions: [{ add_groups: [many] }], limits: { users: 1 } },
    { id: more, source: acme, trigger: manual, test_mode: false, select: { email_domain: [acme.example] }, actions: [{ add_groups: [more] }], limits: { users: 1 } }"#;

const STORED: &str = "{ id: colours, source: acme, trigger: on_create, test_mode: false, select: { everyone: true }, \
                      actions: [{ add_groups: [COLOUR] }] }";

/// The outcome of what [`UNSETTLED_BY`] asks for this user gets lost.
pub const UNSETTLED: &str = "KEY10";
pub const UNSETTLED_BY: &str = "seen";
/// Whose creation waits because the source is paused.
pub const WAITING: &str = "KEY20";
/// Whom the run that is held at the end gives a group.
pub const OF_THE_HELD_RUN: [&str; 4] = ["KEY1", "KEY2", "KEY10", "KEY11"];

/// A product with some users and administrators, compared and listened to all the time.
pub fn ground() -> Ground {
    let ground = Ground::new(SCHEMES)
        .groups(&["staff", "seen", "many", "more", "red", "blue"])
        .reconciling("1s")
        .tweak("USHER_SOURCES__0__FEED", "{ kind: audit-log, every: 1s }");
    for (id, domain) in [
        ("KEY1", "acme.example"),
        ("KEY2", "acme.example"),
        ("BOSS1", "boss.example"),
        ("BOSS2", "boss.example"),
        ("BOSS3", "left.example"),
    ] {
        put(&ground, id, domain);
    }
    for boss in ["BOSS1", "BOSS2", "BOSS3"] {
        ground.sandbox.add_member(ACME.product, boss, ADMIN_GROUP).expect("both are there");
    }
    ground
}

fn put(ground: &Ground, id: &str, domain: &str) -> Account {
    let account = Account::new(id, id.to_lowercase()).email(format!("{}@{domain}", id.to_lowercase()));
    ground.sandbox.put_user(ACME.product, account.clone());
    account
}

/// The newcomers of the story and their domains.
const NEWCOMERS: [(&str, &str); 6] = [
    ("KEY10", "acme.example"),
    ("KEY11", "acme.example"),
    ("KEY12", "broken.example"),
    ("KEY13", "broken.example"),
    ("KEY14", "issue.example"),
    ("KEY20", "other.example"),
];

fn newcomer(ground: &Ground, id: &str) -> Account {
    let (id, domain) = NEWCOMERS.into_iter().find(|(known, _)| *known == id).expect("one of them");
    put(ground, id, domain)
}

/// Makes the product what it is at the end, where usher did `effects`.
pub fn as_at_the_end(ground: &Ground, effects: &[String]) {
    NEWCOMERS.iter().for_each(|(id, domain)| drop(put(ground, id, domain)));
    for effect in effects {
        let parts: Vec<_> = effect.splitn(3, ' ').collect();
        let (user, what) = (parts[1], parts[2]);
        if let Some(group) = what.strip_prefix('+') {
            let _ = ground.sandbox.add_member(ACME.product, user, group); // one of them is gone
        } else if what == "updated" {
            let mut account = put(ground, user, "left.example");
            account.active = false;
            ground.sandbox.put_user(ACME.product, account);
        }
    }
}

/// Tells the story; at its end the source is paused, with an event that waits, and a run is held.
pub async fn tell(app: &TestApp) {
    eventually("users are compared", || async {
        let source = app.list("sources", &[]).await.remove(0);
        (source["reconciliation"]["state"] == "comparing").then_some(())
    })
    .await;
    people_come(app).await;
    letters_are_answered(app).await;
    settings_are_made(app).await;
    runs_are_made(app).await;
    order(app, "sources/acme/pause", "").await;
    app.tell(ACME, Happening::Created, &newcomer(&app.ground, WAITING)).await;
}

async fn people_come(app: &TestApp) {
    let told = newcomer(&app.ground, UNSETTLED);
    for happening in [Happening::Created, Happening::LoggedIn, Happening::Updated, Happening::Created] {
        let event = app.tell(ACME, happening, &told).await;
        app.settled(&event).await;
    }
    newcomer(&app.ground, "KEY11");
    let found = "jira-dc KEY11 +staff".to_owned();
    eventually("one is found", || async { app.ground.effects().contains(&found).then_some(()) }).await;
    eventually("the feed has begun", || app.metric("usher_feed_lag_seconds{source=\"acme\"}")).await;
    app.ground.sandbox.log_in(ACME.product, "KEY11").expect("a user");
    let seen = "jira-dc KEY11 +seen".to_owned();
    eventually("a login is found", || async { app.ground.effects().contains(&seen).then_some(()) }).await;
    let app_account = newcomer(&app.ground, "KEY14");
    let event = app.tell(ACME, Happening::Created, &app_account).await;
    app.settled(&event).await;
    let gone = put(&app.ground, "KEY15", "gone.example");
    let event = app.tell(ACME, Happening::Created, &gone).await;
    app.settled(&event).await;
    app.ground.sandbox.delete_user(ACME.product, "KEY15");
    let event = app.tell(ACME, Happening::Deleted, &gone).await;
    app.settled(&event).await;
}

async fn letters_are_answered(app: &TestApp) {
    for id in ["KEY12", "KEY13"] {
        let event = app.tell(ACME, Happening::Created, &newcomer(&app.ground, id)).await;
        app.settled(&event).await;
    }
    let letters =
        eventually("two letters", || async { Some(app.dead_letters().await).filter(|it| it.len() == 2) }).await;
    let id = |letter: &Value| letter["id"].as_str().expect("an id").to_owned();
    order(app, "dead-letters/redrive", &json!({ "ids": [id(&letters[0])] }).to_string()).await;
    eventually("one failed again", || async {
        app.dead_letters().await.iter().any(|letter| letter["failed_again"] == true).then_some(())
    })
    .await;
    let path = format!("dead-letters/{}/dismiss", id(&letters[1]).replace('/', "%2F").replace(':', "%3A"));
    order(app, &path, &json!({ "reason": "nobody needs it" }).to_string()).await;
}

async fn settings_are_made(app: &TestApp) {
    let (status, tag, answer) = app.send(Method::POST, "schemes", &[], STORED.replace("COLOUR", "red")).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let if_match = [("If-Match", tag.as_str())];
    let (status, _, answer) =
        app.send(Method::PUT, "schemes/colours", &if_match, STORED.replace("COLOUR", "blue")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    order(app, "schemes/colours/pause", "").await;
}

async fn runs_are_made(app: &TestApp) {
    for (scheme, then) in [("all", None), ("leavers", None), ("more", Some("release")), ("many", None), ("many", None)]
    {
        let run = run(app, scheme).await;
        let state = ended(app, &run).await;
        if let Some(then) = then {
            assert_eq!(state, "held");
            order(app, &format!("runs/{run}/{then}"), "").await;
            eventually("it is done", || async {
                let (_, run) = app.ask(&format!("runs/{run}"), &[]).await;
                (run["state"] == "done").then_some(())
            })
            .await;
        }
    }
    let cancelled = run(app, "more").await;
    assert!(["held", "done"].contains(&&*ended(app, &cancelled).await));
}

async fn run(face: &Face, scheme: &str) -> String {
    let answer = order(face, &format!("schemes/{scheme}/run"), "").await;
    answer["id"].as_str().expect("an id").to_owned()
}

/// The state of a run, once nothing goes on any more.
async fn ended(face: &Face, run: &str) -> String {
    eventually("the run has come to rest", || async {
        let (_, run) = face.ask(&format!("runs/{run}"), &[]).await;
        let state = run["state"].as_str()?.to_owned();
        (state != "running").then_some(state)
    })
    .await
}

async fn order(face: &Face, path: &str, body: &str) -> Value {
    let headers = [("X-Usher-Actor", "ann"), ("Content-Type", "application/json")];
    let (status, _, answer) = face.send(Method::POST, path, &headers, body).await;
    assert!(status.is_success(), "{path}: {status} {answer}");
    answer
}
