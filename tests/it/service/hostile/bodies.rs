//! Strangers that send most of a body and wait: they must not keep out the deliveries that are signed.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use tokio_util::sync::CancellationToken;
use usher::sandbox::{
    Account,
    webhook::{Delivery, Happening},
};

use super::{MIB, assert_alive, start};
use crate::support::{
    ground::ACME,
    usher::Usher,
    wire::{Wire, exchange},
};

const SIEGE: Duration = Duration::from_secs(4);

/// Sends 1 MiB less a byte, waits until it is cut, and comes again.
async fn stranger(from: Ipv4Addr, to: SocketAddr, source: &'static str, stop: CancellationToken) {
    let head = format!("POST /webhooks/{source} HTTP/1.1\r\nHost: usher\r\nContent-Length: {MIB}\r\n\r\n");
    let body = "x".repeat(MIB - 1);
    let besiege = async {
        loop {
            let mut wire = Wire::connect_from(from, to).await;
            if wire.send(&head).await && wire.send(&body).await {
                wire.rest().await;
            }
        }
    };
    tokio::select! { () = besiege => {}, () = stop.cancelled() => {} }
}

/// Delivers signed events, one after the other, while strangers besiege the port; gives the answers.
async fn answers_while(usher: &Usher, strangers: Vec<(Ipv4Addr, &'static str)>) -> Vec<StatusCode> {
    let stop = CancellationToken::new();
    let number = strangers.len();
    for (from, source) in strangers {
        tokio::spawn(stranger(from, usher.webhooks, source, stop.clone()));
    }
    // Until most of what they send has arrived.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut answers = Vec::new();
    let began = Instant::now();
    while began.elapsed() < SIEGE || answers.len() < 50 {
        let user = Account::new(format!("KEY{number}-{}", answers.len()), "somebody");
        let delivery = Delivery::of(ACME.product, Happening::Updated, &user).sign(ACME.secret);
        answers.push(usher.deliver_raw("/webhooks/acme", &delivery).await.0);
    }
    stop.cancel();
    answers
}

fn assert_none_refused(answers: &[StatusCode], what: &str) {
    let refused: Vec<_> = answers.iter().filter(|status| **status != StatusCode::OK).collect();
    eprintln!("{what}: {} of {} signed deliveries were refused", refused.len(), answers.len());
    assert!(refused.is_empty(), "{what}: {} of {} refused: {:?}", refused.len(), answers.len(), refused[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_that_send_bodies_without_an_end_keep_no_signed_delivery_out() {
    let (ground, usher) = start().await;
    let one = Ipv4Addr::LOCALHOST;
    let many = |number: usize| Ipv4Addr::new(127, 9, 1, u8::try_from(number + 1).expect("at most 254"));
    // Nothing has been proved so far; the address is the one of the genuine sender, as behind a proxy.
    let siege = (0..64).map(|_| (one, "acme")).collect();
    assert_none_refused(&answers_while(&usher, siege).await, "64 strangers at one address");
    let siege = (0..200).map(|_| (one, "acme")).collect();
    assert_none_refused(&answers_while(&usher, siege).await, "200 strangers at one address");
    let siege = (0..200).map(|number| (many(number), "acme")).collect();
    assert_none_refused(&answers_while(&usher, siege).await, "200 strangers at 200 addresses");
    let siege = (0..200).map(|number| (many(number), "nowhere")).collect();
    assert_none_refused(&answers_while(&usher, siege).await, "200 strangers with a source that is none");
    assert_alive(&ground, &usher).await;
    assert!(usher.resident() < 400 * 1024, "{} KiB resident", usher.resident());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_a_least_rate() {
    let (ground, usher) = start().await;
    let head = "POST /webhooks/acme HTTP/1.1\r\nHost: usher\r\nContent-Length: 1000\r\n\r\n{";
    let began = Instant::now();
    assert!(exchange(usher.webhooks, head).await.starts_with("HTTP/1.1 408"));
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(2), "a sender may be held up for {took:?}");
    assert!(took < Duration::from_secs(8), "nothing came for {took:?}, and it was waited for");
    assert_alive(&ground, &usher).await;
}
