//! JSON Schemas of what an administrator writes, made of the keys that the reader reads by.

use serde_json::{Map, Value, json};

use super::{
    keys::CONFIGURATION,
    scheme::keys::{NAME, SCHEME},
    shape::definitions::Definitions,
};

/// The place of the definitions in a schema of its own.
const DEFINITIONS: &str = "#/$defs/";

/// The JSON Schema of the configuration file, draft 2020-12.
pub fn json_schema() -> Value {
    let mut definitions = Definitions::at(DEFINITIONS);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "usher",
    });
    merge(&mut schema, CONFIGURATION.body(&mut definitions));
    // An empty file means the defaults.
    schema["type"] = json!(["object", "null"]);
    schema["$defs"] = definitions.into_map().into();
    schema
}

/// The schemas of a scheme, for use among others.
pub struct SchemeSchemas {
    /// A scheme as it is written.
    pub written: Value,
    /// A scheme as usher shows it: with each key that has a default, and with other fields.
    pub shown: Value,
    /// The definitions that both refer to, by name.
    pub parts: Map<String, Value>,
}

/// The schemas of a scheme; references begin with `prefix`.
pub fn scheme_schemas(prefix: &'static str) -> SchemeSchemas {
    let mut definitions = Definitions::at(prefix);
    let written = SCHEME.body(&mut definitions);
    SchemeSchemas { shown: shown(written.clone()), written, parts: definitions.into_map() }
}

/// The schema of a scheme as usher shows it, made of `written`.
fn shown(mut schema: Value) -> Value {
    let has_default = |key: &str| schema["properties"][key].get("default").is_some();
    let is_shown = |key: &str, is_required| is_required || has_default(key) || key == NAME.name;
    let keys = (SCHEME.keys)();
    let shown: Vec<_> =
        keys.iter().filter(|key| is_shown(key.name(), key.is_required())).map(|key| key.name()).collect();
    schema["required"] = json!(shown);
    if let Value::Object(schema) = &mut schema {
        schema.remove("additionalProperties");
    }
    schema
}

fn merge(schema: &mut Value, more: Value) {
    if let (Value::Object(schema), Value::Object(more)) = (schema, more) {
        schema.extend(more);
    }
}
