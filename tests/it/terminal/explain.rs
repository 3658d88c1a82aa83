//! Why a scheme selects a user, or why not, as a terminal shows it.

use usher::sandbox::webhook::Happening;

use super::{Terminal, person, timeless};
use crate::support::{
    app::TestApp,
    ground::{ACME, GLOBEX, Ground},
};

const SCHEMES: &str = "
    { id: idle, source: acme, trigger: manual, test_mode: true,
      select: { all: [{ email_domain: [acme.example, \"*.partner.example\"] }, { not: { last_login_before: 90d } }] },
      only_groups: [contractors, interns], exempt: { users: [svc-deploy], groups: [vip] },
      actions: [{ remove_groups: [contractors] }, { deactivate: {} }] },
    { id: mail, source: globex, trigger: on_create, test_mode: false,
      select: { email_domain: [acme.example] }, actions: [{ add_groups: [staff] }] }";

async fn app() -> TestApp {
    let ground = Ground::new(SCHEMES).groups(&["contractors", "interns", "vip", "staff"]);
    for (number, groups) in [(1, &["contractors"][..]), (2, &["contractors", "vip"])] {
        ground.sandbox.put_user(ACME.product, person(number, "acme.example"));
        for group in groups {
            ground.sandbox.add_member(ACME.product, &format!("KEY{number}"), group).expect("both are there");
        }
    }
    let app = TestApp::start(ground).await;
    for number in [1, 2] {
        let event = app.tell(ACME, Happening::LoggedIn, &person(number, "acme.example")).await;
        app.settled(&event).await;
    }
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_answer_can_be_read_without_a_manual() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    let selected = terminal.says("explain --scheme idle --user KEY1").await;
    insta::assert_snapshot!("explained_selected", timeless(&selected));
    let exempt = terminal.says("explain --scheme idle --user name-2").await;
    insta::assert_snapshot!("explained_not_selected", timeless(&exempt));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_address_in_cloud_is_told_as_what_is_missing() {
    let app = app().await;
    let hidden = usher::sandbox::Account { email_hidden: true, ..person(7, "acme.example") };
    app.ground.sandbox.put_user(GLOBEX.product, hidden);
    let terminal = Terminal::of(&app);
    insta::assert_snapshot!("explained_unknown", timeless(&terminal.says("explain --scheme mail --user KEY7").await));
    let json = terminal.tells("explain --scheme mail --user KEY7").await;
    assert_eq!(json["selected"], "unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_or_what_is_not_there_is_named() {
    let app = app().await;
    let terminal = Terminal::of(&app);
    for (words, says) in [
        ("--scheme none --user KEY1", "usher: there is no scheme `none`"),
        (
            "--scheme idle --user nobody",
            "usher: there is no user `nobody` in acme; write the lasting id or, in Data Center, the login name",
        ),
        (
            "--scheme mail --user name-1",
            "usher: there is no user `name-1` in globex; write the lasting id or, in Data Center, the login name",
        ),
    ] {
        assert_eq!(terminal.run(&format!("explain {words}")).await.refused(), (Some(1), vec![says]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_scheme_from_doing_anything_is_noted() {
    let ground = Ground::new(SCHEMES).groups(&["staff"]).tweak("USHER_MODE", "observe");
    ground.sandbox.put_user(GLOBEX.product, person(1, "acme.example"));
    let app = TestApp::start(ground).await;
    let terminal = Terminal::of(&app);
    let notes = "explain --scheme mail --user KEY1";
    assert_eq!(terminal.tells(notes).await["notes"].as_array().map(Vec::len), Some(1), "observe mode");
    terminal.says("schemes pause mail").await;
    terminal.says("sources pause globex").await;
    let said = terminal.says(notes).await;
    for note in ["usher is in observe mode", "the scheme is paused", "the source is paused"] {
        assert!(said.contains(&format!("\n  - {note}: ")), "{said}");
    }
}
