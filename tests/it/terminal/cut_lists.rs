//! A list of users that is cut short, from the product through sweep, preview and API to the terminal.

use serde_json::{Value, json};
use usher::sandbox::{Account, Application, Effect, Fault, ListFault, RequestCount};

use super::Terminal;
use crate::support::{
    app::TestApp,
    face::eventually,
    ground::{ACME, Ground},
};

const GIVES_ACCESS: &str = "jira-software-users";
/// Gives everybody of `acme.example` a group: by hand, and whoever is new another one.
const SCHEMES: &str = "
    { id: all, source: acme, trigger: manual, test_mode: false, select: { email_domain: [acme.example] }, actions: [{ add_groups: [staff] }] },
    { id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true }, actions: [{ add_groups: [welcome] }] }";

/// Somebody who may use Jira.
fn member(ground: &Ground, number: usize) {
    let user = Account::new(format!("KEY{number:03}"), format!("name-{number:03}"))
        .email(format!("user-{number}@acme.example"));
    ground.sandbox.put_user(ACME.product, user);
    ground.sandbox.add_member(ACME.product, &format!("KEY{number:03}"), GIVES_ACCESS).expect("both are there");
}

/// A Jira before 10 with 250 users, all of whom may use it.
fn ground() -> Ground {
    let ground = Ground::new(SCHEMES).groups(&["staff", "welcome", GIVES_ACCESS]);
    ground.sandbox.put_application(ACME.product, Application::new("jira-software", &[GIVES_ACCESS]));
    ground.sandbox.inject(Fault::new(Effect::BeforeTen));
    (0..250).for_each(|number| member(&ground, number));
    ground
}

/// Has the search stop after 100.
fn stop_early(ground: &Ground) {
    ground.sandbox.inject(Fault::new(Effect::List(ListFault::EndsAt(100))).path("user/search"));
}

async fn source(app: &TestApp) -> Value {
    app.list("sources", &[]).await.into_iter().find(|row| row["id"] == ACME.id).expect("the source")
}

/// How often a page of that list was asked for.
fn asked(app: &TestApp, list: &str) -> u64 {
    let is_list = |request: &&RequestCount| request.path.ends_with(list);
    app.ground.sandbox.requests().iter().filter(is_list).map(|request| request.count).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_stops_early_is_made_up_for_by_members_and_the_run_says_that_it_is_not_complete() {
    let ground = ground();
    stop_early(&ground);
    let app = TestApp::start(ground).await;
    let terminal = Terminal::of(&app);

    let preview = "{ id: look, source: acme, trigger: manual, select: { email_domain: [acme.example] }, actions: [{ add_groups: [staff] }] }";
    let (_, _, looked) = app.send(reqwest::Method::POST, "schemes/preview", &[], preview).await;
    assert_eq!(
        (&looked["selected"], &looked["complete"]),
        (&json!(250), &json!(false)),
        "nobody counts twice: {looked}"
    );

    let said = terminal.run("schemes run all").await;
    assert_eq!(said.code, Some(1), "{said:?}");
    let why = "done, not complete: users may be missing from the source's list: it ends after exactly 100 users";
    assert!(said.err.contains(why), "{}", said.err);
    assert!(said.err.contains("the members of the groups that give access were read too"), "{}", said.err);
    assert!(terminal.says("runs list --scheme all").await.contains("done, not complete"));
    let run = app.list("runs", &[("scheme", "all")]).await.remove(0);
    let told = [&run["state"], &run["complete"], &run["counts"]["selected"], &run["counts"]["changed"]];
    assert_eq!(told, [&json!("done"), &json!(false), &json!(250), &json!(250)], "{run}");
    assert_eq!(app.ground.effects().len(), 250);

    let users = &source(&app).await["users"];
    assert_eq!(users["complete"], false, "{users}");
    assert!(terminal.says("sources list").await.contains("not known to be whole"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_while_members_are_read_goes_on_where_it_was_and_nobody_comes_twice() {
    let ground = ground();
    stop_early(&ground);
    ground.sandbox.inject(Fault::new(Effect::Delay { millis: 400 }).path("group/member"));
    let mut app = TestApp::start(ground).await;
    let (_, _, run) = app.send(reqwest::Method::POST, "schemes/all/run", &[], "").await;
    let path = format!("runs/{}", run["id"].as_str().expect("an id"));
    eventually("some members are read", || async { (asked(&app, "group/member") >= 3).then_some(()) }).await;
    let searched = asked(&app, "user/search");
    app.restart().await;
    let run = eventually("it is done", || async {
        let (_, run) = app.ask(&path, &[]).await;
        (run["state"] == "done").then_some(run)
    })
    .await;
    assert_eq!((&run["complete"], &run["counts"]["selected"]), (&json!(false), &json!(250)), "{run}");
    assert_eq!(app.ground.effects().len(), 250);
    assert_eq!((searched, asked(&app, "user/search")), (3, 3), "two pages and a second look at the end, and not again");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_taken_for_new_from_a_list_that_is_cut_nor_from_the_members_of_groups() {
    let app = TestApp::start(ground().reconciling("1s")).await;
    eventually("everybody is known", || async {
        (source(&app).await["reconciliation"]["state"] == "comparing").then_some(())
    })
    .await;
    stop_early(&app.ground);
    member(&app.ground, 900);
    let cut = eventually("the list is cut", || async {
        let source = source(&app).await;
        (source["users"]["complete"] == false).then_some(source)
    })
    .await;
    assert!(cut["users"]["why"].as_str().is_some_and(|why| why.contains("exactly 100 users")), "{cut}");
    assert_eq!(asked(&app, "group/member"), 0, "what nobody is taken for new from is not read");

    let run = Terminal::of(&app).run("schemes run all").await;
    assert!(run.err.contains("done, not complete"), "{run:?}");
    let decided = app.list("decisions", &[("user", "KEY900")]).await;
    assert!(decided.iter().all(|decision| decision["kind"] == "sighted"), "{decided:?}");
    assert!(app.ground.effects().iter().all(|effect| effect.ends_with("+staff")), "{:?}", app.ground.effects());
    assert_eq!(app.ground.effects().len(), 251);
    assert_eq!(app.metric("usher_reconciled_total{source=\"acme\"}").await, Some(0.0));
}
