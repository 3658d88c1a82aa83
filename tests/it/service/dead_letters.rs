//! What was given up is taken up again: the cause is mended in the product, an administrator orders it, and each thing is
//! done once.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::{
    domain::Product,
    sandbox::{Account, Effect, Fault, When, webhook::Happening},
};

use crate::support::{
    app::TestApp,
    face::{Accepted, Face, eventually},
    ground::{ACME, BOTH, Ground, Source},
    usher::Usher,
};

fn everybody(actions: &str) -> String {
    selecting("everyone: true", actions)
}

/// Who can't be read is selected by no such scheme.
fn of_acme(actions: &str) -> String {
    selecting("email_domain: [acme.example]", actions)
}

fn selecting(select: &str, actions: &str) -> String {
    let scheme = |source: Source| {
        let id = source.id;
        format!(
            "{{ id: {id}-new, source: {id}, trigger: on_create, test_mode: false, select: {{ {select} }},
                actions: [{actions}] }}"
        )
    };
    BOTH.map(scheme).join(",")
}

fn user(number: usize) -> Account {
    Account::new(format!("KEY{number}"), format!("name-{number}")).email("user@acme.example")
}

async fn order(face: &Face, path: &str, body: &Value) -> (StatusCode, Value) {
    let headers = [("X-Usher-Actor", "ann"), ("Content-Type", "application/json")];
    let (status, _, answer) = face.send(Method::POST, path, &headers, body.to_string()).await;
    (status, answer)
}

