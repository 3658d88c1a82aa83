//! JSON Schemas of what an administrator writes, made of the keys that the reader reads by.

use serde_json::{Value, json};

use super::{keys::CONFIGURATION, shape::object::Definitions};

/// Where the definitions of a schema of its own stand.
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

fn merge(schema: &mut Value, more: Value) {
    if let (Value::Object(schema), Value::Object(more)) = (schema, more) {
        schema.extend(more);
    }
}
