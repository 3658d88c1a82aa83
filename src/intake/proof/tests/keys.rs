use std::time::Duration;

use futures::future::join_all;

use super::{forge::by, *};
use crate::intake::proof::testing::{Publisher, ok};

fn published(publisher: &Publisher) -> Verifier {
    verifier(forge(ForgeKeys::Url(publisher.url.clone())))
}

/// Advances the clock; only between calls, because calls have deadlines.
async fn pass(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn keys_are_fetched_once_for_all_who_ask_and_kept() {
    let publisher = Publisher::of(&["k"]).await;
    let verifier = published(&publisher);
    let right = forge::right();
    let outcomes = join_all((0..20).map(|_| outcome(&verifier, right.as_bytes()))).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Ok(Form::Webhook)), "{outcomes:?}");
    assert_eq!(publisher.asked(), 1);
    pass(59 * 60).await;
    assert_eq!(outcome(&verifier, right.as_bytes()).await, Ok(Form::Webhook));
    assert_eq!(publisher.asked(), 1);
    pass(2 * 60).await;
    assert_eq!(outcome(&verifier, right.as_bytes()).await, Ok(Form::Webhook));
    assert_eq!(publisher.asked(), 2, "they are an hour old");
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_every_thirty_seconds_and_never_for_a_token_that_is_wrong_anyway() {
    let publisher = Publisher::of(&["k"]).await;
    let verifier = published(&publisher);
    for wrong in [("aud", "another"), ("iss", "another")] {
        let token = by("k", &with(forge::claims(), wrong.0, wrong.1.into()));
        assert_eq!(outcome(&verifier, token.as_bytes()).await, Err(ProofError::Unproven));
    }
    assert_eq!(publisher.asked(), 0);
    let unknown = by("unknown", &forge::claims());
    assert_eq!(outcome(&verifier, unknown.as_bytes()).await, Err(ProofError::Unproven));
    for _ in 0..5 {
        assert_eq!(outcome(&verifier, unknown.as_bytes()).await, Err(ProofError::NoKeys), "it may be new");
    }
    assert_eq!(publisher.asked(), 1);
    pass(31).await;
    assert_eq!(outcome(&verifier, unknown.as_bytes()).await, Err(ProofError::Unproven));
    assert_eq!(publisher.asked(), 2);
}

#[tokio::test]
async fn of_many_who_ask_at_once_for_an_unknown_key_only_those_are_refused_for_whom_it_was_asked() {
    let publisher = Publisher::of(&["k"]).await;
    let verifier = published(&publisher);
    let unknown = by("unknown", &forge::claims());
    let outcomes = join_all((0..20).map(|_| outcome(&verifier, unknown.as_bytes()))).await;
    assert_eq!(publisher.asked(), 1);
    assert!(outcomes.iter().all(|outcome| outcome.is_err()), "{outcomes:?}");
    assert_eq!(outcome(&verifier, unknown.as_bytes()).await, Err(ProofError::NoKeys));
    assert_eq!(outcome(&verifier, forge::right().as_bytes()).await, Ok(Form::Webhook), "and nobody else waits");
}

#[tokio::test]
async fn a_delivery_with_a_key_that_was_made_after_the_last_fetch_is_accepted_when_it_comes_again() {
    let publisher = Publisher::of(&["k"]).await;
    let verifier = published(&publisher);
    assert_eq!(outcome(&verifier, forge::right().as_bytes()).await, Ok(Form::Webhook));
    publisher.publish(&["k", "new"]);
    let with_the_new_one = by("new", &forge::claims());
    assert_eq!(outcome(&verifier, with_the_new_one.as_bytes()).await, Err(ProofError::NoKeys));
    assert_eq!(publisher.asked(), 1);
    pass(31).await;
    assert_eq!(outcome(&verifier, with_the_new_one.as_bytes()).await, Ok(Form::Webhook));
    assert_eq!(publisher.asked(), 2);
}

#[tokio::test]
async fn without_keys_a_delivery_is_put_off_and_not_refused() {
    let redirect =
        "HTTP/1.1 302 Found\r\nLocation: /other\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned();
    let too_long = ok(&" ".repeat(300 * 1024));
    for answer in [redirect, too_long, ok("{}"), ok(r#"{"keys":[]}"#), String::new()] {
        let publisher = Publisher::answering(answer.clone()).await;
        let verifier = published(&publisher);
        for _ in 0..3 {
            assert_eq!(outcome(&verifier, forge::right().as_bytes()).await, Err(ProofError::NoKeys));
        }
        assert_eq!(publisher.asked(), 1, "{}", &answer[..answer.len().min(40)]);
    }
}

#[tokio::test]
async fn the_last_keys_count_for_a_day_when_no_others_can_be_had() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let gone = format!("http://{}/", listener.local_addr().expect("an address")).parse().expect("a url");
    drop(listener);
    let keys = super::super::jwks::Jwks::new(&ForgeKeys::Url(gone));
    assert!(matches!(keys.fetch("k").await, Err(ProofError::NoKeys)));
    let published = KeySet::parse(super::super::testing::key_set(&["k"]).as_bytes()).expect("a key set");
    keys.learn(published, tokio::time::Instant::now());
    pass(23 * 60 * 60).await;
    assert!(keys.fetch("k").await.is_ok_and(|key| key.is_some()));
    assert!(matches!(keys.fetch("other").await, Err(ProofError::NoKeys)), "it may be new");
    pass(61 * 60).await;
    assert!(matches!(keys.fetch("k").await, Err(ProofError::NoKeys)));
}
