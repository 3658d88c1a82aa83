//! The schema and the reader agree: the reader refuses what the schema refuses. If a document has unknown keys, lacks
//! one, or holds a value of the wrong kind, both refuse it.

use std::path::Path;

use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

use super::{CONFIGURATION, SCHEME, faults, from_yaml};
use crate::config::{
    load::from_bytes,
    read_scheme,
    tests::round_trip::{any_scheme, scheme},
};

/// A change of a document.
#[derive(Debug, Clone)]
enum Change {
    /// A key that no object has.
    Unknown,
    /// A key is taken out.
    Without(Index),
    /// A value of another kind: a map, a list, or none at all.
    Structure(Value),
    /// Another single value, which may be right.
    Single(Value),
}

impl Change {
    /// Whether it changes the structure, so that the schema and the reader have to agree on it.
    fn is_structural(&self) -> bool {
        !matches!(self, Self::Single(_))
    }

    fn apply(&self, value: &mut Value) {
        match (self, value) {
            (Self::Unknown, Value::Object(keys)) => drop(keys.insert("nope".to_owned(), json!(1))),
            (Self::Without(which), Value::Object(keys)) if !keys.is_empty() => {
                let name = keys.keys().nth(which.index(keys.len())).expect("a key").clone();
                keys.remove(&name);
            }
            (Self::Structure(other) | Self::Single(other), value) => *value = other.clone(),
            (Self::Unknown | Self::Without(_), _) => {}
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let structures = [json!(null), json!({}), json!([]), json!([[1]]), json!({ "nope": 1 }), json!([{ "nope": 1 }])];
    let singles =
        [json!(7), json!(-1), json!(true), json!(false), json!(""), json!("x y"), json!("on_nothing"), json!(1.5)];
    prop_oneof![
        Just(Change::Unknown),
        any::<Index>().prop_map(Change::Without),
        prop::sample::select(structures.to_vec()).prop_map(Change::Structure),
        prop::sample::select(singles.to_vec()).prop_map(Change::Single),
    ]
}

/// The pointers to everything in `value`.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(keys) => {
            keys.iter().for_each(|(key, value)| places(value, &format!("{at}/{}", escaped(key)), all))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| places(item, &format!("{at}/{index}"), all));
        }
        _ => {}
    }
}

/// `document` with a change somewhere.
fn changed(mut document: Value, change: &Change, place: Index) -> Value {
    let mut all = Vec::new();
    places(&document, "", &mut all);
    let pointer = &all[place.index(all.len())];
    change.apply(document.pointer_mut(pointer).expect("a place"));
    document
}

/// Asserts that the schema, which finds `faults`, and the reader, which says `read`, agree on a document.
fn agree(faults: &[String], read: Result<(), String>, change: &Change, document: &Value) -> Result<(), TestCaseError> {
    let why = match (faults.is_empty(), read) {
        (false, Ok(())) => format!("the reader takes what the schema refuses: {faults:#?}"),
        (true, Err(why)) if change.is_structural() => format!("the schema takes what the reader refuses: {why}"),
        _ => return Ok(()),
    };
    Err(TestCaseError::fail(format!("{why} ({change:?})\n{document:#}")))
}