/// Orders that all open letters are taken up again; gives how many.
async fn redrive(face: &Face) -> u64 {
    let (status, answer) = order(face, "dead-letters/redrive", &json!({ "filter": {} })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    answer["redriven"].as_u64().expect("a number")
}

/// Waits until there are `count` letters, all of which stand so.
async fn until(face: &Face, count: usize, state: &str) -> Vec<Value> {
    eventually(&format!("{count} letters are {state}"), || async {
        let letters = face.list("dead-letters", &[("state", state)]).await;
        (letters.len() == count).then_some(letters)
    })
    .await
}

async fn run_of(face: &Face, source: Source, event: &Accepted) -> Value {
    face.ask(&format!("runs/{}.{}-new", event.event, source.id), &[]).await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_failed_is_done_once_when_its_cause_is_mended_and_it_is_taken_up_again() {
    let app =
        TestApp::start(Ground::new(&everybody("{ add_groups: [first, missing, last] }")).groups(&["first", "last"]))
            .await;
    for (number, source) in BOTH.into_iter().enumerate() {
        app.ground.sandbox.put_user(source.product, user(number));
        let event = app.tell(source, Happening::Created, &user(number)).await;
        app.settled(&event).await;
        assert_eq!(run_of(&app, source, &event).await["state"], "failed");
        app.ground.sandbox.put_group(source.product, "missing");
        // Somebody clicks twice, and a third time while the first one is under way.
        let orders = [redrive(&app), redrive(&app), redrive(&app)];
        let taken: u64 = futures::future::join_all(orders).await.into_iter().sum();
        assert!(taken >= 1, "{taken}");
        until(&app, number + 1, "resolved").await;
        let effect = |sign: &str| format!("{} {} +{sign}", source.product, user(number).id);
        let effects: Vec<_> = app.ground.effects().into_iter().skip(3 * number).collect();
        assert_eq!(effects, [effect("first"), effect("last"), effect("missing")]);
        let run = eventually("the run is done", || async {
            let run = run_of(&app, source, &event).await;
            (run["state"] == "done").then_some(run)
        })
        .await;
        assert_eq!((&run["counts"]["changed"], &run["counts"]["failed"]), (&json!(3), &json!(0)), "{run}");
        let letter = app.dead_letters().await.remove(0);
        assert_eq!(
            (&letter["redriven"]["by"], &letter["resolved"]["result"]),
            (&json!("admin (for ann)"), &json!("changed"))
        );
        assert_eq!(redrive(&app).await, 0, "nothing is left to do");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_fails_again_says_so_and_can_be_taken_up_again() {
    let app = TestApp::start(Ground::new(&everybody("{ add_groups: [missing] }"))).await;
    app.ground.sandbox.put_user(Product::JiraDc, user(1));
    app.settled(&app.tell(ACME, Happening::Created, &user(1)).await).await;
    assert_eq!(redrive(&app).await, 1);
    let again = eventually("it was given up again", || async {
        let letters = app.dead_letters().await;
        letters.into_iter().find(|letter| letter["failed_again"] == true)
    })
    .await;
    assert_eq!((&again["state"], &again["redriven"]["by"]), (&json!("open"), &json!("admin (for ann)")), "{again}");
    app.ground.sandbox.put_group(Product::JiraDc, "missing");
    assert_eq!(redrive(&app).await, 1);
    until(&app, 1, "resolved").await;
    assert_eq!(app.ground.effects(), ["jira-dc KEY1 +missing"]);
    assert_eq!(app.dead_letters().await.len(), 1);
}

/// A creation that was given up because its user can't be read: 400 to every reading.
async fn unread(app: &Face, ground: &Ground, source: Source) -> (Accepted, u64) {
    let refuse = Effect::Fail { status: 400, retry_after: None, after_work: false };
    let fault = Fault::new(refuse).site(source.product).method("GET").path("user").when(When::Always);
    let fault = ground.sandbox.inject(fault);
    let event = app.tell(source, Happening::Created, &user(1)).await;
    app.settled(&event).await;
    until(app, 1, "open").await;
    (event, fault)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_whose_user_could_not_be_read_is_decided_anew_when_it_is_taken_up_again() {
    for source in BOTH {
        let app = TestApp::start(Ground::new(&of_acme("{ add_groups: [staff] }")).groups(&["staff"])).await;
        app.ground.sandbox.put_user(source.product, user(1));
        let (event, fault) = unread(&app, &app.ground, source).await;
        assert!(app.ground.effects().is_empty());
        app.ground.sandbox.remove_fault(fault);
        assert_eq!(redrive(&app).await, 1);
        until(&app, 1, "resolved").await;
        assert_eq!(app.ended(&event).await, [format!("{}-new: add_groups staff changed", source.id)]);
        let decisions = app.list("decisions", &[("user", "KEY1")]).await;
        assert_eq!(decisions.len(), 1, "the second one stands in the place of the first: {decisions:?}");
        let run = run_of(&app, source, &event).await;
        assert_eq!((&run["counts"]["seen"], &run["counts"]["selected"]), (&json!(1), &json!(1)));
        assert_eq!(app.ground.effects(), [format!("{} KEY1 +staff", source.product)]);
        app.dead_letters().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_was_given_up_is_found_by_comparing_also_after_the_store_is_lost() {
    let ground = Ground::new(&of_acme("{ add_groups: [staff] }")).groups(&["staff"]).reconciling("1s");
    let usher = Usher::start(&ground).await;
    eventually("users are compared", || async {
        let sources = usher.list("sources", &[]).await;
        (sources[0]["reconciliation"]["state"] == "comparing").then_some(())
    })
    .await;
    let (_, fault) = unread(&usher, &ground, ACME).await;
    usher.kill();
    std::fs::remove_dir_all(ground.folder().join("data/state")).expect("removed");
    ground.sandbox.put_user(Product::JiraDc, user(1));
    ground.sandbox.remove_fault(fault);
    let usher = Usher::start(&ground).await;
    eventually("it is found", || async { (ground.effects() == ["jira-dc KEY1 +staff"]).then_some(()) }).await;
    // The event that was given up, taken up again now, is known by what was found.
    redrive(&usher).await;
    eventually("nothing is open", || async {
        let open = usher.list("dead-letters", &[("state", "open")]).await;
        let redriven = usher.list("dead-letters", &[("state", "redriven")]).await;
        (open.is_empty() && redriven.is_empty()).then_some(())
    })
    .await;
    assert_eq!(ground.effects(), ["jira-dc KEY1 +staff"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn usher_may_be_killed_at_any_moment_while_letters_are_taken_up_and_each_is_done_once() {
    const USERS: usize = 60;
    let ground = Ground::new(&everybody("{ add_groups: [missing] }"))
        .tweak("USHER_SOURCES__0__RATE", "{ per_second: 200, concurrency: 2 }");
    let mut usher = Usher::start(&ground).await;
    for number in 0..USERS {
        ground.sandbox.put_user(Product::JiraDc, user(number));
        usher.tell(ACME, Happening::Created, &user(number)).await;
    }
    until(&usher, USERS, "open").await;
    ground.sandbox.put_group(Product::JiraDc, "missing");
    for kill_at in [1, USERS / 3, 2 * USERS / 3] {
        let face = Face::new(usher.webhooks, usher.admin, ground.ledger());
        let ordering = tokio::spawn(async move {
            // The answer may never come.
            let url = format!("http://{}/api/v1/dead-letters/redrive", face.admin);
            let request = face.http.post(url).bearer_auth(crate::support::ground::ADMIN_TOKEN);
            drop(request.body(r#"{"filter": {}}"#).send().await);
        });
        eventually("some are done", || async { (ground.effects().len() >= kill_at).then_some(()) }).await;
        usher.kill();
        ordering.await.expect("no panic");
        usher = Usher::start(&ground).await;
    }
    eventually("all are resolved", || async {
        redrive(&usher).await;
        let resolved = usher.list("dead-letters", &[("state", "resolved")]).await;
        (resolved.len() == USERS).then_some(())
    })
    .await;
    let mut effects = ground.effects();
    effects.sort();
    let mut expected: Vec<_> = (0..USERS).map(|number| format!("jira-dc KEY{number} +missing")).collect();
    expected.sort();
    assert_eq!(effects, expected);
    let failed: u64 = usher.list("runs", &[]).await.iter().filter_map(|run| run["counts"]["failed"].as_u64()).sum();
    assert_eq!(failed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_dismissed_is_left_alone_until_it_is_named() {
    let app = TestApp::start(Ground::new(&everybody("{ add_groups: [missing] }"))).await;
    app.ground.sandbox.put_user(Product::JiraDc, user(1));
    app.settled(&app.tell(ACME, Happening::Created, &user(1)).await).await;
    let letter = app.dead_letters().await.remove(0);
    let id = letter["id"].as_str().expect("an id");
    let (status, row) = order(&app, &format!("dead-letters/{id}/dismiss"), &json!({"reason": "left"})).await;
    assert_eq!((status, &row["dismissed"]["by"]), (StatusCode::OK, &json!("admin (for ann)")), "{row}");
    app.ground.sandbox.put_group(Product::JiraDc, "missing");
    assert_eq!(redrive(&app).await, 0);
    let (_, answer) = order(&app, "dead-letters/redrive", &json!({ "ids": [id] })).await;
    assert_eq!(answer["redriven"], 1);
    until(&app, 1, "resolved").await;
    assert_eq!(app.ground.effects(), ["jira-dc KEY1 +missing"]);
}

/// The number of users that are created at once.
const MANY: usize = 60;

/// Has [`MANY`] users, all guests, be created at once.
async fn a_directory_is_connected(app: &TestApp) {
    let created = (0..MANY).map(|number| async move {
        app.ground.sandbox.put_user(Product::JiraDc, user(number));
        app.ground.sandbox.add_member(Product::JiraDc, &user(number).id, "guests").expect("both are there");
        app.tell(ACME, Happening::Created, &user(number)).await
    });
    futures::future::join_all(created).await;
    app.drain().await;
}

fn count(app: &TestApp, sign: &str) -> usize {
    app.ground.effects().iter().filter(|effect| effect.contains(sign)).count()
}

fn mass_ground() -> Ground {
    Ground::new(&everybody("{ add_groups: [staff] }, { remove_groups: [guests] }")).groups(&["staff", "guests"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_connected_is_no_mass_action_until_an_administrator_says_so() {
    let app = TestApp::start(mass_ground()).await;
    a_directory_is_connected(&app).await;
    assert_eq!((count(&app, "+staff"), count(&app, "-guests")), (MANY, 50));
    let held = until(&app, MANY - 50, "open").await;
    assert!(
        held.iter().all(|letter| letter["held"] == true && letter["step"]["action"] == "remove_groups"),
        "{held:?}"
    );
    assert_eq!(app.metric("usher_creations_held_total{source=\"acme\"}").await, Some(10.0));
    assert_eq!(app.metric("usher_dead_letters_total{stage=\"executor\"}").await, Some(0.0));
    let (status, answer) = order(&app, "sources/acme/newcomers/release", &Value::Null).await;
    assert_eq!((status, &answer["steps"], &answer["more"]), (StatusCode::ACCEPTED, &json!(10), &json!(false)));
    until(&app, MANY - 50, "resolved").await;
    assert_eq!((count(&app, "+staff"), count(&app, "-guests")), (MANY, MANY));
    let (status, _) = order(&app, "sources/acme/newcomers/release", &Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT, "nothing is held any more");
    app.dead_letters().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_mass_creation_holds_can_be_dismissed_and_the_bound_turned_off() {
    let app = TestApp::start(mass_ground().tweak("USHER_SOURCES__0__MASS_CREATION", "{ users: 5, percent: 0 }")).await;
    a_directory_is_connected(&app).await;
    assert_eq!((count(&app, "+staff"), count(&app, "-guests")), (MANY, 5));
    until(&app, MANY - 5, "open").await;
    let (status, answer) = order(&app, "sources/acme/newcomers/dismiss", &Value::Null).await;
    assert_eq!((status, &answer["steps"]), (StatusCode::ACCEPTED, &json!(MANY - 5)), "{answer}");
    until(&app, MANY - 5, "dismissed").await;
    assert_eq!(count(&app, "-guests"), 5);
    app.dead_letters().await;

    let app = TestApp::start(mass_ground().tweak("USHER_SOURCES__0__MASS_CREATION", "off")).await;
    a_directory_is_connected(&app).await;
    assert_eq!((count(&app, "+staff"), count(&app, "-guests")), (MANY, MANY));
}
