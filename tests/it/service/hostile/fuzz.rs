//! Requests made of genuine ones by a seeded random generator: no panic, no 5xx, and memory stays flat.
//!
//! `USHER_TEST_INPUTS` says how many (10,000), `USHER_TEST_SEED` which ones; `make fuzz` is the long form.

mod inputs;

use std::{
    net::{Ipv4Addr, SocketAddr},
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use futures::future::join_all;
use rand::{SeedableRng, rngs::StdRng};

use self::inputs::Inputs;
use super::super::delivery;
use crate::support::{
    ground::{ACME, Ground},
    usher::Usher,
    wire::Wire,
};

const SHORT_FORM: u64 = 10_000;
/// Most requests wait for something: a body that never ends, a connection that is let go of late.
const SENDERS: u64 = 64;
/// How often the memory is looked at.
const CHECKPOINTS: u64 = 10;
/// What may come on top of the memory after a tenth of the inputs, in KiB: the log and the state store have caches of 8 and 16
/// MiB, as counted on disk, which fill with what was accepted.
const GROWTH: u64 = 64 * 1024;

fn setting<T: FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Counts of answers by their status.
#[derive(Default)]
struct Tally([AtomicU64; 6]);

impl Tally {
    fn count(&self, status: u16) {
        self.0[usize::from(status / 100).min(5)].fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self, class: usize) -> u64 {
        self.0[class].load(Ordering::Relaxed)
    }
}

/// Sends the inputs `numbers` of `seed`.
async fn send(to: SocketAddr, seed: u64, sender: u64, numbers: std::ops::Range<u64>, tally: Arc<Tally>) {
    for number in numbers.filter(|number| number % SENDERS == sender) {
        let mut inputs = Inputs::new(StdRng::seed_from_u64(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let request = inputs.request();
        // From many addresses, as there are not ports enough for a million connections from one.
        let [.., high, low] = (number / SENDERS % 250 * SENDERS + sender + 1).to_be_bytes();
        let mut wire = Wire::connect_from(Ipv4Addr::new(127, 77, high, low), to).await;
        wire.send(&request).await;
        wire.ends_sending().await;
        for status in statuses(&wire.rest_as_bytes().await) {
            assert!(status < 500, "USHER_TEST_SEED={seed}, input {number}: {status} to {}", request.escape_ascii());
            tally.count(status);
        }
    }
}

/// The statuses of answers one behind the other.
fn statuses(answers: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answers);
    text.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)?.parse().ok()).collect()
}

async fn start() -> (Ground, Usher) {
    let ground = Ground::new("");
    std::fs::write(ground.folder().join("keys.json"), delivery::KEYS).expect("written");
    let ground = ground
        .tweak("USHER_SOURCES__1__WEBHOOK", delivery::WEBHOOK)
        .tweak("TEST_AUDIT", delivery::AUDIT)
        .tweak("TEST_CONNECT", delivery::CONNECT);
    let usher = Usher::start(&ground).await;
    (ground, usher)
}

#[tokio::test(flavor = "multi_thread")]
async fn mutated_requests_get_no_5xx_cause_no_panic_and_cost_no_memory() {
    let (inputs, seed) = (setting("USHER_TEST_INPUTS", SHORT_FORM), setting("USHER_TEST_SEED", rand::random()));
    let (ground, usher) = start().await;
    let (tally, began) = (Arc::new(Tally::default()), Instant::now());
    let run = async |numbers: std::ops::Range<u64>| {
        let send = |sender| send(usher.webhooks, seed, sender, numbers.clone(), Arc::clone(&tally));
        let senders = join_all((0..SENDERS).map(|sender| tokio::spawn(send(sender)))).await;
        senders.into_iter().for_each(|sender| sender.expect("no 5xx"));
    };
    eprintln!("USHER_TEST_SEED={seed} USHER_TEST_INPUTS={inputs}");
    let mut resident = Vec::new();
    for checkpoint in 1..=CHECKPOINTS {
        run((checkpoint - 1) * inputs / CHECKPOINTS..checkpoint * inputs / CHECKPOINTS).await;
        resident.push(usher.resident());
        let (sent, took) = (checkpoint * inputs / CHECKPOINTS, began.elapsed());
        eprintln!("{took:.0?}: {sent} inputs, {} accepted or ignored, {} KiB resident", tally.get(2), usher.resident());
    }
    let (warm, end) = (resident[0], resident[resident.len() - 1]);
    let [_, _, ok, _, refused, failed] = [0, 1, 2, 3, 4, 5].map(|class| tally.get(class));
    let took = began.elapsed();
    eprintln!("{inputs} inputs in {took:.0?}: {ok} accepted or ignored, {refused} refused, {failed} failed");
    assert!(!usher.log().contains("panicked"), "{}", usher.log());
    // Enough of them get through to what reads bodies.
    assert!(ok > inputs / 10 && refused > inputs / 10 && failed == 0);
    assert!(end < warm + GROWTH, "memory grew from {warm} KiB to {end} KiB");
    let lines = usher.log().lines().filter(|line| line.contains("\"WARN\"") || line.contains("\"ERROR\"")).count();
    // Each kind of refusal, proof and source has a line a minute: 60 kinds in all.
    let most = 100 * (2 + usize::try_from(took.as_secs() / 60).expect("a few"));
    assert!(lines < most, "strangers wrote {lines} lines into the log in {took:.0?}");
    super::assert_accepted(&usher, ACME).await;
    drop(ground);
}
