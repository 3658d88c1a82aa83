//! The defaults in the schema are those of the reader.

use serde_json::{Map, Value, json};

use super::{CONFIGURATION, SCHEMA, faults};
use crate::config::tests::load;

/// The keys of a definition that have a default, each with it.
fn defaults(name: &str) -> Map<String, Value> {
    let object = if name.is_empty() { &*SCHEMA } else { &SCHEMA["$defs"][name] };
    let keys = object["properties"].as_object().expect("properties").iter();
    keys.filter_map(|(key, schema)| Some((key.clone(), schema.get("default")?.clone()))).collect()
}

/// A configuration with `more` at the top, in its source, in the feed of that and in its scheme.
fn configuration(with: &dyn Fn(&str) -> Map<String, Value>) -> Value {
    let object = |name: &str, mut own: Value| {
        own.as_object_mut().expect("an object").extend(with(name));
        own
    };
    let auth = json!({ "bearer": { "env": "TOKEN" } });
    let source = json!({
        "id": "acme", "product": "jira-dc", "base_url": "https://jira.example", "auth": auth,
        "webhook": {
            "actions": object("AuditActions", json!({})),
            "connect": object("Connect", json!({ "client_key": "k", "shared_secret": { "env": "TOKEN" } })),
        },
        "feed": object("Feed", json!({ "kind": "audit-log" })),
        "reconcile": object("Reconcile", json!({})), "mass_creation": object("MassCreation", json!({})),
        "rate": object("Rate", json!({})), "protect": object("Protect", json!({})),
    });
    let password = json!({ "invalidate_password": object("InvalidatePassword", json!({})) });
    let scheme = json!({
        "id": "s", "source": "acme", "trigger": "manual", "select": { "everyone": true }, "actions": [password],
    });
    let oidc = json!({
        "issuer": "https://idp.example.com", "client_id": "usher", "client_secret": { "env": "TOKEN" },
        "roles": { "admin": ["iam-admins"] },
    });
    object(
        "",
        json!({
            "webhooks": object("Webhooks", json!({})), "admin": object("Admin", json!({ "session": object("Session", json!({})), "oidc": object("Oidc", oidc) })),
            "log": { "kind": "kafka", "kafka": object("Kafka", json!({})) },
            "console": object("Console", json!({ "roster": object("Roster", json!({})) })),
            "sources": [object("Source", source)], "schemes": [object("Scheme", scheme)],
        }),
    )
}

#[test]
fn a_default_that_is_written_out_changes_nothing() {
    let (written, left_out) = (configuration(&defaults), configuration(&|_| Map::new()));
    assert_eq!(faults(&CONFIGURATION, &written), Vec::<String>::new());
    let loaded = |document: &Value| format!("{:#?}", load(&document.to_string()).expect("right").config);
    assert_eq!(loaded(&written), loaded(&left_out));
    assert_eq!(defaults("Webhooks").len(), 4);
    assert_eq!(defaults("Log")["kind"], "embedded");
}

#[test]
fn each_default_stands_in_a_definition_that_is_looked_at() {
    let looked_at =
        ["AuditActions", "Connect", "Feed", "Reconcile", "MassCreation", "Rate", "Protect", "Webhooks", "Console"];
    let others = ["InvalidatePassword", "Roster", "Admin", "Session", "Oidc", "Kafka", "Source", "Scheme", "Log"];
    for name in SCHEMA["$defs"].as_object().expect("definitions").keys() {
        let is_looked_at = looked_at.contains(&name.as_str()) || others.contains(&name.as_str());
        assert!(is_looked_at || defaults(name).is_empty(), "{name}");
    }
}
