//! Runs over everybody in a source: asked for by hand, shared, held, released, cancelled.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use usher::sandbox::{Account, Effect, Fault, RequestCount};

use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, GLOBEX, Ground, Source},
};

/// Users of the sandbox's own that every site begins with: the account that usher acts as.
pub(super) const OWN: u64 = 1;

/// Gives those of `acme.example` a group, where somebody asks for it.
pub(super) fn gives(id: &str, source: &str, group: &str, more: &str) -> String {
    format!(
        "{{ id: {id}, source: {source}, trigger: manual, test_mode: false, select: {{ email_domain: [acme.example] }}, \
         actions: [{{ add_groups: [{group}] }}] {more} }}"
    )
}

pub(super) fn user(number: usize, domain: &str) -> Account {
    Account::new(format!("KEY{number}"), format!("name-{number}")).email(format!("user-{number}@{domain}"))
}

/// `count` users of `acme.example` in both sites, and as many of another domain.
pub(super) fn people(ground: &Ground, count: usize) {
    for source in [ACME, GLOBEX] {
        for number in 0..count {
            ground.sandbox.put_user(source.product, user(number, "acme.example"));
            ground.sandbox.put_user(source.product, user(count + number, "other.example"));
        }
    }
}

pub(super) async fn post(face: &Face, path: &str) -> (StatusCode, Value) {
    let (status, _, answer) = face.send(Method::POST, path, &[("X-Usher-Actor", "Ann")], "").await;
    (status, answer)
}

/// Asks for a run of `scheme`; gives its id.
pub(super) async fn run_now(face: &Face, scheme: &str) -> String {
    let (status, run) = post(face, &format!("schemes/{scheme}/run")).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{run}");
    // A short run may have ended by the time that it is answered.
    assert_eq!((&run["trigger"], &run["scheme"]), (&json!("manual"), &json!(scheme)));
    run["id"].as_str().expect("an id").to_owned()
}

/// The run, once it is `state`.
pub(super) async fn when(face: &Face, run: &str, state: &str) -> Value {
    eventually(&format!("{run} is {state}"), || async {
        let (status, shown) = face.ask(&format!("runs/{run}"), &[]).await;
        assert_eq!(status, StatusCode::OK, "{shown}");
        (shown["state"] == state).then_some(shown)
    })
    .await
}

