//! How many calls a product gets.

use usher::sandbox::{Account, webhook::Happening};

use crate::support::{
    app::TestApp,
    ground::{ACME, Ground},
};

const WELCOME: &str = "{ id: welcome, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                         actions: [{ add_groups: [staff] }] }";

#[tokio::test(flavor = "multi_thread")]
async fn an_event_with_one_change_costs_one_reading_and_the_change() {
    let app = TestApp::start(Ground::new(WELCOME).groups(&["staff"])).await;
    let calls = || {
        let counts = app.ground.sandbox.requests();
        counts.iter().filter(|request| request.site == ACME.product).map(|request| request.count).sum::<u64>()
    };
    let welcome = async |number: u32| {
        let user = Account::new(format!("JIRAUSER{number}"), format!("name-{number}"));
        app.ground.sandbox.put_user(ACME.product, user.clone());
        let event = app.tell(ACME, Happening::Created, &user).await;
        assert_eq!(app.ended(&event).await, ["welcome: add_groups staff changed"]);
    };
    welcome(10_000).await; // what is asked for once is asked for now
    let before = calls();
    for number in 10_001..=10_010 {
        welcome(number).await;
    }
    assert_eq!(calls() - before, 2 * 10, "{:?}", app.ground.sandbox.requests());
}
