//! Runs that are not what was asked for any more: held for too long, or of a scheme that was changed meanwhile.

use reqwest::{Method, StatusCode};
use serde_json::json;
use usher::{clock::Clock, domain::Timestamp};

use super::sweeps::{gives, limited, people, post, run_now, when};
use crate::support::{app::TestApp, face::eventually, ground::Ground};

const DAY: i64 = 86_400_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_held_for_longer_than_thirty_days_is_not_released_but_cancelled() {
    let (app, id) = limited("users: 9").await;
    let held = when(&app, &id, "held").await;
    let since: Timestamp = held["held_since"].as_str().expect("a time").parse().expect("a time");
    let release = async |days: i64| {
        app.ground.clock.set(&Timestamp::from_millis(since.as_millis() + days * DAY).to_string());
        post(&app, &format!("runs/{id}/release")).await
    };
    let (status, problem) = release(31).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem["detail"].as_str().expect("a detail").contains("longer than 30 days"), "{problem}");
    assert_eq!(when(&app, &id, "held").await, held);
    let (status, run) = post(&app, &format!("runs/{id}/cancel")).await;
    assert_eq!((status, &run["state"], &run["held_since"]), (StatusCode::ACCEPTED, &json!("cancelled"), &json!(null)));
    assert!(app.ground.effects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_held_for_almost_thirty_days_is_released() {
    let (app, id) = limited("users: 9").await;
    when(&app, &id, "held").await;
    let almost = app.ground.clock.now().as_millis() + 29 * DAY;
    app.ground.clock.set(&Timestamp::from_millis(almost).to_string());
    assert_eq!(post(&app, &format!("runs/{id}/release")).await.0, StatusCode::ACCEPTED);
    assert_eq!(when(&app, &id, "done").await["counts"]["changed"], 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_the_log_is_forgotten_and_a_held_run_is_not() {
    let schemes = [gives("many", "acme", "staff", ", limits: { users: 9 }"), gives("free", "acme", "staff", "")];
    let ground = Ground::new(&schemes.join(",")).groups(&["staff"]);
    people(&ground, 10);
    let mut app = TestApp::start(ground).await;
    let (held, done) = (run_now(&app, "many").await, run_now(&app, "free").await);
    let (held, done) = (when(&app, &held, "held").await, when(&app, &done, "done").await);
    let decisions = async |app: &TestApp| app.list("decisions", &[("user", "KEY1")]).await.len();
    assert_eq!(decisions(&app).await, 2);

    app.stop().await;
    let later = app.ground.clock.now().as_millis() + 31 * DAY;
    app.ground.clock.set(&Timestamp::from_millis(later).to_string());
    app.restart().await;
    eventually("the run that is over is forgotten", || async {
        let path = format!("runs/{}", done["id"].as_str().expect("an id"));
        (app.ask(&path, &[]).await.0 == StatusCode::NOT_FOUND).then_some(())
    })
    .await;
    eventually("decisions are forgotten", || async { (decisions(&app).await == 0).then_some(()) }).await;
    assert_eq!(app.list("runs", &[]).await, std::slice::from_ref(&held));
    let entries = format!("runs/{}/entries", held["id"].as_str().expect("an id"));
    assert_eq!(app.list(&entries, &[]).await.len(), 10);
}

/// A run of a stored scheme, `more` in it, that was changed before anybody was listed.
async fn changed_meanwhile(more: &str) -> (TestApp, String) {
    let ground = Ground::new(&gives("other", "acme", "staff", "")).groups(&["staff", "others"]);
    people(&ground, 10);
    let app = TestApp::start(ground).await;
    let text = gives("many", "acme", "staff", more);
    let (status, tag, answer) = app.send(Method::POST, "schemes", &[], text.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    assert_eq!(post(&app, "sources/acme/pause").await.0, StatusCode::NO_CONTENT);
    let run = run_now(&app, "many").await;
    let if_match = [("If-Match", tag.as_str())];
    let (status, _, answer) =
        app.send(Method::PUT, "schemes/many", &if_match, text.replace("[staff]", "[others]")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(post(&app, "sources/acme/resume").await.0, StatusCode::NO_CONTENT);
    (app, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_scheme_is_changed_before_it_is_released_by_itself_is_held_with_that_reason() {
    let (app, id) = changed_meanwhile(", limits: { users: 50 }").await;
    let run = when(&app, &id, "held").await;
    assert!(run["why"].as_str().expect("a reason").contains("the scheme was changed"), "{run}");
    assert_eq!(post(&app, &format!("runs/{id}/release")).await.0, StatusCode::CONFLICT);
    assert!(app.ground.effects().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_scheme_is_changed_while_users_are_decided_fails_and_says_how_many_were_passed_over() {
    let (app, id) = changed_meanwhile("").await;
    let run = when(&app, &id, "failed").await;
    let why = run["why"].as_str().expect("a reason");
    assert!(why.contains("the scheme was changed") && why.contains(": 10;"), "{run}");
    assert_eq!((&run["counts"]["selected"], &run["counts"]["failed"]), (&json!(0), &json!(0)));
    assert!(app.ground.effects().is_empty());
}
