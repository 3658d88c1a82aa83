//! The schema as it is printed: valid, closed, with a word about each key, and as it is kept in the docs.

use std::{env, fs, path::Path};

use serde_json::{Map, Value, json};

use super::{CONFIGURATION, SCHEMA, faults, from_yaml};

/// All objects of the schema, by the name of their definition.
fn objects() -> Vec<(&'static str, &'static Map<String, Value>)> {
    let definitions = SCHEMA["$defs"].as_object().expect("definitions");
    let named = definitions.iter().map(|(name, schema)| (name.as_str(), schema.as_object().expect("an object")));
    named.chain([("Configuration", SCHEMA.as_object().expect("an object"))]).collect()
}

#[test]
fn the_schema_is_valid_closed_and_says_of_each_key_what_it_means() {
    assert!(jsonschema::draft202012::meta::is_valid(&SCHEMA));
    let mut keys = 0;
    for (name, object) in objects() {
        assert_eq!(object["additionalProperties"], json!(false), "{name}");
        for (key, schema) in object["properties"].as_object().expect("properties") {
            let about = schema["description"].as_str().unwrap_or_default();
            assert!(about.len() > 5 && about.ends_with(['.', '`']), "{name}.{key}: {about}");
            keys += 1;
        }
    }
    assert!(keys > 90, "{keys}");
}

#[test]
fn each_number_has_its_bounds_and_each_key_says_what_holds_where_it_is_left_out() {
    for (name, object) in objects() {
        let required: Vec<_> = object.get("required").and_then(Value::as_array).into_iter().flatten().collect();
        let one_of_several = object.contains_key("minProperties");
        for (key, schema) in object["properties"].as_object().expect("properties") {
            let is_number = schema["type"].as_array().is_some_and(|types| types.contains(&json!("integer")));
            assert!(!is_number || (schema["minimum"].is_number() && schema["maximum"].is_number()), "{name}.{key}");
            let about = schema["description"].as_str().unwrap_or_default();
            let is_told = schema.get("default").is_some() || about.contains("Left out") || one_of_several;
            let needs_no_word = required.contains(&&json!(key)) || FREE.contains(&(name, key.as_str()));
            assert!(is_told || needs_no_word, "{name}.{key}: {about}");
        }
    }
}

/// Keys without an effect when they are left out, or whose parts have their own defaults.
const FREE: &[(&str, &str)] = &[
    ("Configuration", "webhooks"),
    ("Configuration", "admin"),
    ("Configuration", "console"),
    ("Configuration", "log"),
    ("Admin", "session"),
    ("Log", "kafka"),
    ("Kafka", "options"),
    ("Source", "base_url"),
    ("Source", "organization"),
    ("Source", "rate"),
    ("Webhook", "hmac"),
    ("Webhook", "bearer"),
    ("Webhook", "connect"),
    ("Webhook", "forge"),
    ("Forge", "jwks_file"),
    ("Exempt", "users"),
    ("Exempt", "groups"),
    ("Audit", "application_log"),
];

#[test]
fn the_example_is_valid_and_names_the_schema() {
    let text = include_str!("../../../../docs/usher.example.yaml");
    assert_eq!(faults(&CONFIGURATION, &from_yaml(text)), Vec::<String>::new());
    assert!(text.starts_with("# yaml-language-server: $schema=schema/usher.schema.json\n"));
}

#[test]
fn the_schema_in_the_docs_is_what_the_program_prints() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/usher.schema.json");
    let schema = format!("{:#}\n", *SCHEMA);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &schema).expect("docs can be written");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == schema, "run `UPDATE_DOCS=1 cargo test --lib config::tests::schema`");
}
