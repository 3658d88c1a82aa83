//! Heads that come slowly, also those of later requests on a connection.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures::{StreamExt, future::join_all, stream};
use tokio::task::{JoinHandle, spawn};
use usher::sandbox::webhook::Delivery;

use super::{assert_alive, on_the_wire, start, status};
use crate::support::wire::Wire;

const CONNECTIONS: usize = 500;
const PAUSE: Duration = Duration::from_millis(250);
/// Bytes that each connection sends at most, and so the time after which it counts as not cut.
const BYTES: usize = 120;

/// Sends one whole request, then bytes of another one's head; gives after how long it was cut, if it was.
fn trickle(to: SocketAddr, first: Vec<u8>, second: String) -> JoinHandle<Option<Duration>> {
    spawn(async move {
        let mut wire = Wire::connect(to).await;
        assert!(wire.send(&first).await);
        assert_eq!(status(&wire.answer().await), 200);
        let began = Instant::now();
        let all = wire.trickle(second.as_bytes(), PAUSE).await;
        (!all).then(|| began.elapsed())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_trickles_is_cut_also_behind_another_request_on_both_listeners() {
    let (ground, usher) = start().await;
    let ping = on_the_wire("/webhooks/acme", &Delivery::raw(r#"{"test":true}"#));
    let probe = b"GET /healthz HTTP/1.1\r\nHost: usher\r\n\r\n".to_vec();
    let rest = |begin: &str| format!("{begin}{}", "x".repeat(BYTES));
    let connections = (0..CONNECTIONS).flat_map(|_| {
        [
            (usher.webhooks, ping.clone(), rest("POST /webhooks/acme HTTP/1.1\r\nX-A: ")),
            (usher.admin, probe.clone(), rest("GET /healthz HTTP/1.1\r\nX-A: ")),
        ]
    });
    let senders = stream::iter(connections)
        .map(async |(to, first, second)| trickle(to, first, second))
        .buffer_unordered(64)
        .collect::<Vec<_>>()
        .await;
    while !senders.iter().all(JoinHandle::is_finished) {
        assert_alive(&ground, &usher).await;
        assert_eq!(usher.open_page("healthz").await.0, 200);
        tokio::time::sleep(PAUSE).await;
    }
    let cut: Vec<_> = join_all(senders).await.into_iter().map(|cut| cut.expect("no panic")).collect();
    let alive = cut.iter().filter(|cut| cut.is_none()).count();
    let longest = cut.iter().flatten().max();
    eprintln!("{alive} of {} connections alive at the end; the last one was cut after {longest:?}", cut.len());
    assert_eq!(alive, 0, "connections that were listened to for {:?}", PAUSE * 150);
    assert!(longest.is_some_and(|longest| *longest < Duration::from_secs(20)), "{longest:?}");
    for listener in ["webhooks", "admin"] {
        let series = format!("usher_connections_closed_total{{listener=\"{listener}\",reason=\"slow_head\"}}");
        assert_eq!(usher.metric(&series).await, Some(500.0), "{listener}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_between_two_requests_may_rest_for_longer_than_a_head_may_take() {
    let (_ground, usher) = start().await;
    let ping = on_the_wire("/webhooks/acme", &Delivery::raw(r#"{"test":true}"#));
    let mut wire = Wire::connect(usher.webhooks).await;
    for _ in 0..2 {
        // The head and the body in two pieces: what was read of the first request is no begun second one.
        let (head, body) = ping.split_at(ping.len() - 5);
        assert!(wire.send(head).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(wire.send(body).await);
        assert_eq!(status(&wire.answer().await), 200);
        tokio::time::sleep(Duration::from_secs(8)).await;
    }
    assert!(wire.send(&ping).await);
    assert_eq!(status(&wire.answer().await), 200);
}
