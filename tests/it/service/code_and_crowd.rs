//! Bitbucket and Crowd: a login told by name, to a user who is known by a lasting id from then on.

use usher::sandbox::{Account, webhook::Happening};

use crate::support::{
    app::TestApp,
    ground::{CODE, CROWD, Ground, Source},
};

const SOURCES: [Source; 2] = [CODE, CROWD];

fn ground(actions: &str) -> Ground {
    let scheme = |source: Source| {
        format!(
            "{{ id: {id}-in, source: {id}, trigger: on_login, test_mode: false, select: {{ email_domain: [acme.example] }},
               actions: [{actions}] }}",
            id = source.id
        )
    };
    let ground = Ground::with_code_and_crowd(&SOURCES.map(scheme).join(","));
    for source in SOURCES {
        ground.sandbox.put_group(source.product, "staff");
        ground.sandbox.put_user(source.product, jane("jane"));
    }
    ground
}

fn jane(name: &str) -> Account {
    Account::new("4711", name).email("jane@acme.example")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_told_by_name_puts_the_user_into_a_group_also_after_a_rename() {
    let app = TestApp::start(ground("{ add_groups: [staff] }")).await;
    for source in SOURCES {
        let told = app.tell(source, Happening::LoggedIn, &jane("jane")).await;
        assert_eq!(app.ended(&told).await, [format!("{}-in: add_groups staff changed", source.id)]);
        app.ground.sandbox.put_user(source.product, jane("mary"));
        let told = app.tell(source, Happening::LoggedIn, &jane("mary")).await;
        assert_eq!(app.ended(&told).await, [format!("{}-in: add_groups staff unchanged", source.id)]);
        let decisions = app.list("decisions", &[("source", source.id), ("user", "4711")]).await;
        assert_eq!(decisions.len(), 2, "both are hers: {decisions:#?}");
    }
    let added = SOURCES.map(|source| format!("{} 4711 +staff", source.product));
    assert_eq!(app.ground.effects(), added);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_forgets_the_names_and_finds_the_user_by_id() {
    let mut app = TestApp::start(ground("{ add_groups: [staff] }")).await;
    for source in SOURCES {
        let told = app.tell(source, Happening::LoggedIn, &jane("jane")).await;
        app.settled(&told).await;
    }
    app.restart().await;
    for source in SOURCES {
        let scheme = format!("{}-in", source.id);
        let (status, explained) = app.ask("explain", &[("scheme", &scheme), ("user", "4711")]).await;
        assert_eq!((status.as_u16(), &explained["user_name"]), (200, &"jane".into()), "{explained}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_read_only_is_told_of_and_nothing_stops() {
    let app = TestApp::start(ground("{ add_groups: [staff] }")).await;
    for source in SOURCES {
        app.ground.sandbox.put_user(source.product, jane("jane").read_only());
        let told = app.tell(source, Happening::LoggedIn, &jane("jane")).await;
        assert_eq!(app.ended(&told).await, [format!("{}-in: add_groups staff failed", source.id)]);
        let other = Account::new("4712", "joe").email("joe@acme.example");
        app.ground.sandbox.put_user(source.product, other.clone());
        let told = app.tell(source, Happening::LoggedIn, &other).await;
        assert_eq!(app.ended(&told).await, [format!("{}-in: add_groups staff changed", source.id)]);
    }
    assert_eq!(app.dead_letters().await.len(), 2, "one in each");
}