/// A configuration with much in it; it names no files, and has no schemes, which name sources.
fn configuration() -> Value {
    from_yaml(
        "data_dir: ./data
mode: observe
console: { roster: { keep: 30d } }
webhooks: { listen: \"127.0.0.1:0\", max_body: 512KiB, linger: 10s, trust_traceparent: true }
admin:
  listen: \"127.0.0.1:0\"
  token: { env: TOKEN }
  tokens:
    - { name: ci, role: operator, secret: { env: CI_TOKEN } }
    - { name: board, role: viewer, secret: { value: x } }
  public_url: https://usher.example.com
  session: { key: { env: KEY }, idle: 10m, at_most: 12h, again_after: 5m }
  oidc:
    issuer: https://idp.example.com
    client_id: usher
    client_secret: { env: TOKEN }
    name: Acme
    scopes: [groups]
    groups_claim: groups
    roles: { admin: [iam-admins], operator: [iam-ops, more], viewer: [\"*\"] }
    proxy: { url: \"http://proxy.example.com:3128\", username: usher, password: { env: TOKEN } }
log:
  kind: kafka
  kafka:
    brokers: [\"a:1\", \"b:2\"]
    topic_prefix: x.
    partitions: 3
    replication_factor: 1
    instance_id: one
    options: { security.protocol: SSL, sasl.password: { env: TOKEN } }
sources:
  - id: acme
    name: Acme
    product: jira-dc
    base_url: https://jira.example
    auth: { basic: { username: usher, password: { env: TOKEN } } }
    credentials_expire: 2027-03-01
    webhook:
      hmac: [{ env: TOKEN }]
      bearer: [{ env: TOKEN }, { value: x }]
      actions: { login: [a], created: [b] }
      connect: { client_key: k, shared_secret: [{ env: TOKEN }], base_path: /x }
      forge: { app_id: \"ari:cloud:ecosystem::app/a-1\", jwks_url: \"https://keys.example\" }
    feed: { kind: audit-log, every: 30s, overlap: 10m }
    reconcile: { every: 10m }
    mass_creation: { users: 50, percent: 5, within: 10m }
    rate: { per_second: 2.5, concurrency: 4 }
    proxy: { url: \"http://proxy.example:3128\", username: u, password: { env: TOKEN } }
    protect: { users: [a], admin_groups: [g], last_administrators: 2, acting_account: true }
  - id: org
    product: atlassian-org
    organization: 0a1b-2c
    directory: d-1
    auth: { bearer: { env: TOKEN } }
    reconcile: \"off\"
    mass_creation: \"off\"
",
    )
}

fn read(document: &Value) -> Result<(), String> {
    let secrets = [("TOKEN", "s3cret"), ("CI_TOKEN", "ci-s3cret"), ("KEY", "0123456789abcdef0123456789abcdef")];
    let env = secrets.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let text = document.to_string();
    from_bytes(text.as_bytes(), None, Path::new(""), &env).map(drop).map_err(|problems| problems.to_string())
}

#[test]
fn a_configuration_with_much_in_it_is_valid() {
    let document = configuration();
    assert_eq!(faults(&CONFIGURATION, &document), Vec::<String>::new());
    assert_eq!(read(&document), Ok(()));
}

proptest! {
    #[test]
    fn a_scheme_that_the_reader_takes_is_valid(scheme in any_scheme()) {
        let document = serde_json::to_value(&scheme).expect("JSON");
        prop_assert_eq!(faults(&SCHEME, &document), Vec::<String>::new(), "{:#}", document);
        let read = read_scheme(&document.to_string(), "scheme").map_err(|problems| TestCaseError::fail(problems.to_string()))?;
        prop_assert_eq!(read, scheme);
    }

    #[test]
    fn schema_and_reader_agree_on_a_changed_scheme(
        scheme in scheme(), changes in prop::collection::vec((change(), any::<Index>()), 8)
    ) {
        for (change, place) in &changes {
            let document = changed(serde_json::to_value(&scheme).expect("JSON"), change, *place);
            let read = read_scheme(&document.to_string(), "scheme").map(drop).map_err(|problems| problems.to_string());
            agree(&faults(&SCHEME, &document), read, change, &document)?;
        }
    }

    #[test]
    fn schema_and_reader_agree_on_a_changed_configuration(
        changes in prop::collection::vec((change(), any::<Index>()), 8)
    ) {
        for (change, place) in &changes {
            let document = changed(configuration(), change, *place);
            agree(&faults(&CONFIGURATION, &document), read(&document), change, &document)?;
        }
    }
}
