//! The JSON Schema against its sources: the page in the docs, the example, the reader and the writer.

mod agreement;
mod defaults;
mod described;

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::config::{
    json_schema,
    reader::{
        node::{Content, Node},
        problem::{Place, ProblemCollector},
        yaml,
    },
    scheme::actions::scalar,
};

/// The JSON Schema.
static SCHEMA: LazyLock<Value> = LazyLock::new(json_schema);

/// The validator of configurations.
static CONFIGURATION: LazyLock<Validator> = LazyLock::new(|| jsonschema::draft202012::new(&SCHEMA).expect("a schema"));

/// The validator of single schemes.
static SCHEME: LazyLock<Validator> = LazyLock::new(|| {
    let schema = json!({ "$ref": "#/$defs/Scheme", "$defs": SCHEMA["$defs"] });
    jsonschema::draft202012::new(&schema).expect("a schema")
});

/// YAML as an editor sees it: by the core schema of YAML 1.2.
fn from_yaml(text: &str) -> Value {
    let at = Place::File("test".into());
    let node = yaml::parse(text, yaml::MAX_IN_FILE, &|_| at.clone(), &mut ProblemCollector::default()).expect("YAML");
    json_of(&node)
}

fn json_of(node: &Node) -> Value {
    match &node.content {
        _ if node.is_nothing() => Value::Null,
        Content::Scalar { text, quoted } => scalar(text, *quoted),
        Content::List(items) => items.iter().map(json_of).collect(),
        Content::Map(entries) => {
            Value::Object(entries.iter().map(|entry| (entry.name.clone(), json_of(&entry.node))).collect::<Map<_, _>>())
        }
    }
}

/// The faults that `validator` finds in `document`.
fn faults(validator: &Validator, document: &Value) -> Vec<String> {
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path().as_str())).collect()
}