/// How often `product` was asked for a path with `part` in it.
fn asked(ground: &Ground, source: Source, part: &str) -> u64 {
    let counts = |request: &&RequestCount| request.site == source.product && request.path.contains(part);
    ground.sandbox.requests().iter().filter(counts).map(|request| request.count).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_by_hand_goes_over_everybody_and_changes_whom_the_scheme_selects() {
    let schemes = [gives("staff-acme", "acme", "staff", ""), gives("staff-globex", "globex", "staff", "")];
    let ground = Ground::new(&schemes.join(",")).groups(&["staff"]);
    people(&ground, 30);
    let app = TestApp::start(ground).await;
    for scheme in ["staff-acme", "staff-globex"] {
        let id = run_now(&app, scheme).await;
        let run = when(&app, &id, "done").await;
        let counts = json!({
            "seen": 60 + OWN, "selected": 30, "would_change": 30, "already_so": 0, "protected": 0, "unknown": 0,
            "changed": 30, "unchanged": 0, "tested": 0, "held": 0, "failed": 0
        });
        assert_eq!(run["counts"], counts);
        assert_eq!(run["progress"], json!({ "listed": 60 + OWN, "decided": 60 + OWN, "read": 30, "total": 60 + OWN }));
        assert_eq!((&run["event"], &run["test_mode"]), (&Value::Null, &json!(false)));
        assert_eq!(app.list(&format!("runs/{id}/entries"), &[]).await.len(), 30);

        let again = when(&app, &run_now(&app, scheme).await, "done").await;
        assert_eq!((&again["counts"]["changed"], &again["counts"]["unchanged"]), (&json!(0), &json!(30)));
        assert_eq!((&again["progress"]["read"], &run["estimate"]), (&json!(0), &Value::Null));
        let estimate = &again["estimate"];
        assert_eq!(estimate["users"], 60 + OWN, "by the last list: {again}");
        assert!(estimate["calls"].as_u64() >= Some(31) && estimate["seconds"].is_u64(), "{again}");
    }
    assert_eq!(app.ground.effects().len(), 60);
    assert_eq!(app.metric("usher_sweep_users_total{source=\"acme\"}").await, Some(2.0 * (60 + OWN) as f64));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_schemes_for_it_are_run_by_hand() {
    let on_create =
        "{ id: new, source: acme, trigger: on_create, select: { everyone: true }, actions: [{ add_groups: [staff] }] }";
    let off = gives("off", "acme", "staff", ", enabled: false");
    let app = TestApp::start(Ground::new(&[on_create, &off, &gives("idle", "acme", "staff", "")].join(","))).await;
    for (path, status, says) in [
        ("schemes/new/run", StatusCode::CONFLICT, "waits for `on_create`"),
        ("schemes/off/run", StatusCode::CONFLICT, "is not enabled"),
        ("schemes/none/run", StatusCode::NOT_FOUND, "there is no scheme"),
        ("runs/none/release", StatusCode::NOT_FOUND, "there is no run"),
    ] {
        let (given, problem) = post(&app, path).await;
        assert_eq!(given, status, "{path}: {problem}");
        assert!(problem["detail"].as_str().expect("a detail").contains(says), "{problem}");
    }
    assert_eq!(post(&app, "schemes/idle/pause").await.0, StatusCode::NO_CONTENT);
    assert_eq!(post(&app, "schemes/idle/run").await.0, StatusCode::CONFLICT);
}

/// A scheme with a schedule.
fn nightly(id: &str, cron: &str, domain: &str, more: &str) -> String {
    format!(
        "{{ id: {id}, source: acme, trigger: {{ cron: '{cron}', timezone: UTC }}, test_mode: false, \
         select: {{ email_domain: [{domain}] }}, actions: [{{ add_groups: [staff] }}] {more} }}"
    )
}

/// The runs of `scheme`, once there are `count` and all of them are done.
async fn runs(face: &Face, scheme: &str, count: usize) -> Vec<Value> {
    eventually(&format!("{count} runs of {scheme}"), || async {
        let runs = face.list("runs", &[("scheme", scheme)]).await;
        assert!(runs.len() <= count, "{runs:?}");
        (runs.len() == count && runs.iter().all(|run| run["state"] == "done")).then_some(runs)
    })
    .await
}

/// Starts usher at `now`, and waits until the clocks of `schemes` count.
async fn start_at(ground: Ground, now: &str, schemes: &[&str]) -> TestApp {
    ground.clock.set(now);
    let app = TestApp::start(ground).await;
    for scheme in schemes {
        let series = format!("usher_schedule_next_timestamp_seconds{{scheme=\"{scheme}\",source=\"acme\"}}");
        eventually("the clock counts", || app.metric(&series)).await;
    }
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn schemes_due_at_the_same_time_share_a_listing_that_reads_only_whom_they_may_select() {
    let schemes = [
        nightly("one", "0 3 * * *", "acme.example", ""),
        nightly("two", "0 3 * * *", "other.example", ""),
        nightly("none", "0 3 * * *", "nobody.example", ""),
        nightly("later", "0 4 * * *", "acme.example", ""),
    ];
    let ground = Ground::new(&schemes.join(",")).groups(&["staff"]);
    people(&ground, 10);
    for number in 100..150 {
        ground.sandbox.put_user(ACME.product, user(number, "third.example"));
    }
    let app = start_at(ground, "2026-05-01T12:00:00Z", &["one", "two", "none", "later"]).await;
    app.ground.clock.set("2026-05-02T03:00:00Z");
    let mut of = Vec::new();
    for (scheme, selected) in [("one", 10), ("two", 10), ("none", 0)] {
        let run = runs(&app, scheme, 1).await.remove(0);
        assert_eq!((&run["counts"]["selected"], &run["counts"]["seen"]), (&json!(selected), &json!(70 + OWN)));
        assert_eq!(run["trigger"], "schedule");
        of.push(run["sweep"].clone());
    }
    assert!(of.windows(2).all(|pair| pair[0] == pair[1]), "one sweep: {of:?}");
    assert!(app.list("runs", &[("scheme", "later")]).await.is_empty(), "it is not four yet");
    assert_eq!(asked(&app.ground, ACME, "/user/list"), 1, "{:?}", app.ground.sandbox.requests());
    let reads = app.ground.sandbox.requests().into_iter().filter(|request| request.path.ends_with("/user"));
    let reads: u64 = reads.map(|request| request.count).sum();
    assert!(
        (20..=3 * 20).contains(&reads),
        "{reads}: planner and executor read those who are selected, and nobody else"
    );

    app.ground.clock.set("2026-05-02T04:00:00Z");
    runs(&app, "later", 1).await;
    runs(&app, "one", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_missed_while_usher_was_down_is_caught_up_once() {
    let ground = Ground::new(&nightly("night", "0 3 * * *", "acme.example", "")).groups(&["staff"]);
    people(&ground, 3);
    let mut app = start_at(ground, "2026-05-01T12:00:00Z", &["night"]).await;
    app.stop().await;
    app.ground.clock.set("2026-05-09T12:00:00Z");
    app.restart().await;
    runs(&app, "night", 1).await;
    app.restart().await;
    app.ground.clock.set("2026-05-10T03:00:01Z");
    let runs = runs(&app, "night", 2).await;
    assert_eq!((&runs[0]["counts"]["unchanged"], &runs[1]["counts"]["changed"]), (&json!(3), &json!(3)));
}

/// The run of `scheme` that is held, and only that, once its start is not before `since`.
async fn the_held_one(app: &TestApp, scheme: &str, since: &str) -> Value {
    eventually("one run is held", || async {
        let held = app.list("runs", &[("scheme", scheme), ("state", "held")]).await;
        (held.len() == 1 && held[0]["started"].as_str().expect("a time") >= since).then(|| held[0].clone())
    })
    .await
}

/// What a row of `list` says of held runs.
async fn runs_held(app: &TestApp, list: &str, id: &str) -> Value {
    let rows = app.list(list, &[]).await;
    rows.iter().find(|row| row["id"] == id).expect("a row")["runs_held"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_comes_again_supersedes_its_held_run_and_held_runs_do_not_pile_up() {
    let ground =
        Ground::new(&nightly("night", "0 3 * * *", "acme.example", ", limits: { users: 2 }")).groups(&["staff"]);
    people(&ground, 3);
    let mut app = start_at(ground, "2026-05-01T12:00:00Z", &["night"]).await;
    assert_eq!(runs_held(&app, "sources", "acme").await, 0);
    let mut before: Vec<String> = Vec::new();
    for day in 2..6 {
        let due = format!("2026-05-0{day}T03:00:00Z");
        app.ground.clock.set(&due);
        let held = the_held_one(&app, "night", &due[..10]).await;
        let id = held["id"].as_str().expect("an id").to_owned();
        eventually("the gauge says so", || async {
            (app.metric("usher_runs{state=\"held\"}").await == Some(1.0)).then_some(())
        })
        .await;
        assert_eq!(
            (runs_held(&app, "sources", "acme").await, runs_held(&app, "schemes", "night").await),
            (json!(1), json!(1))
        );
        assert_eq!(runs_held(&app, "sources", "globex").await, 0);
        if let Some(last) = before.last() {
            let run = when(&app, last, "cancelled").await;
            assert_eq!(run["why"], format!("superseded by run {id}"));
            assert_eq!(post(&app, &format!("runs/{last}/release")).await.0, StatusCode::CONFLICT);
        }
        before.push(id);
        app.restart().await;
    }
    assert_eq!(app.list("runs", &[("scheme", "night")]).await.len(), 4);
    assert!(app.ground.effects().is_empty());
    let last = before.last().expect("a run");
    assert_eq!(post(&app, &format!("runs/{last}/release")).await.0, StatusCode::ACCEPTED);
    let run = when(&app, last, "done").await;
    assert_eq!(run["counts"]["changed"], 3, "{run}");
    assert_eq!(app.ground.effects().len(), 3);
    assert_eq!(runs_held(&app, "sources", "acme").await, 0);
    assert_eq!(app.metric("usher_runs{state=\"held\"}").await, Some(0.0));
    assert_eq!(app.list("runs", &[("state", "cancelled")]).await.len(), 3);
}

/// Selects ten users and has a limit of `limits`.
pub(super) async fn limited(limits: &str) -> (TestApp, String) {
    let ground = Ground::new(&gives("many", "acme", "staff", &format!(", limits: {{ {limits} }}"))).groups(&["staff"]);
    people(&ground, 10);
    let app = TestApp::start(ground).await;
    let run = run_now(&app, "many").await;
    (app, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_past_its_limits_is_held_until_it_is_released() {
    let (mut app, id) = limited("users: 9").await;
    let run = when(&app, &id, "held").await;
    let why = format!("it would change 10 of {} users; its limit is 9 users (10 selected)", 20 + OWN);
    assert_eq!(run["why"], why);
    assert_eq!((&run["counts"]["held"], &run["counts"]["selected"]), (&json!(10), &json!(10)));
    let entries = app.list(&format!("runs/{id}/entries"), &[]).await;
    assert_eq!(entries.len(), 10, "what it would do");
    assert!(entries.iter().all(|entry| entry["result"] == "held"), "{entries:?}");
    assert!(app.ground.effects().is_empty());
    app.restart().await;
    assert_eq!(when(&app, &id, "held").await["counts"], run["counts"]);

    assert_eq!(post(&app, "schemes/many/pause").await.0, StatusCode::NO_CONTENT);
    let (status, problem) = post(&app, &format!("runs/{id}/release")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem["detail"].as_str().expect("a detail").contains("its scheme is paused"), "{problem}");
    assert_eq!(post(&app, "schemes/many/resume").await.0, StatusCode::NO_CONTENT);

    // Somebody is no longer of the domain when the run is released, and one is in the group already.
    app.ground.sandbox.put_user(ACME.product, user(0, "left.example"));
    app.ground.sandbox.add_member(ACME.product, "KEY1", "staff").expect("both are there");
    assert_eq!(post(&app, &format!("runs/{id}/release")).await.0, StatusCode::ACCEPTED);
    let run = when(&app, &id, "done").await;
    let counts = json!({
        "seen": 20 + OWN, "selected": 10, "would_change": 10, "already_so": 0, "protected": 0, "unknown": 0,
        "changed": 8, "unchanged": 1, "tested": 0, "held": 1, "failed": 0
    });
    assert_eq!(run["counts"], counts);
    assert_eq!(app.ground.effects().len(), 8);
    let entries = app.list(&format!("runs/{id}/entries"), &[]).await;
    let entry = entries.iter().find(|entry| entry["user"] == "KEY0").expect("an entry");
    let reason = entry["reason"].as_str().expect("text");
    assert!(reason.starts_with("no longer selected since the run was held: email_domain: "), "{reason}");
    assert!(reason.contains("left.example") && entry["result"] == "held", "{entry}");
    assert_eq!(run["fell_out"], 1);
    assert_eq!(post(&app, &format!("runs/{id}/release")).await.0, StatusCode::CONFLICT, "it is done");
    assert_eq!(post(&app, &format!("runs/{id}/cancel")).await.0, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_within_its_limits_is_not_held() {
    let (app, id) = limited("users: 10, percent: 50").await;
    let run = when(&app, &id, "done").await;
    assert_eq!((&run["counts"]["changed"], &run["counts"]["held"]), (&json!(10), &json!(0)));
    assert_eq!(app.ground.effects().len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_do_not_count_who_is_so_already_and_a_routine_run_is_not_held() {
    let limits = ", limits: { users: 3 }";
    let schemes = [
        gives("staff-acme", "acme", "staff", limits),
        gives("staff-globex", "globex", "staff", limits),
        "{ id: gone, source: acme, trigger: manual, test_mode: false, select: { email_domain: [left.example] }, \
          actions: [{ deactivate: {} }], limits: { users: 0 } }"
            .to_owned(),
    ];
    let ground = Ground::new(&schemes.join(",")).groups(&["staff"]);
    people(&ground, 10);
    for source in [ACME, GLOBEX] {
        for number in 2..10 {
            ground.sandbox.add_member(source.product, &format!("KEY{number}"), "staff").expect("both are there");
        }
    }
    for number in 100..105 {
        ground.sandbox.put_user(ACME.product, Account { active: false, ..user(number, "left.example") });
    }
    let app = TestApp::start(ground).await;
    for scheme in ["staff-acme", "staff-globex"] {
        let run = when(&app, &run_now(&app, scheme).await, "done").await;
        let of = |count: &str| run["counts"][count].as_u64().expect("a number");
        assert_eq!([of("selected"), of("would_change"), of("already_so")], [10, 2, 8], "{run}");
        assert_eq!([of("changed"), of("unchanged"), of("held")], [2, 8, 0], "{run}");
    }
    let run = when(&app, &run_now(&app, "gone").await, "done").await;
    assert_eq!((&run["counts"]["selected"], &run["counts"]["already_so"]), (&json!(5), &json!(5)), "{run}");
    assert_eq!(app.ground.effects().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_run_of_whom_most_are_so_already_goes_on_with_the_others_alone() {
    let ground = Ground::new(&gives("many", "acme", "staff", ", limits: { users: 1 }")).groups(&["staff"]);
    people(&ground, 10);
    for number in 2..10 {
        ground.sandbox.add_member(ACME.product, &format!("KEY{number}"), "staff").expect("both are there");
    }
    let mut app = TestApp::start(ground).await;
    let id = run_now(&app, "many").await;
    let run = when(&app, &id, "held").await;
    assert_eq!((&run["counts"]["held"], &run["counts"]["unchanged"]), (&json!(2), &json!(8)), "{run}");
    let why = run["why"].as_str().expect("a reason");
    assert!(why.contains("it would change 2 of 21 users; its limit is 1 user (10 selected, 8 so already)"), "{why}");
    app.restart().await;
    assert_eq!(post(&app, &format!("runs/{id}/release")).await.0, StatusCode::ACCEPTED);
    let run = when(&app, &id, "done").await;
    assert_eq!((&run["counts"]["changed"], &run["counts"]["unchanged"]), (&json!(2), &json!(8)), "{run}");
    assert_eq!(app.ground.effects().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_says_also_in_test_mode_who_would_change_and_of_whom_it_is_not_known() {
    let scheme = "{ id: partners, source: acme, trigger: manual, select: { email_domain_not: [acme.example] }, \
                  actions: [{ add_groups: [staff] }, { deactivate: {} }] }";
    let ground = Ground::new(scheme).groups(&["staff"]);
    people(&ground, 5);
    ground.sandbox.put_user(ACME.product, Account { active: false, ..user(5, "other.example") });
    ground.sandbox.add_member(ACME.product, "KEY5", "staff").expect("both are there");
    ground.sandbox.put_user(ACME.product, Account::new("KEY90", "nameless"));
    let app = TestApp::start(ground).await;
    let id = run_now(&app, "partners").await;
    let run = when(&app, &id, "done").await;
    let of = |count: &str| run["counts"][count].as_u64().expect("a number");
    assert_eq!([of("would_change"), of("already_so")], [of("selected") - of("already_so"), 1], "{run}");
    assert!(of("unknown") >= 1 && of("selected") >= 5, "{run}");
    let unknown = app.list(&format!("runs/{id}/entries"), &[("result", "unknown")]).await;
    assert_eq!(unknown.len() as u64, of("unknown"));
    let nameless = unknown.iter().find(|entry| entry["user"] == "KEY90").expect("an entry");
    assert!(nameless["reason"].as_str().expect("text").contains("e-mail"), "{nameless}");
    assert!(app.list("runs", &[("result", "unknown")]).await.iter().any(|run| run["id"] == id.as_str()));
    assert!(app.ground.effects().is_empty());
}

/// How often a user of `source` was read by themselves.
fn reads(app: &TestApp, source: Source) -> u64 {
    let of_user = |request: &&RequestCount| request.site == source.product && request.path.ends_with("/user");
    app.ground.sandbox.requests().iter().filter(of_user).map(|request| request.count).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_lists_of_users_and_members_settle_a_scheme_nobody_is_read_one_by_one() {
    let narrow = |id: &str, source: &str| {
        format!(
            "{{ id: {id}, source: {source}, trigger: manual, test_mode: false, select: {{ everyone: true }}, \
             only_groups: [vip, empty], actions: [{{ create_issue: {{ project: OPS, type: Task, summary: x }} }}] }}"
        )
    };
    let schemes = [
        gives("staff-acme", "acme", "staff", ""),
        gives("staff-globex", "globex", "staff", ", exempt: { groups: [vip] }"),
        narrow("vip-acme", "acme"),
        narrow("vip-globex", "globex"),
    ];
    let ground = Ground::new(&schemes.join(",")).groups(&["staff", "vip", "empty"]);
    people(&ground, 60);
    for source in [ACME, GLOBEX] {
        for number in 0..60 {
            ground.sandbox.add_member(source.product, &format!("KEY{number}"), "staff").expect("both are there");
        }
    }
    let app = TestApp::start(ground).await;
    for (source, scheme, narrow) in [(ACME, "staff-acme", "vip-acme"), (GLOBEX, "staff-globex", "vip-globex")] {
        let before = reads(&app, source);
        let run = when(&app, &run_now(&app, scheme).await, "done").await;
        assert_eq!((&run["counts"]["already_so"], &run["counts"]["unchanged"]), (&json!(60), &json!(60)), "{run}");
        let run = when(&app, &run_now(&app, narrow).await, "done").await;
        assert_eq!((&run["counts"]["selected"], &run["counts"]["seen"]), (&json!(0), &json!(120 + OWN)), "{run}");
        assert_eq!(reads(&app, source) - before, 0, "{:?}", app.ground.sandbox.requests());
        // Who has left the group since is read and put back, and nobody else is.
        app.ground.sandbox.remove_member(source.product, "KEY7", "staff").expect("both are there");
        let run = when(&app, &run_now(&app, scheme).await, "done").await;
        assert_eq!((&run["counts"]["changed"], &run["counts"]["already_so"]), (&json!(1), &json!(59)), "{run}");
        let read = reads(&app, source) - before;
        assert!((1..=3).contains(&read), "{read}");
    }
    assert_eq!(app.ground.effects().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_into_an_exempt_group_after_its_members_were_read_is_exempt() {
    let ground = Ground::new(&gives("staff", "acme", "staff", ", exempt: { groups: [vip] }")).groups(&["staff", "vip"]);
    people(&ground, 3);
    let effect = Effect::Fail { status: 503, retry_after: Some(1), after_work: false };
    let fault = ground.sandbox.inject(Fault::new(effect).site(ACME.product).path("/user/list"));
    let app = TestApp::start(ground).await;
    let run = run_now(&app, "staff").await;
    eventually("the users are asked for, so the members were read", || async {
        (asked(&app.ground, ACME, "/user/list") > 0).then_some(())
    })
    .await;
    assert!(asked(&app.ground, ACME, "/group/member") >= 2);
    app.ground.sandbox.add_member(ACME.product, "KEY1", "vip").expect("both are there");
    app.ground.sandbox.remove_fault(fault);
    let run = when(&app, &run, "done").await;
    assert_eq!((&run["counts"]["selected"], &run["counts"]["changed"]), (&json!(2), &json!(2)), "{run}");
    assert!(app.ground.effects().iter().all(|effect| !format!("{effect:?}").contains("KEY1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_group_that_is_not_there_or_can_not_be_read_nothing_is_taken_for_granted() {
    let ground =
        Ground::new(&gives("staff", "acme", "staff", ", exempt: { groups: [nowhere, vip] }")).groups(&["staff", "vip"]);
    people(&ground, 3);
    ground.sandbox.add_member(ACME.product, "KEY1", "vip").expect("both are there");
    let effect = Effect::Fail { status: 400, retry_after: None, after_work: false };
    ground.sandbox.inject(Fault::new(effect).site(ACME.product).path("/group/member"));
    let app = TestApp::start(ground).await;
    let run = when(&app, &run_now(&app, "staff").await, "done").await;
    assert_eq!((&run["counts"]["selected"], &run["counts"]["changed"]), (&json!(2), &json!(2)), "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_run_that_is_cancelled_changes_nothing() {
    let (app, id) = limited("percent: 40").await;
    let why = when(&app, &id, "held").await["why"].clone();
    assert!(why.as_str().expect("text").contains("40 percent"), "{why}");
    let (status, run) = post(&app, &format!("runs/{id}/cancel")).await;
    assert_eq!((status, &run["state"]), (StatusCode::ACCEPTED, &json!("cancelled")));
    assert_eq!(post(&app, &format!("runs/{id}/release")).await.0, StatusCode::CONFLICT);
    let next = run_now(&app, "many").await;
    when(&app, &next, "held").await;
    assert_eq!(when(&app, &id, "cancelled").await["counts"]["held"], 10);
    assert!(app.ground.effects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_users_cant_be_listed_fails_with_the_reason() {
    let ground = Ground::new(&gives("staff", "acme", "staff", "")).groups(&["staff"]);
    people(&ground, 3);
    let effect = Effect::Fail { status: 400, retry_after: None, after_work: false };
    let fault = ground.sandbox.inject(Fault::new(effect).site(ACME.product).path("/user/"));
    let app = TestApp::start(ground).await;
    let run = when(&app, &run_now(&app, "staff").await, "failed").await;
    assert!(run["why"].as_str().expect("a reason").contains("can't be listed: the product refused (400)"), "{run}");
    app.ground.sandbox.remove_fault(fault);
    when(&app, &run_now(&app, "staff").await, "done").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_cancelled_while_its_source_is_paused_and_while_it_waits_for_another() {
    let schemes = [gives("first", "acme", "staff", ""), gives("second", "acme", "staff", "")];
    let ground = Ground::new(&schemes.join(",")).groups(&["staff"]);
    people(&ground, 10);
    let app = TestApp::start(ground).await;
    assert_eq!(post(&app, "sources/acme/pause").await.0, StatusCode::NO_CONTENT);
    let (first, second) = (run_now(&app, "first").await, run_now(&app, "second").await);
    for id in [&second, &first] {
        let (status, run) = post(&app, &format!("runs/{id}/cancel")).await;
        assert_eq!((status, &run["state"]), (StatusCode::ACCEPTED, &json!("cancelled")));
    }
    assert_eq!(post(&app, "sources/acme/resume").await.0, StatusCode::NO_CONTENT);
    let third = run_now(&app, "first").await;
    let run = when(&app, &third, "done").await;
    assert_eq!(run["counts"]["changed"], 10, "those before it have changed nothing");
    for id in [&first, &second] {
        let run = when(&app, id, "cancelled").await;
        assert_eq!((&run["counts"]["selected"], &run["counts"]["changed"]), (&json!(0), &json!(0)), "{run}");
    }
}
