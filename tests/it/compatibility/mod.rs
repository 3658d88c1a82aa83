//! The version before and this one on one log: each reads what the other writes.
//!
//! The files in `tests/log-of-before` hold the version before. `make log-of-before` makes them anew at a release.

mod fixture;
mod schema;
mod story;

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use usher::{
    log::Stream,
    sandbox::{Account, webhook::Happening},
};

use self::{
    fixture::{Kept, Shown},
    schema::Schema,
};
use crate::support::{
    app::TestApp,
    face::{Face, eventually},
    ground::{ACME, Ground},
};

/// usher on the log of the version before, an hour later, and what that version showed. The product is as it was then.
async fn taken_over() -> (TestApp, Shown) {
    let (shown, kept) = (Shown::load(), fixture::load());
    let ground = story::ground();
    story::as_at_the_end(&ground, &shown.effects);
    // What became of one change was not written: as after a `kill -9`.
    let before = Schema::of_before();
    let count = kept.len();
    let kept: Vec<_> = kept.into_iter().filter(|record| !is_lost(record, &before)).collect();
    assert_eq!(kept.len(), count - 1);
    let end = kept.iter().map(|record| record.appended).max().expect("records");
    fixture::write_into(&ground.folder().join("data/log"), &kept, end).await;
    ground.clock.set(&fixture::an_hour_after(end).to_string());
    (TestApp::start(ground).await, shown)
}

/// Whether it is the outcome that gets lost.
fn is_lost(record: &Kept, before: &Schema) -> bool {
    let is_of = |scheme: &str| {
        let record = before.reads(record.stream(), &record.message());
        schema::text_at(&record, &["outcome", "step", "scheme", "id"]).is_some_and(|id| id == scheme)
    };
    record.stream() == Stream::Outcomes && record.key.ends_with(story::UNSETTLED) && is_of(story::UNSETTLED_BY)
}

/// Whether the outcome that gets lost may be of this run.
fn is_unsettled(run: &Value) -> bool {
    run["scheme"] == story::UNSETTLED_BY
}

async fn post(face: &Face, path: &str) {
    let (status, _, answer) = face.send(Method::POST, path, &[], "").await;
    assert!(matches!(status, StatusCode::NO_CONTENT | StatusCode::ACCEPTED), "{path}: {status} {answer}");
}

/// Somebody new, told of by webhook; gives how the steps ended.
async fn created(app: &TestApp, id: &str) -> Vec<String> {
    let account = Account::new(id, id.to_lowercase()).email("new@new.example");
    app.ground.sandbox.put_user(ACME.product, account.clone());
    let event = app.tell(ACME, Happening::Created, &account).await;
    app.ended(&event).await
}

