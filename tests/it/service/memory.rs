//! What is remembered of steps and events, for as long as they may come again.

use std::{fs, time::Duration};

use reqwest::{Method, StatusCode};
use usher::{
    clock::Clock,
    domain::{GroupName, Step, Timestamp},
    sandbox::{Account, Effect, Fault, webhook::Happening},
};

use crate::support::{
    app::TestApp,
    decided::{decided, results},
    face::{Face, eventually},
    ground::{ACME, CODE, Ground},
};

const DAY: Duration = Duration::from_hours(24);

const NEWCOMERS: &str = "
    { id: in, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff] }] }";

async fn ask(face: &Face, path: &str) {
    let (status, _, answer) = face.send(Method::POST, path, &[], "").await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
}

fn go_on(ground: &Ground, time: Duration) {
    let later: Timestamp = ground.clock.now().plus(time);
    ground.clock.set(&later.to_string());
}

fn jane() -> Account {
    Account::new("4711", "jane").email("jane@acme.example")
}

/// Each effect on a user of [`CODE`].
fn effects(ground: &Ground) -> Vec<String> {
    ground.effects().into_iter().filter(|line| line.starts_with("bitbucket-dc")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_replaced_once_also_where_its_decision_waits_for_longer_than_records_are_kept() {
    let ground = Ground::with_code_and_crowd(NEWCOMERS).groups(&["staff"]);
    ground.sandbox.put_group(CODE.product, "staff");
    ground.sandbox.put_user(CODE.product, jane());
    let busy = Fault::new(Effect::Fail { status: 503, retry_after: None, after_work: false });
    let busy = ground.sandbox.inject(busy.site(CODE.product).path("add-groups"));
    let steps = [Step::InvalidatePassword { send_reset_link: false }, Step::AddGroup(GroupName::new("staff"))];
    let decision = decided(CODE, &jane(), &steps);
    ground.decide([&decision]).await;
    let mut app = TestApp::start(ground).await;
    let replaced = ["bitbucket-dc 4711 password changed"];
    eventually("the password is replaced", || async { (effects(&app.ground) == replaced).then_some(()) }).await;
    ask(&app, "sources/code/pause").await;
    app.ground.sandbox.remove_fault(busy);
    for number in 0..3 {
        app.stop().await;
        go_on(&app.ground, 31 * DAY);
        if number == 1 {
            // What is remembered is built anew from the log.
            fs::remove_dir_all(app.ground.folder().join("data/state")).expect("it was there");
        }
        app.restart().await;
        // What is old is forgotten as soon as usher has started; it has done so when this is decided and done.
        let joe = Account::new(format!("KEY{number}"), format!("joe-{number}"));
        app.ground.sandbox.put_user(ACME.product, joe.clone());
        let other = app.tell(ACME, Happening::Created, &joe).await;
        app.settled(&other).await;
    }
    ask(&app, "sources/code/resume").await;
    assert_eq!(results(&app, &decision).await, ["changed", "changed"], "{:?}", effects(&app.ground));
    assert_eq!(effects(&app.ground), ["bitbucket-dc 4711 password changed", "bitbucket-dc 4711 +staff"]);
}
