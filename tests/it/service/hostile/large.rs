//! Deliveries that are signed right, and larger than any that a product sends.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use usher::{
    domain::Product,
    sandbox::{ORGANIZATION, webhook::Delivery},
};

use super::{MIB, assert_alive};
use crate::support::{
    face::PROBE_TIMEOUT,
    ground::{ACME, Ground},
    usher::Usher,
};

const AUDIT: &str = "Basic YXVkaXQ6bG9n";
const LONGEST: usize = 25 * MIB;
/// What is left of it beside an entry.
const BESIDE_AN_ENTRY: usize = LONGEST - 4_000;

/// usher with the organisation in the place of the second source, and the longest bodies that can be configured.
async fn start() -> (Ground, Usher) {
    let ground = Ground::new(super::EVERYBODY).groups(&["staff"]);
    let base_url = ground.sandbox.base_url(Product::AtlassianOrg).to_string();
    let ground = ground
        .tweak("USHER_WEBHOOKS__MAX_BODY", "25MiB")
        .tweak("USHER_SOURCES__1__PRODUCT", "atlassian-org")
        .tweak("USHER_SOURCES__1__BASE_URL", &base_url)
        .tweak("USHER_SOURCES__1__ORGANIZATION", ORGANIZATION)
        .tweak("USHER_SOURCES__1__AUTH", "{ bearer: { env: TEST_PRODUCT_TOKEN } }")
        .tweak("USHER_SOURCES__1__WEBHOOK", "{ bearer: [{ env: TEST_AUDIT }] }")
        .tweak("TEST_AUDIT", AUDIT);
    let usher = Usher::start(&ground).await;
    (ground, usher)
}

/// An array of as many entries as fit into so many bytes.
fn array(room: usize, entry: impl Fn(usize) -> String) -> String {
    let mut body = String::with_capacity(room);
    for number in 0.. {
        let entry = entry(number);
        if body.len() + entry.len() + 2 > room {
            break;
        }
        body.push(if number == 0 { '[' } else { ',' });
        body.push_str(&entry);
    }
    body + "]"
}

fn login(number: usize) -> String {
    let padding = "x".repeat(2_000);
    format!(
        r#"{{"type":"events","id":"a-{number}","attributes":{{"time":"2026-05-19T10:00:00Z","action":"user_login",
            "actor":{{"id":"712020:{number}","name":"Somebody"}},"location":{{"ip":"{padding}"}}}}}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_array_of_25_mib_costs_bounded_time_and_memory() {
    let (ground, usher) = start().await;
    assert_alive(&ground, &usher).await;
    let interesting = format!("[{},", login(0));
    let mut results = Vec::new();
    for (what, body, answer) in [
        ("entries that are of no interest", array(LONGEST, |_| "{}".to_owned()), StatusCode::PAYLOAD_TOO_LARGE),
        (
            "entries that are none",
            array(BESIDE_AN_ENTRY, |_| "1".to_owned()).replacen('[', &interesting, 1),
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        ("one long entry", format!("[{},{}]", login(1), array(BESIDE_AN_ENTRY, |_| "1".to_owned())), StatusCode::OK),
        (
            "one entry with a long list",
            format!(r#"[{},{{"a":{}}}]"#, login(2), array(BESIDE_AN_ENTRY, |_| "1".to_owned())),
            StatusCode::OK,
        ),
    ] {
        let before = usher.resident();
        let began = Instant::now();
        let mut status = StatusCode::OK;
        let slowest = usher
            .slowest_probe(async {
                let told = Delivery::raw(body).header("Authorization", AUDIT);
                status = usher.deliver_raw("/webhooks/globex", &told).await.0;
            })
            .await;
        let (took, peak) = (began.elapsed(), usher.peak());
        eprintln!("{what}: {status} after {took:?}, resident {before} KiB, then {peak} KiB; slowest probe {slowest:?}");
        let in_time = took < Duration::from_secs(8) && slowest < PROBE_TIMEOUT;
        results.push((what, status == answer && in_time && peak < 300 * 1024));
    }
    // Logins, each by another user: an event for each of them.
    let body = array(LONGEST, |number| login(number + 10));
    let told = Delivery::raw(body).header("Authorization", AUDIT);
    let began = Instant::now();
    let (status, answer) = usher.deliver_raw("/webhooks/globex", &told).await;
    eprintln!(
        "{:?} logins: {status} after {:?}, at most {} KiB",
        answer["events"].as_array().map(Vec::len),
        began.elapsed(),
        usher.peak()
    );
    results.push(("logins", status == StatusCode::OK && usher.peak() < 400 * 1024));
    assert!(results.iter().all(|(_, held)| *held), "{results:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_no_record_can_hold_is_413_and_not_503_for_ever() {
    let (ground, usher) = start().await;
    for length in [17 * MIB, 5 * MIB, 300 * 1024, 9 * 1024] {
        let key = "k".repeat(length);
        let body = format!(r#"{{"webhookEvent":"user_created","user":{{"key":"{key}","name":"jane"}}}}"#);
        let (status, answer) = usher.deliver_raw("/webhooks/acme", &Delivery::raw(body).sign(ACME.secret)).await;
        eprintln!("a key of {length} bytes: {status} {answer}");
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{length}");
    }
    // What is long beside the event is no matter.
    let long = "x".repeat(20 * MIB);
    let body = format!(r#"{{"webhookEvent":"user_created","user":{{"key":"KEY1","name":"jane"}},"long":"{long}"}}"#);
    assert_eq!(usher.deliver_raw("/webhooks/acme", &Delivery::raw(body).sign(ACME.secret)).await.0, StatusCode::OK);
    assert_alive(&ground, &usher).await;
}
