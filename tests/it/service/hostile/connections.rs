//! What comes on a connection that is no proper request, or comes slowly.

use std::time::{Duration, Instant};

use futures::future::join_all;
use usher::sandbox::{
    Account,
    webhook::{Delivery, Happening},
};

use super::{assert_alive, on_the_wire, start, status};
use crate::support::{
    ground::ACME,
    wire::{Wire, exchange},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_proper_request_is_refused_or_cut() {
    let (ground, usher) = start().await;
    let line = "POST /webhooks/acme HTTP/1.1\r\nHost: usher\r\n";
    for (what, request) in [
        ("too many headers", format!("{line}{}\r\n", "X-A: b\r\n".repeat(1_000))),
        ("a huge header", format!("{line}X-A: {}\r\n\r\n", "x".repeat(300_000))),
        ("a huge path", format!("POST /webhooks/{} HTTP/1.1\r\n\r\n", "x".repeat(300_000))),
        ("noise", "\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n".to_owned()),
        ("a length that is none", format!("{line}Content-Length: -1\r\n\r\n")),
        ("two lengths", format!("{line}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{{}}")),
        ("a chunk that is none", format!("{line}Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n")),
    ] {
        let answer = exchange(usher.webhooks, request).await;
        assert!([0, 400, 404, 413, 414, 431].contains(&status(&answer)), "{what}: {answer}");
    }
    // Length and chunks at once, as in request smuggling: what follows must not be taken for a delivery.
    let event = Delivery::of(ACME.product, Happening::Created, &Account::new("KEY1", "jane")).sign(ACME.secret);
    let inner = on_the_wire("/webhooks/acme", &event);
    let outer = format!("{line}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    let mut wire = Wire::connect(usher.webhooks).await;
    wire.send([outer.as_bytes(), &inner].concat()).await;
    assert_ne!(status(&wire.answer().await), 200);
    assert_alive(&ground, &usher).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_one_behind_the_other_on_one_connection_are_each_answered() {
    let (ground, usher) = start().await;
    let deliveries: Vec<_> = (0..5)
        .map(|n| Account::new(format!("KEY{n}"), format!("name-{n}")))
        .map(|user| {
            ground.sandbox.put_user(ACME.product, user.clone());
            Delivery::of(ACME.product, Happening::Created, &user).sign(ACME.secret)
        })
        .collect();
    let requests: Vec<u8> = deliveries.iter().flat_map(|delivery| on_the_wire("/webhooks/acme", delivery)).collect();
    let mut wire = Wire::connect(usher.webhooks).await;
    assert!(wire.send(&requests).await);
    let mut answers = String::new();
    while answers.matches("{\"event\":\"").count() < 5 {
        let more = wire.answer().await;
        assert!(!more.is_empty(), "closed after {answers}");
        answers.push_str(&more);
    }
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 5);
    for delivery in &deliveries {
        usher.deliver(ACME, delivery).await; // known already; the test waits for it
    }
    usher.drain().await;
    assert_eq!(ground.effects().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_senders_are_cut_in_time_and_hold_up_nobody() {
    let (ground, usher) = start().await;
    let head = "POST /webhooks/acme HTTP/1.1\r\nHost: usher\r\nContent-Length: 1000\r\n\r\n";
    let slow = |begin: &'static str, rest: &'static str| {
        let to = usher.webhooks;
        tokio::spawn(async move {
            let began = Instant::now();
            let mut wire = Wire::connect(to).await;
            wire.send(begin).await;
            let all = wire.trickle(rest.repeat(1000).as_bytes(), Duration::from_millis(100)).await;
            assert!(!all, "it was listened to for 100 s");
            (status(&wire.rest().await), began.elapsed())
        })
    };
    let heads = (0..50).map(|_| slow("POST /webhooks/acme HTTP/1.1\r\nX-A: ", "x"));
    let bodies = (0..50).map(|_| slow(head, "x"));
    let senders: Vec<_> = heads.chain(bodies).collect();
    while !senders.iter().all(tokio::task::JoinHandle::is_finished) {
        assert_alive(&ground, &usher).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for sender in join_all(senders).await {
        let (status, took) = sender.expect("no panic");
        assert!([0, 408].contains(&status), "{status}");
        assert!(took < Duration::from_secs(30), "{took:?}");
    }
}
