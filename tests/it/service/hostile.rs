//! Hostile input on the webhook port of the real binary: the contract's answers, and it goes on.

use std::fmt::Write as _;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use usher::sandbox::{
    Account,
    webhook::{Delivery, Happening},
};

use crate::support::{
    ground::{ACME, Ground, Source},
    usher::Usher,
    wire::{Wire, exchange},
};

mod bodies;
mod connections;
mod crowd;
mod fuzz;
mod guesses;
mod heads;
mod large;
mod malformed;

const MIB: usize = 1024 * 1024;
const EVERYBODY: &str = "{ id: new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                           actions: [{ add_groups: [staff] }] }";

async fn start() -> (Ground, Usher) {
    let ground = Ground::new(EVERYBODY).groups(&["staff"]);
    let usher = Usher::start(&ground).await;
    (ground, usher)
}

/// Asserts that an ordinary delivery is accepted and carried out.
async fn assert_alive(ground: &Ground, usher: &Usher) {
    let user = Account::new(format!("KEY{}", rand::random::<u64>()), "somebody");
    ground.sandbox.put_user(ACME.product, user.clone());
    let event = usher.tell(ACME, Happening::Created, &user).await;
    assert_eq!(usher.ended(&event).await, ["new: add_groups staff changed"]);
}

/// Asserts that an ordinary delivery is accepted.
async fn assert_accepted(usher: &Usher, source: Source) {
    let user = Account::new(format!("KEY{}", rand::random::<u64>()), "somebody");
    usher.settled(&usher.tell(source, Happening::Updated, &user).await).await;
}

/// A delivery as it stands on the wire, told to be for `path`.
fn on_the_wire(path: &str, delivery: &Delivery) -> Vec<u8> {
    let mut head = format!("POST {path} HTTP/1.1\r\nHost: usher\r\nContent-Length: {}\r\n", delivery.body().len());
    for (name, value) in delivery.headers() {
        write!(head, "{name}: {value}\r\n").expect("a string takes anything");
    }
    [head.as_bytes(), b"\r\n", delivery.body()].concat()
}

/// The status of an answer as it stands on the wire; 0 where there is none.
fn status(answer: &str) -> u16 {
    answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).unwrap_or(0)
}

