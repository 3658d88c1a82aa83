//! Users as odd as they come: known by name only, gone meanwhile, no people at all.

use serde_json::json;
use usher::{
    domain::UserRef,
    sandbox::{
        Account,
        webhook::{Delivery, Happening},
    },
};

use crate::support::{
    app::TestApp,
    ground::{ACME, BOTH, GLOBEX, Ground},
};

/// Everybody gets `staff`, at each creation and each login.
const EVERYBODY: &str = "
    { id: acme-new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true }, actions: [{ add_groups: [staff] }] },
    { id: acme-in, source: acme, trigger: on_login, test_mode: false, select: { everyone: true }, actions: [{ add_groups: [staff] }] },
    { id: globex-new, source: globex, trigger: on_create, test_mode: false, select: { everyone: true }, actions: [{ add_groups: [staff] }] },
    { id: globex-in, source: globex, trigger: on_login, test_mode: false, select: { everyone: true }, actions: [{ add_groups: [staff] }] }";

async fn start() -> TestApp {
    TestApp::start(Ground::new(EVERYBODY).groups(&["staff"])).await
}

fn user(number: usize) -> Account {
    Account::new(format!("KEY{number}"), format!("name-{number}")).email(format!("user-{number}@acme.example"))
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_and_deletions_are_decided_and_nothing_is_done() {
    let app = start().await;
    for source in BOTH {
        app.ground.sandbox.put_user(source.product, user(1));
        for happening in [Happening::Updated, Happening::Deleted] {
            let decision = app.settled(&app.tell(source, happening, &user(1)).await).await;
            assert_eq!(decision["no_action"]["why"], "no_scheme_for_event", "{happening:?}");
        }
    }
    assert!(app.ground.effects().is_empty());
    assert!(app.ground.sandbox.requests().is_empty(), "no product was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_are_no_people_are_recorded_and_left_alone() {
    let app = start().await;
    for kind in ["app", "customer", "something-new"] {
        let bot = Account::new(format!("bot:{kind}"), kind).account_type(kind);
        app.ground.sandbox.put_user(GLOBEX.product, bot.clone());
        for happening in [Happening::Created, Happening::LoggedIn] {
            let decision = app.settled(&app.tell(GLOBEX, happening, &bot).await).await;
            assert_eq!(decision["no_action"]["account_type"], kind, "{happening:?}");
        }
    }
    assert!(app.ground.effects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_by_name_only_is_decided_under_the_users_key() {
    let mut app = start().await;
    // Names and keys that have nothing to do with each other: they are in different partitions, and in the same.
    let users: Vec<_> =
        (0..40).map(|n| Account::new(format!("JIRAUSER{}", 10_100 + 37 * n), format!("name-{n}"))).collect();
    for user in &users {
        app.ground.sandbox.put_user(ACME.product, user.clone());
    }
    let logins = users.iter().map(|user| {
        let body =
            json!({ "webhookEvent": "user_login", "timestamp": 1_763_715_600_000_u64, "user": { "name": user.name } });
        Delivery::json(&body)
    });
    let mut events = Vec::new();
    for login in logins.clone() {
        events.push(app.deliver(ACME, &login).await);
    }
    for (user, event) in users.iter().zip(&events) {
        let decision = app.settled(event).await;
        assert_eq!((&decision["user"], &decision["user_name"]), (&json!(user.id), &json!(user.name)));
        assert_eq!(app.list("decisions", &[("source", "acme"), ("user", &user.id)]).await, [decision]);
    }
    // Sent again, they are the same events.
    for (login, event) in logins.zip(&events) {
        assert_eq!(app.deliver(ACME, &login).await, *event);
    }
    let fence = app.tell(ACME, Happening::LoggedIn, &users[0]).await;
    app.settled(&fence).await;
    app.stop().await;
    let decisions = app.ground.decisions().await;
    assert_eq!(decisions.len(), 41);
    assert!(decisions.iter().all(|decision| matches!(decision.user, UserRef::Id(_))));
    assert_eq!(app.ground.effects().len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_by_a_name_that_nobody_has_is_decided_all_the_same() {
    let app = start().await;
    let body = json!({ "webhookEvent": "user_login", "user": { "name": "nobody" } });
    let decision = app.settled(&app.deliver(ACME, &Delivery::json(&body)).await).await;
    assert_eq!(decision["user"], "nobody");
    assert!(app.ground.effects().is_empty());
    assert_eq!(app.dead_letters().await.len(), 1, "the scheme selects everybody, and this one is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_held_already_is_unchanged() {
    let app = start().await;
    for source in BOTH {
        app.ground.sandbox.put_user(source.product, user(1));
        app.ground.sandbox.add_member(source.product, "KEY1", "staff").expect("both are there");
        let event = app.tell(source, Happening::Created, &user(1)).await;
        assert_eq!(app.ended(&event).await, [format!("{}-new: add_groups staff unchanged", source.id)]);
    }
    assert!(app.ground.effects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_group_is_a_dead_letter_and_the_steps_behind_it_are_taken() {
    let schemes = BOTH.map(|source| {
        let id = source.id;
        format!(
            "{{ id: {id}-new, source: {id}, trigger: on_create, test_mode: false, select: {{ everyone: true }},
                    actions: [{{ add_groups: [first, missing, last] }}] }}"
        )
    });
    let app = TestApp::start(Ground::new(&schemes.join(",")).groups(&["first", "last"])).await;
    for (number, source) in BOTH.into_iter().enumerate() {
        app.ground.sandbox.put_user(source.product, user(1));
        let event = app.tell(source, Happening::Created, &user(1)).await;
        let ended = ["first changed", "missing failed", "last changed"];
        assert_eq!(app.ended(&event).await, ended.map(|end| format!("{}-new: add_groups {end}", source.id)));
        let run = format!("{}.{}-new", event.event, source.id);
        assert_eq!(app.ask(&format!("runs/{run}"), &[]).await.1["state"], "failed");

        let letters = app.dead_letters().await;
        assert_eq!(letters.len(), number + 1);
        assert_eq!((&letters[0]["stage"], &letters[0]["step"]["target"]), (&json!("executor"), &json!("missing")));
        assert_eq!((&letters[0]["event"], &letters[0]["user"]), (&json!(event.event), &json!("KEY1")));
        let reason = letters[0]["reason"].as_str().expect("a reason");
        assert!(reason.contains("refused"), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_was_deleted_meanwhile_is_on_record() {
    let app = start().await;
    for (number, source) in BOTH.into_iter().enumerate() {
        let event = app.tell(source, Happening::Created, &user(1)).await;
        assert_eq!(app.ended(&event).await, [format!("{}-new: add_groups staff failed", source.id)]);
        let letters = app.dead_letters().await;
        assert_eq!((letters.len(), &letters[0]["reason"]), (number + 1, &json!("the user is gone")));
    }
    assert!(app.ground.effects().is_empty());
}
