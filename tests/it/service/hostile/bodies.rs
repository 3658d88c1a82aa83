//! Strangers that send most of a body and wait: they must not keep out the deliveries that are signed.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use tokio_util::sync::CancellationToken;
use usher::sandbox::{
    Account,
    webhook::{Delivery, Happening},
};

use super::{MIB, assert_alive, on_the_wire, start, status};
use crate::support::{
    face::eventually,
    ground::ACME,
    usher::Usher,
    wire::{Wire, exchange},
};

const SIEGE: Duration = Duration::from_secs(4);

/// A siege of the webhook port.
#[derive(Clone, Default)]
struct Siege {
    stop: CancellationToken,
    /// How many bodies of strangers were cut so far.
    cut: Arc<AtomicUsize>,
}

/// Sends 1 MiB less a byte, waits until it is cut, and comes again.
async fn stranger(from: Ipv4Addr, to: SocketAddr, source: &'static str, siege: Siege) {
    let head = format!("POST /webhooks/{source} HTTP/1.1\r\nHost: usher\r\nContent-Length: {MIB}\r\n\r\n");
    let body = "x".repeat(MIB - 1);
    let besiege = async {
        loop {
            let mut wire = Wire::connect_from(from, to).await;
            if wire.send(&head).await && wire.send(&body).await {
                wire.rest().await;
            }
            siege.cut.fetch_add(1, Ordering::Relaxed);
        }
    };
    tokio::select! { () = besiege => {}, () = siege.stop.cancelled() => {} }
}

/// Delivers signed events, one after the other, while strangers besiege the port; gives the answers.
async fn answers_while(usher: &Usher, strangers: Vec<(Ipv4Addr, &'static str)>) -> Vec<StatusCode> {
    let siege = Siege::default();
    let number = strangers.len();
    for (from, source) in strangers {
        tokio::spawn(stranger(from, usher.webhooks, source, siege.clone()));
    }
    // There is no room left: one gives way to another one. Bodies that were not refused may rest for longer than this takes.
    let began = Instant::now();
    let cut = || std::future::ready((siege.cut.load(Ordering::Relaxed) > 0).then_some(()));
    eventually("a stranger gives way", cut).await;
    assert!(began.elapsed() < Duration::from_secs(9), "it was cut for its time");
    let mut answers = Vec::new();
    let began = Instant::now();
    while began.elapsed() < SIEGE || answers.len() < 50 {
        let user = Account::new(format!("KEY{number}-{}", answers.len()), "somebody");
        let delivery = Delivery::of(ACME.product, Happening::Updated, &user).sign(ACME.secret);
        answers.push(usher.deliver_raw("/webhooks/acme", &delivery).await.0);
    }
    siege.stop.cancel();
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
async fn a_sender_may_rest_while_there_is_memory_and_not_for_ever() {
    let (ground, usher) = start().await;
    let delivery = Delivery::of(ACME.product, Happening::Updated, &Account::new("KEY1", "jane")).sign(ACME.secret);
    let request = on_the_wire("/webhooks/acme", &delivery);
    let head = request.len() - delivery.body().len();
    let rests = async {
        let mut wire = Wire::connect(usher.webhooks).await;
        assert!(wire.send(&request[..head]).await);
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert!(wire.send(&request[head..]).await);
        status(&wire.answer().await)
    };
    let began = Instant::now();
    let stays_away = async { (status(&exchange(usher.webhooks, &request[..=head]).await), began.elapsed()) };
    let (answer, (late, took)) = tokio::join!(rests, stays_away);
    assert_eq!(answer, 200, "after a rest of 4 s");
    assert_eq!(late, 408);
    assert!(took >= Duration::from_secs(9) && took < Duration::from_secs(20), "{took:?}");
    assert_alive(&ground, &usher).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_a_least_rate_while_memory_is_scarce() {
    let (ground, usher) = start().await;
    let siege = Siege::default();
    for _ in 0..64 {
        tokio::spawn(stranger(Ipv4Addr::LOCALHOST, usher.webhooks, "acme", siege.clone()));
    }
    let head = "POST /webhooks/acme HTTP/1.1\r\nHost: usher\r\nContent-Length: 1000\r\n\r\n{";
    let began = Instant::now();
    assert_eq!(status(&exchange(usher.webhooks, head).await), 408);
    let took = began.elapsed();
    siege.stop.cancel();
    assert!(took >= Duration::from_secs(2), "a sender may be held up for {took:?}");
    assert!(took < Duration::from_secs(8), "nothing came for {took:?}, and it was waited for");
    assert_alive(&ground, &usher).await;
}