/// A body of so many bytes that is an event of no interest.
fn long_body(length: usize) -> String {
    let (begin, end) = (r#"{"webhookEvent":"jira:issue_created","x":""#, r#""}"#);
    format!("{begin}{}{end}", "x".repeat(length - begin.len() - end.len()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_1_mib_is_read_and_one_byte_more_is_refused() {
    let (ground, usher) = start().await;
    let fits = Delivery::raw(long_body(MIB)).sign(ACME.secret);
    assert_eq!(usher.deliver_raw("/webhooks/acme", &fits).await.0, StatusCode::OK);
    let too_long = Delivery::raw(long_body(MIB + 1)).sign(ACME.secret);
    for _ in 0..10 {
        assert_eq!(usher.deliver_raw("/webhooks/acme", &too_long).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    }
    let announced = "POST /webhooks/acme HTTP/1.1\r\nHost: usher\r\nContent-Length: 1048577\r\n\r\n";
    assert_eq!(status(&exchange(usher.webhooks, announced).await), 413, "before any of it has come");
    let endless = format!("POST /webhooks/acme HTTP/1.1\r\nHost: usher\r\nContent-Length: {}\r\n\r\n", u64::MAX);
    assert!([400, 413].contains(&status(&exchange(usher.webhooks, endless).await)));

    let mut wire = Wire::connect(usher.webhooks).await;
    wire.send("POST /webhooks/acme HTTP/1.1\r\nHost: usher\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for _ in 0..17 {
        wire.send(&chunk).await;
    }
    assert_eq!(status(&wire.answer().await), 413, "though it never said how much would come");
    assert_alive(&ground, &usher).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn content_type_and_body_get_the_answers_of_the_contract() {
    let (ground, usher) = start().await;
    let post = async |delivery: Delivery| usher.deliver_raw("/webhooks/acme", &delivery).await.0.as_u16();
    let signed = |body: &[u8]| Delivery::raw(body.to_vec()).sign(ACME.secret);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "application", "", "\u{e4}"] {
        assert_eq!(post(signed(b"{}").header("Content-Type", kind)).await, 415, "{kind}");
    }
    for kind in ["application/json", "APPLICATION/JSON ; charset=latin-1"] {
        assert_eq!(post(signed(b"{}").header("Content-Type", kind)).await, 200, "{kind}");
    }
    for broken in [
        &b""[..],
        b"   ",
        b"{",
        b"{\"a\":1}}",
        b"{'a':1}",
        b"\"\xff\"",
        b"{\"user\":{\"name\":\"\xc3\"}}",
        b"\0",
        b"nul",
    ] {
        assert_eq!(post(signed(broken)).await, 400, "{broken:?}");
        assert_eq!(post(Delivery::raw(broken.to_vec())).await, 401, "{broken:?}");
    }
    for odd in [&b"[]"[..], b"7", b"null", b"\"user_created\"", b"{}", br#"{"webhookEvent":["user_created"],"user":7}"#]
    {
        assert_eq!(post(signed(odd)).await, 200, "{odd:?}");
    }
    let nested =
        |open: &str, inside: &str, close: &str| format!("{}{inside}{}", open.repeat(100_000), close.repeat(100_000));
    for deep in [
        nested("[", "", ""),
        nested("[", "", "]"),
        nested("{\"a\":", "", ""),
        nested("{\"a\":", "1", "}"),
        format!(r#"{{"webhookEvent":"user_created","user":{}}}"#, nested("[", "", "]")),
        format!(r#"{{"webhookEvent":"user_created","user":{{"key":{}}}}}"#, nested("[", "", "]")),
        format!(r#"{{"webhookEvent":"user_created","x":{}}}"#, nested("[", "", "]")),
    ] {
        let answer = post(signed(deep.as_bytes())).await;
        assert!([200, 400].contains(&answer), "{answer} to {}", &deep[..40]);
    }
    assert_alive(&ground, &usher).await;
    assert_eq!(usher.metric("usher_events_total{kind=\"created\",source=\"acme\"}").await, Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_can_not_prove_who_they_are_learns_nothing() {
    let (ground, usher) = start().await;
    let delivery = Delivery::of(ACME.product, Happening::Created, &Account::new("KEY1", "jane"));
    let told = |answer: reqwest::Response| async {
        let mut headers = answer.headers().clone();
        headers.remove("date");
        (answer.status(), headers, answer.text().await.expect("text"))
    };
    let send = async |path: &str, delivery: &Delivery| {
        let url = format!("http://{}{path}", usher.webhooks).parse().expect("a url");
        told(delivery.send(&usher.http, url).await.expect("an answer")).await
    };
    let refused = send("/webhooks/acme", &delivery.clone().sign("guessed")).await;
    assert_eq!(refused.0, StatusCode::UNAUTHORIZED);
    for (path, delivery) in [
        ("/webhooks/acme", delivery.clone()),
        ("/webhooks/acme", delivery.clone().header("X-Hub-Signature", "sha1=00")),
        ("/webhooks/acme", delivery.clone().header("X-Hub-Signature", format!("sha256={}", "0".repeat(64)))),
        ("/webhooks/acme", delivery.clone().sign("the-secret-of-globex")),
        ("/webhooks/globex", delivery.clone().sign(ACME.secret)),
        ("/webhooks/nowhere", delivery.clone().sign(ACME.secret)),
        ("/webhooks/ACME", delivery.clone().sign(ACME.secret)),
        ("/webhooks/..%2facme", delivery.clone().sign(ACME.secret)),
        ("/webhooks/%00%ff", delivery.clone()),
        ("/webhooks/nowhere", Delivery::raw("{")),
    ] {
        assert_eq!(send(path, &delivery).await, refused, "{path}");
    }
    assert_eq!(usher.metric("usher_events_total{kind=\"created\",source=\"acme\"}").await, None);
    assert_alive(&ground, &usher).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_are_answered_unsigned_and_make_no_event() {
    let (_ground, usher) = start().await;
    for ping in [
        Delivery::raw(r#"{"test":true}"#),
        Delivery::raw("{ \"test\" : true }\n"),
        Delivery::raw("{}").header("X-Event-Key", "diagnostics:ping"),
    ] {
        let (status, answer) = usher.deliver_raw("/webhooks/acme", &ping).await;
        assert_eq!((status, &answer["ignored"]), (StatusCode::OK, &Value::from("ping")));
    }
    let more = Delivery::raw(r#"{"test":true,"webhookEvent":"user_created","user":{"key":"KEY1"}}"#);
    assert_eq!(usher.deliver_raw("/webhooks/acme", &more).await.0, StatusCode::UNAUTHORIZED);
    let events = usher.open_page("metrics").await.1;
    assert!(!events.lines().any(|line| line.starts_with("usher_events_total") && !line.ends_with(" 0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_and_paths_are_refused() {
    let (ground, usher) = start().await;
    let ask = async |method: &str, path: &str| {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        usher.http.request(method, format!("http://{}{path}", usher.webhooks)).send().await.expect("an answer")
    };
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        for path in ["/webhooks/acme", "/webhooks/nowhere"] {
            let answer = ask(method, path).await;
            assert_eq!(
                (answer.status(), &answer.headers()["allow"]),
                (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().expect("a value"))
            );
        }
    }
    for path in ["/", "/webhooks", "/webhooks/", "/webhooks/acme/x", "/metrics", "/healthz", "/api/v1/runs"] {
        for method in ["GET", "POST"] {
            assert_eq!(ask(method, path).await.status(), StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
    assert_alive(&ground, &usher).await;
}
