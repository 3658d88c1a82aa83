//! Accepted deliveries, and refusals of all others.

mod connect;
mod forge;
mod keys;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Form, Proof, ProofError, Unverified, Verifier, Verifiers};
use crate::{
    clock::Clock,
    config::{Auth, Connect, Forge, ForgeKeys, Source, Webhook},
    domain::{Product, Timestamp},
    key_set::KeySet,
    secret::Secret,
};

/// When all of this happens, in seconds.
const NOW: i64 = 1_700_000_000;
const APP: &str = "ari:cloud:ecosystem::app/5a4b3c2d";

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(NOW * 1000)
    }
}

fn source(id: &str, webhook: Webhook) -> Source {
    let base_url = "https://jira.example".parse().expect("a url");
    let auth = Auth::Bearer(Secret::new("x"));
    Source { webhook, ..Source::new(id.parse().expect("an id"), Product::JiraCloud, base_url, auth) }
}

/// The verifier of a source with `webhook`, among others.
/// The verifiers of `sources`, in their order, and the one for sources that do not exist.
fn verifiers(sources: &[Source], clock: &Arc<dyn Clock>) -> (Vec<Verifier>, Verifier) {
    let of = Verifiers::new(sources);
    let known = sources.iter().map(|source| of.of(&source.webhook, Arc::clone(clock))).collect();
    (known, of.of(&Webhook::default(), Arc::clone(clock)))
}

fn verifier(webhook: Webhook) -> Verifier {
    let clock: Arc<dyn Clock> = Arc::new(Still);
    let others = Webhook { hmac: vec![Secret::new("1"), Secret::new("2")], ..Webhook::default() };
    let (mut known, _) = verifiers(&[source("others", others), source("acme", webhook)], &clock);
    known.pop().expect("two")
}

fn connect() -> Webhook {
    let connect = Connect {
        client_key: "the-client".to_owned(),
        shared_secret: vec![Secret::new("new"), Secret::new("shared")],
        base_path: "/usher".to_owned(),
    };
    Webhook { connect: Some(connect), ..Webhook::default() }
}

fn forge(keys: ForgeKeys) -> Webhook {
    Webhook { forge: Some(Forge { app_id: APP.to_owned(), keys }), ..Webhook::default() }
}

fn fixed(kids: &[&str]) -> ForgeKeys {
    let keys = KeySet::parse(super::testing::key_set(kids).as_bytes()).expect("a key set");
    ForgeKeys::Fixed { file: "keys.json".to_owned(), keys }
}

/// The result of a delivery with this `Authorization`.
async fn outcome(verifier: &Verifier, authorization: &[u8]) -> Result<Form, ProofError> {
    let proof = Proof {
        authorization: Some(authorization),
        method: "POST",
        path: "/usher/webhooks/acme",
        query: "a=1",
        signature: None,
    };
    let verified = Unverified::new(Bytes::from_static(b"{}"), proof).verify(verifier).await;
    verified.map(|verified| verified.form())
}

/// `claims` with `name` set otherwise; null: left out.
fn with(mut claims: Value, name: &str, value: Value) -> Value {
    match (claims.as_object_mut().expect("an object"), value) {
        (claims, Value::Null) => claims.remove(name),
        (claims, value) => claims.insert(name.to_owned(), value),
    };
    claims
}

#[tokio::test]
async fn any_way_that_the_source_has_will_do_and_tells_what_the_body_is() {
    let bearer = vec![Secret::new("audit")];
    let all = verifier(Webhook { bearer, hmac: vec![Secret::new("h")], ..connect() });
    assert_eq!(outcome(&all, b"Bearer audit").await, Ok(Form::AuditLog));
    assert_eq!(outcome(&all, connect::right().as_bytes()).await, Ok(Form::Webhook));
    let none = verifier(Webhook::default());
    for authorization in [&b"Bearer audit"[..], connect::right().as_bytes(), b"", b"Bearer", b"JWT", b"JWT ..", b"\xff"]
    {
        assert_eq!(outcome(&none, authorization).await, Err(ProofError::Unproven));
    }
}

#[tokio::test]
async fn who_does_not_exist_accepts_nothing() {
    let clock: Arc<dyn Clock> = Arc::new(Still);
    let (_, nobody) = verifiers(&[source("acme", connect()), source("b", forge(fixed(&["k"])))], &clock);
    for authorization in [connect::right(), forge::right()] {
        assert_eq!(outcome(&nobody, authorization.as_bytes()).await, Err(ProofError::Unproven));
    }
    let (known, _) = verifiers(&[source("acme", connect()), source("b", forge(fixed(&["k"])))], &clock);
    assert_eq!(outcome(&known[0], forge::right().as_bytes()).await, Err(ProofError::Unproven), "another source's keys");
    assert_eq!(outcome(&known[1], forge::right().as_bytes()).await, Ok(Form::Webhook));
}

fn header(algorithm: &str) -> Value {
    json!({ "alg": algorithm, "typ": "JWT" })
}
