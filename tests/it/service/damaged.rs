//! A record of the embedded log that can't be read: its partition stops, is named and counted, and all else goes on.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use usher::{
    domain::{UserId, UserKey, UserRef},
    log::{Partition, Stream},
    sandbox::{Account, Effect, Fault, webhook::Happening},
};

use crate::support::{
    app::TestApp,
    damage::damage,
    face::eventually,
    ground::{ACME, Ground},
};

const EVERYBODY: &str = "
    { id: acme-new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff] }] }";
/// As many as a new embedded log has.
const PARTITIONS: u16 = 4;

fn user(ground: &Ground, number: usize) -> Account {
    let account = Account::new(format!("JIRAUSER{number}"), format!("name-{number}"));
    ground.sandbox.put_user(ACME.product, account.clone());
    account
}

fn partition_of(account: &Account) -> Partition {
    let source = ACME.id.parse().expect("an id");
    Partition::of(UserKey::new(&source, &UserRef::Id(UserId::new(&*account.id))).as_str(), PARTITIONS)
}

/// Users who were told of while their product was away, so that nobody is decided; by partition, in order.
async fn told_of(app: &TestApp) -> BTreeMap<Partition, Vec<Account>> {
    let away = app.ground.sandbox.inject(Fault::new(Effect::Cut { after_work: false }).site(ACME.product));
    let mut users: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for number in 0..40 {
        let account = user(&app.ground, number);
        app.tell(ACME, Happening::Created, &account).await;
        users.entry(partition_of(&account)).or_default().push(account);
    }
    app.ground.sandbox.remove_fault(away);
    users
}

/// Waits until each of `users` has got what the scheme gives.
async fn all_are_in<'a>(app: &TestApp, users: impl IntoIterator<Item = &'a Account>) {
    for user in users {
        let line = format!("{} {} +staff", ACME.product, user.id);
        eventually(&line, || std::future::ready(app.ground.effects().contains(&line).then_some(()))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_event_stops_its_partition_alone_and_usher_says_so_also_after_a_restart() {
    let mut app = TestApp::start(Ground::new(EVERYBODY).groups(&["staff"])).await;
    let mut users = told_of(&app).await;
    app.stop().await;
    // Those that were begun wait for the product at the stop: nobody is done.
    assert_eq!(app.ground.effects(), Vec::<String>::new());
    let (&damaged, of_it) = users.iter().find(|(_, users)| users.len() >= 4).expect("40 users are enough");
    let stopped: Vec<_> = of_it[2..].iter().map(|user| user.id.clone()).collect();
    damage(&app.ground.folder().join("data/log"), Stream::Events, damaged, 2);
    users.get_mut(&damaged).expect("it is there").truncate(2);

    for round in 0..2 {
        app.restart().await;
        all_are_in(&app, users.values().flatten()).await;
        // New ones are acted on too, at full speed.
        let new: Vec<_> = (0..60).map(|number| user(&app.ground, 100 * (round + 1) + number)).collect();
        let new: Vec<_> = new.into_iter().filter(|account| partition_of(account) != damaged).collect();
        for account in &new {
            let event = app.tell(ACME, Happening::Created, account).await;
            app.settled(&event).await;
        }
        all_are_in(&app, &new).await;

        let why = eventually("it is not ready", || async {
            let (status, page) = app.open_page("readyz").await;
            (status == StatusCode::SERVICE_UNAVAILABLE).then_some(page)
        })
        .await;
        assert!(why.contains("planner acme") && why.contains(&format!("partition {damaged} of events")), "{why}");
        assert_eq!(app.open_page("healthz").await.0, StatusCode::OK, "a restart would not help");
        let series = "usher_partition_failures_total{source=\"acme\",stage=\"planner\"}";
        assert!(app.metric(series).await.is_some_and(|count| count >= 1.0));
        let effects = app.ground.effects();
        let passed_over = stopped.iter().filter(|user| effects.contains(&format!("{} {user} +staff", ACME.product)));
        assert_eq!(passed_over.count(), 0, "what is behind it waits for it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_decision_stops_the_planner_and_the_views_in_its_partition_alone() {
    let mut app = TestApp::start(Ground::new(EVERYBODY).groups(&["staff"])).await;
    let first: Vec<_> = (0..20).map(|number| user(&app.ground, number)).collect();
    for account in &first {
        let event = app.tell(ACME, Happening::Created, account).await;
        app.settled(&event).await;
    }
    app.stop().await;
    // Not the newest one of its partition: without that the log is not opened at all.
    let damaged = partition_of(&first[0]);
    damage(&app.ground.folder().join("data/log"), Stream::Decisions, damaged, 0);
    // So that both read it all again: as after the loss of the state.
    std::fs::remove_dir_all(app.ground.folder().join("data/state")).expect("removed");
    app.restart().await;
    let why = eventually("it says which", || async {
        let (_, page) = app.open_page("readyz").await;
        let is_told = page.contains("views") && page.contains("planner acme");
        is_told.then_some(page)
    })
    .await;
    assert!(why.contains(&format!("partition {damaged} of decisions")), "{why}");
    for number in 100..140 {
        let account = user(&app.ground, number);
        if partition_of(&account) != damaged {
            let event = app.tell(ACME, Happening::Created, &account).await;
            app.settled(&event).await;
        }
    }
}
