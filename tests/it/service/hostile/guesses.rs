//! Guesses at the admin token.

use std::time::{Duration, Instant};

use futures::future::join_all;

use super::{start, status};
use crate::support::wire::exchange;

const GUESSES: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_token_are_slowed_and_the_right_one_is_let_in() {
    let (_ground, usher) = start().await;
    let admin = usher.admin;
    let guess = |number: usize| {
        let request =
            format!("GET /api/v1/runs HTTP/1.1\r\nHost: usher\r\nAuthorization: Bearer guess-{number}\r\n\r\n");
        async move {
            let began = Instant::now();
            (status(&exchange(admin, request).await), began.elapsed())
        }
    };
    let (answers, let_in) = tokio::join!(join_all((0..GUESSES).map(guess)), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let began = Instant::now();
        (usher.ask("runs", &[]).await.0, began.elapsed())
    });
    let with = |wanted: u16| answers.iter().filter(|(status, _)| *status == wanted).count();
    let slow = answers.iter().filter(|(_, took)| *took >= Duration::from_secs(1)).count();
    eprintln!("{} answers 401, {} answers 429, {slow} after more than a second", with(401), with(429));
    assert_eq!((with(401), with(401) + with(429)), (10, GUESSES));
    assert!(slow > GUESSES / 2, "{slow}");
    assert_eq!(let_in.0, 200);
    assert!(let_in.1 < Duration::from_secs(3), "the right token from the same address waited for {:?}", let_in.1);
    let told = usher.log().lines().filter(|line| line.contains("a wrong admin token was sent")).count();
    assert_eq!(told, 1);
    let count =
        async |reason: &str| usher.metric(&format!("usher_admin_tokens_refused_total{{reason=\"{reason}\"}}")).await;
    assert_eq!((count("wrong_token").await, count("throttled").await), (Some(10.0), Some(50.0)));
    // No token is no guess.
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(status(&exchange(usher.admin, "GET /api/v1/runs HTTP/1.1\r\nHost: usher\r\n\r\n").await), 401);
    }
    assert!(began.elapsed() < Duration::from_secs(2));
}