async fn waits_for_nothing(app: &TestApp) {
    eventually("everything in the log is worked on", || async {
        for stream in ["events", "decisions"] {
            let lag = app.metric(&format!("usher_log_lag_records{{stream=\"{stream}\"}}")).await?;
            (lag == 0.0).then_some(())?;
        }
        Some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_the_version_before_is_shown_as_it_was_and_what_was_left_is_done_once() {
    let (mut app, shown) = taken_over().await;
    eventually("the runs are those of before", || async {
        let now = fixture::summary(&app, "runs").await;
        shown.runs.iter().all(|run| is_unsettled(run) || now.contains(run)).then_some(())
    })
    .await;
    for (list, before) in [("schemes", &shown.schemes), ("dead-letters", &shown.letters)] {
        eventually(&format!("{list} as before"), || async {
            (fixture::summary(&app, list).await == *before).then_some(())
        })
        .await;
    }
    app.dead_letters().await; // they are expected
    let source = app.list("sources", &[]).await.remove(0);
    assert_eq!((&source["id"], &source["paused"]), (&Value::from("acme"), &Value::from(true)), "the pause holds still");

    post(&app, "sources/acme/resume").await;
    let waited = format!("jira-dc {} +staff", story::WAITING);
    eventually("what waited is done", || async { app.ground.effects().contains(&waited).then_some(()) }).await;
    assert_eq!(created(&app, "KEY30").await, ["welcome: add_groups staff changed"], "a stored scheme is paused still");
    post(&app, "schemes/colours/resume").await;
    assert_eq!(
        created(&app, "KEY31").await,
        ["welcome: add_groups staff changed", "colours: add_groups blue changed"],
        "the stored scheme is asked in its last form"
    );
    let unsettled = shown.runs.iter().filter(|run| is_unsettled(run));
    for run in unsettled {
        let path = format!("runs/{}", run["id"].as_str().expect("an id"));
        eventually("it is settled", || async { (app.ask(&path, &[]).await.1["state"] == "done").then_some(()) }).await;
    }
    let held = shown.runs.iter().find(|run| run["state"] == "held").expect("one is held");
    let held = format!("runs/{}", held["id"].as_str().expect("an id"));
    post(&app, &format!("{held}/release")).await;
    eventually("the held run is done", || async { (app.ask(&held, &[]).await.1["state"] == "done").then_some(()) })
        .await;
    waits_for_nothing(&app).await;

    let expected =
        [&waited[..], "jira-dc KEY30 +staff", "jira-dc KEY31 +staff", "jira-dc KEY31 +blue"].map(str::to_owned);
    let released = story::OF_THE_HELD_RUN.map(|id| format!("jira-dc {id} +many"));
    let expected: BTreeSet<_> = expected.into_iter().chain(released).collect();
    let effects = app.ground.effects();
    assert_eq!(effects.len(), expected.len(), "nothing is done twice: {effects:?}");
    assert_eq!(effects.into_iter().collect::<BTreeSet<_>>(), expected);
    app.stop().await;
    the_version_before_reads(&app.ground).await;
}

/// Everything that is in the log now, by the schema of before.
async fn the_version_before_reads(ground: &Ground) {
    let (before, now) = (Schema::of_before(), Schema::of_now());
    let mut lost = BTreeSet::new();
    for record in fixture::read(&ground.folder().join("data/log")).await {
        let stream = record.stream();
        if !before.has(stream) {
            continue; // it never reads it
        }
        lost.extend(schema::lost(&before.reads(stream, &record.message()), &now.reads(stream, &record.message())));
    }
    assert_eq!(lost, BTreeSet::new(), "the version before can't do without these; a rollout runs both");
}

#[test]
fn fields_are_only_ever_added() {
    assert_eq!(schema::broken(&Schema::of_before(), &Schema::of_now()), Vec::<String>::new());
}

#[test]
fn the_log_of_the_version_before_has_all_kinds_of_records() {
    let (before, kept) = (Schema::of_before(), fixture::load());
    let mut seen = BTreeSet::new();
    for record in &kept {
        schema::choices(&before.reads(record.stream(), &record.message()), &mut seen);
    }
    let unseen: Vec<_> = before.all_choices().into_iter().filter(|choice| !seen.contains(choice)).collect();
    assert_eq!(unseen, fixture::left_out(), "tell of them in the story, or name them among what it leaves out");
    let streams: BTreeSet<_> = kept.iter().map(Kept::stream).collect();
    let known = Stream::ALL.into_iter().filter(|stream| before.has(*stream)).count();
    assert_eq!(streams.len(), known, "{streams:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_of_the_log_can_be_told_again() {
    let mut app = TestApp::start(story::ground()).await;
    story::tell(&app).await;
    let shown = Shown::of(&app).await;
    app.stop().await;
    let kept = fixture::read(&app.ground.folder().join("data/log")).await;
    assert!(kept.len() > 50, "{}", kept.len());
    if std::env::var_os("USHER_LOG_OF_BEFORE").is_some() {
        fixture::save(&kept, &shown);
    }
}
