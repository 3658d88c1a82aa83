//! Order per user, and no source held up by another.

use std::collections::HashMap;

use futures::future::join_all;
use rand::RngExt;
use usher::{
    domain::{SourceId, Timestamp},
    sandbox::{
        Account, Effect, Fault, When,
        webhook::{Delivery, Happening},
    },
};

use crate::support::{
    app::TestApp,
    face::eventually,
    ground::{ACME, BOTH, GLOBEX, Ground},
};

/// A creation puts a user into `staff`, a login takes them out again: any change of order shows as an effect too few.
const IN_AND_OUT: &str = "
    { id: acme-in, source: acme, trigger: on_create, test_mode: false, select: { everyone: true }, actions: [{ add_groups: [staff] }] },
    { id: acme-out, source: acme, trigger: on_login, test_mode: false, select: { everyone: true }, actions: [{ remove_groups: [staff] }] },
    { id: globex-in, source: globex, trigger: on_create, test_mode: false, select: { everyone: true }, actions: [{ add_groups: [staff] }] },
    { id: globex-out, source: globex, trigger: on_login, test_mode: false, select: { everyone: true }, actions: [{ remove_groups: [staff] }] }";

fn user(number: usize) -> Account {
    Account::new(format!("JIRAUSER{}", 20_000 + 7 * number), format!("name-{number}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_one_user_happens_in_the_order_in_which_it_was_accepted() {
    let mut app = TestApp::start(Ground::new(IN_AND_OUT).groups(&["staff"])).await;
    for effect in [
        Effect::Fail { status: 500, retry_after: None, after_work: false },
        Effect::Fail { status: 503, retry_after: None, after_work: true },
        Effect::Cut { after_work: true },
        Effect::Cut { after_work: false },
        Effect::TooManyRequests { retry_after: None },
    ] {
        app.ground.sandbox.inject(Fault::new(effect).when(When::Chance(0.02)));
    }
    app.ground.sandbox.inject(Fault::new(Effect::Delay { millis: 30 }).when(When::Chance(0.3)));
    let accepted: HashMap<_, _> = join_all((0..20).map(|number| tell_of(&app, number))).await.into_iter().collect();
    app.drain().await;
    app.stop().await;

    let mut decided: HashMap<_, Vec<String>> = HashMap::new();
    for decision in app.ground.decisions().await {
        decided.entry(decision.user.to_string()).or_default().push(decision.event.to_string());
    }
    assert_eq!(decided, accepted);
    let effects = app.ground.effects();
    for user in accepted.keys() {
        let of_user = |line: &&String| line.split(' ').nth(1) == Some(user);
        let changes: String =
            effects.iter().filter(of_user).map(|line| if line.contains('+') { '+' } else { '-' }).collect();
        assert_eq!(changes, "+-+-+-+-+-", "{user}");
    }
}

/// Ten events of one user, each sent when the one before has been accepted; gives their ids in order.
async fn tell_of(app: &TestApp, number: usize) -> (String, Vec<String>) {
    let source = BOTH[number % 2];
    let user = user(number);
    app.ground.sandbox.put_user(source.product, user.clone());
    let mut events = Vec::new();
    for round in 0..10 {
        // Hours apart, so that each creation is another one.
        let happening = if round % 2 == 0 { Happening::Created } else { Happening::LoggedIn };
        let at = Timestamp::from_millis(1_763_715_600_000 + round * 2 * 3_600_000);
        events.push(app.deliver(source, &Delivery::at(source.product, happening, &user, at)).await.event);
        let pause = rand::rng().random_range(0..20);
        tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
    }
    (user.id, events)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_source_does_not_hold_up_another() {
    let app = TestApp::start(Ground::new(IN_AND_OUT).groups(&["staff"])).await;
    // As long as a call may take at all in these tests: none of them succeeds while this lasts.
    let slow = app.ground.sandbox.inject(Fault::new(Effect::Delay { millis: 2_000 }).site(ACME.product));
    let mut events = Vec::new();
    for number in 0..300 {
        for source in BOTH {
            app.ground.sandbox.put_user(source.product, user(number));
        }
        app.tell(ACME, Happening::Created, &user(number)).await;
        events.push(app.tell(GLOBEX, Happening::Created, &user(number)).await);
    }
    for event in &events {
        app.settled(event).await;
    }
    let of = |source: &SourceId| app.ground.effects().iter().filter(|line| line.starts_with(source.as_str())).count();
    assert_eq!(of(&"jira-cloud".parse().expect("an id")), 300);
    assert_eq!(of(&"jira-dc".parse().expect("an id")), 0);
    app.ground.sandbox.remove_fault(slow);
    app.drain().await;
    assert_eq!(of(&"jira-dc".parse().expect("an id")), 300);
}

/// A creation puts a user into `staff`, a login of one of these into `vpn`.
const STAFF_THEN_VPN: &str = "
    { id: in, source: acme, trigger: on_create, test_mode: false, select: { everyone: true }, actions: [{ add_groups: [staff] }] },
    { id: vpn, source: acme, trigger: on_login, test_mode: false, select: { everyone: true }, only_groups: [staff], actions: [{ add_groups: [vpn] }] }";

#[tokio::test(flavor = "multi_thread")]
async fn a_login_waits_for_what_a_creation_has_set_off_also_after_two_restarts() {
    let mut app = TestApp::start(Ground::new(STAFF_THEN_VPN).groups(&["staff", "vpn"])).await;
    let (jane, joe) = (user(1), user(2));
    for user in [&jane, &joe] {
        app.ground.sandbox.put_user(ACME.product, user.clone());
    }
    let busy = Fault::new(Effect::Fail { status: 503, retry_after: None, after_work: false });
    let busy = app.ground.sandbox.inject(busy.site(ACME.product).method("POST").path("group/user"));
    app.tell(ACME, Happening::Created, &jane).await;
    eventually("the creation is decided", || async {
        (!app.list("decisions", &[("source", "acme"), ("user", &jane.id)]).await.is_empty()).then_some(())
    })
    .await;
    app.restart().await;
    app.restart().await;
    let login = app.tell(ACME, Happening::LoggedIn, &jane).await;
    let other = app.tell(ACME, Happening::LoggedIn, &joe).await;
    app.settled(&other).await;
    app.ground.sandbox.remove_fault(busy);
    assert_eq!(app.ended(&login).await, ["vpn: add_groups vpn changed"]);
    let effects = ["staff", "vpn"].map(|group| format!("jira-dc {} +{group}", jane.id));
    assert_eq!(app.ground.effects(), effects);
}
