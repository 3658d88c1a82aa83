//! What the probes answer. The table in docs/architecture.md says which test is about which fault.

use usher::sandbox::{Account, Effect, Fault, webhook::Happening};

use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, Ground},
};

const EVERYBODY: &str = "{ id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                           actions: [{ add_groups: [staff] }] }";

async fn assert_probes_are_green(face: &Face, what: &str) {
    for probe in ["healthz", "readyz"] {
        let (status, text) = face.open_page(probe).await;
        assert!(status.is_success(), "{what}: {probe}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_is_away_or_refuses_changes_neither_probe() {
    let app = TestApp::start(Ground::new(EVERYBODY).groups(&["staff"])).await;
    assert_probes_are_green(&app, "at the start").await;
    for (number, (effect, gauge)) in
        [(Effect::Cut { after_work: false }, "usher_source_unreachable"), (Effect::Unauthorized, "usher_source_halted")]
            .into_iter()
            .enumerate()
    {
        let user = Account::new(format!("KEY{number}"), format!("name-{number}"));
        app.ground.sandbox.put_user(ACME.product, user.clone());
        let fault = app.ground.sandbox.inject(Fault::new(effect).site(ACME.product));
        let event = app.tell(ACME, Happening::Created, &user).await;
        let series = format!("{gauge}{{source=\"acme\"}}");
        eventually(gauge, async || app.metric(&series).await.filter(|value| *value > 0.0)).await;
        assert_probes_are_green(&app, gauge).await;
        app.ground.sandbox.remove_fault(fault);
        app.settled(&event).await;
    }
    assert_probes_are_green(&app, "at the end").await;
}
