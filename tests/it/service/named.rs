//! A list of users as a selection: those are read, and nobody else.

use serde_json::{Value, json};
use usher::sandbox::{Account, Population};

use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, BOTH, GLOBEX, Ground},
};

fn by_hand(source: &str, users: &str) -> String {
    format!(
        "{{ id: {source}-some, source: {source}, trigger: manual, test_mode: false, select: {{ users: {users} }}, \
         actions: [{{ add_groups: [staff] }}] }}"
    )
}

async fn app() -> TestApp {
    let schemes = [by_hand("acme", "[KEY7, NAME-3, KEY7, nobody, key7]"), by_hand("globex", "[KEY7, KEY3, nobody]")];
    let ground = Ground::new(&schemes.join(",")).groups(&["staff"]);
    for source in BOTH {
        let account = Account::new("KEY{n}", "name-{n}").email("user-{n}@acme.example");
        ground.sandbox.put_crowd(source.product, &Population::new(1_000, account));
    }
    TestApp::start(ground).await
}

/// Runs a scheme now; gives the run when it has ended, with its entries.
async fn run(face: &Face, scheme: &str) -> (Value, Vec<Value>) {
    let (_, _, asked) = face.send(reqwest::Method::POST, &format!("schemes/{scheme}/run"), &[], "").await;
    let path = format!("runs/{}", asked["id"].as_str().expect("a run"));
    let run = eventually("the run has ended", || async {
        let (_, run) = face.ask(&path, &[]).await;
        run["finished"].is_string().then_some(run)
    });
    (run.await, face.list(&format!("{path}/entries"), &[]).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_users_of_the_list_are_read_each_once_and_who_is_not_there_is_told_of() {
    let app = app().await;
    for (source, seen) in [(ACME, 4), (GLOBEX, 3)] {
        let before: u64 = app.ground.sandbox.requests().iter().map(|request| request.count).sum();
        let (run, entries) = run(&app, &format!("{}-some", source.id)).await;
        let requests = app.ground.sandbox.requests();
        let after: u64 = requests.iter().map(|request| request.count).sum();
        assert!(after - before < 40, "{} calls for {seen} users: {requests:?}", after - before);
        assert_eq!((&run["complete"], &run["estimate"]["users"]), (&json!(true), &json!(seen)), "{run}");
        let (_, now) = app.ask(&format!("sources/{}", source.id), &[]).await;
        assert_eq!(
            (&now["users"]["complete"], &now["users"]["count"]),
            (&Value::Null, &Value::Null),
            "the source's own list was never read: {now}"
        );
        let look = by_hand(source.id, "[KEY7, name-3, nobody, KEY3]").replace("-some", "-look");
        let (_, _, looked) = app.send(reqwest::Method::POST, "schemes/preview", &[], look).await;
        let names = if source.id == ACME.id { [3, 2, 1] } else { [4, 2, 2] }; // Cloud has no login names
        let told = ["seen", "selected", "unknown"].map(|key| looked[key].clone());
        assert_eq!((told, &looked["complete"]), (names.map(Value::from), &json!(true)), "{looked}");
        let requests = app.ground.sandbox.requests();
        let lists = requests.iter().filter(|request| request.site == source.product && request.path.contains("search"));
        assert_eq!(lists.count(), 0, "nobody is listed: {requests:?}");
        assert_eq!((&run["counts"]["seen"], &run["counts"]["changed"]), (&json!(seen), &json!(2)), "{run}");
        let of = |user: &str| entries.iter().filter(|entry| entry["user"] == user).collect::<Vec<_>>();
        assert_eq!((of("KEY7").len(), of("KEY3").len()), (1, 1), "{entries:#?}");
        let nobody = of("nobody");
        assert_eq!(
            (nobody.len(), &nobody[0]["result"], &nobody[0]["reason"]),
            (1, &json!("failed"), &json!("the user is gone"))
        );
        let changed = |user: &str| format!("{} {user} +staff", source.product);
        let effects: Vec<_> =
            app.ground.effects().into_iter().filter(|one| one.starts_with(source.product.as_str())).collect();
        let mut expected = [changed("KEY3"), changed("KEY7")].to_vec();
        expected.sort();
        assert_eq!(
            {
                let mut effects = effects;
                effects.sort();
                effects
            },
            expected
        );
    }
    eventually("those who are not there are dead letters", || async {
        (app.dead_letters().await.len() == 3).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_stored_by_the_api_and_refused_where_it_is_not_for_a_run_by_hand() {
    let app = app().await;
    let ids: Vec<_> = (0..50_000).map(|n| format!("712020:5b10ac8d-82e0-5b22-cc7d-{n:012}")).collect();
    let scheme = |trigger: &str| {
        json!({ "id": "long", "source": "globex", "trigger": trigger, "select": { "users": ids },
                "actions": [{ "add_groups": ["staff"] }] })
    };
    let post = |body: Value| app.send(reqwest::Method::POST, "schemes", &[], body.to_string());
    let (status, _, refused) = post(scheme("on_login")).await;
    assert_eq!(status, 422, "{refused}");
    let why = refused["problems"][0]["message"].as_str().expect("a message");
    assert!(why.contains("a list of users is for a run by hand; write `trigger: manual`"), "{why}");
    let (status, _, stored) = post(scheme("manual")).await;
    assert_eq!((status.as_u16(), stored["select"]["users"].as_array().map(Vec::len)), (201, Some(50_000)));
}
