//! What the probes answer. The table in docs/architecture.md says which test is about which fault.

use usher::sandbox::{
    Account, Effect, Fault,
    webhook::{Delivery, Happening},
};

use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, Ground},
    small_disk::SmallDisk,
    usher::Usher,
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

#[tokio::test(flavor = "multi_thread")]
async fn a_state_store_that_can_not_be_written_ends_the_process_and_the_next_one_goes_on() {
    let ground = Ground::new(EVERYBODY).groups(&["staff"]);
    let disk = SmallDisk::mount(&ground.folder().join("data/state"), 160);
    let usher = Usher::start(&ground).await;
    let users: Vec<_> = (0..20).map(|n| Account::new(format!("KEY{n}"), format!("name-{n}"))).collect();
    for user in &users {
        ground.sandbox.put_user(ACME.product, user.clone());
    }
    let filled = disk.fill();
    for user in &users {
        let signed = Delivery::of(ACME.product, Happening::Created, user).sign(ACME.secret);
        // Once it has ended nobody answers.
        let url = format!("http://{}/webhooks/acme", usher.webhooks).parse().expect("a URL");
        let _ = signed.send(&usher.http, url).await;
    }
    let (status, log) = usher.wait();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.lines().last().is_some_and(|last| last.contains("the state store can't be written")), "{log}");

    drop(filled);
    let usher = Usher::start(&ground).await;
    assert_probes_are_green(&usher, "with room again").await;
    for user in &users {
        usher.tell(ACME, Happening::Created, user).await; // those that nobody answered come again
    }
    usher.drain().await;
    assert_eq!(ground.effects().len(), users.len());
    drop(usher);
    drop(disk);
}
