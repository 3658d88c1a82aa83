//! From OpenAPI 3.0's schemas to the JSON Schema (draft 4) that they are nearest to.

use serde_json::{Map, Value, json};

/// Which way a body goes: what is read-only has no place in a request, what is write-only none in an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Request,
    Answer,
}

impl Way {
    fn forbidden(self) -> &'static str {
        match self {
            Self::Request => "readOnly",
            Self::Answer => "writeOnly",
        }
    }
}

/// `schema` in JSON Schema's words, and closed: an object that names its fields has no others, unless it says so. That is
/// more than OpenAPI asks, and what finds a misspelt field.
pub fn translated(schema: &Value, way: Way) -> Value {
    match schema {
        Value::Object(fields) => object(fields, way),
        Value::Array(items) => items.iter().map(|item| translated(item, way)).collect(),
        other => other.clone(),
    }
}

fn object(schema: &Map<String, Value>, way: Way) -> Value {
    let mut plain = Map::new();
    for (key, value) in schema {
        let value = match (key.as_str(), value) {
            ("nullable" | "readOnly" | "writeOnly", _) => continue,
            ("enum" | "default" | "required", _) => value.clone(),
            // Below stand names of fields, whatever they look like.
            ("properties", Value::Object(fields)) => {
                let allowed = fields.iter().filter(|(_, field)| field[way.forbidden()] != true);
                Value::Object(allowed.map(|(name, field)| (name.clone(), translated(field, way))).collect())
            }
            _ => translated(value, way),
        };
        plain.insert(key.clone(), value);
    }
    if plain.contains_key("properties") && !plain.contains_key("additionalProperties") {
        plain.insert("additionalProperties".to_owned(), false.into());
    }
    let plain = Value::Object(plain);
    if schema.get("nullable") == Some(&Value::Bool(true)) {
        return json!({ "anyOf": [{ "type": "null" }, plain] });
    }
    plain
}

#[test]
fn what_openapi_says_in_words_of_its_own_is_said_in_json_schema() {
    let schema = json!({
        "type": "object",
        "properties": {
            "nullable": { "type": "string", "nullable": true },
            "id": { "type": "string", "readOnly": true },
            "open": { "type": "object", "properties": {}, "additionalProperties": true },
        },
    });
    let request = json!({
        "type": "object",
        "properties": {
            "nullable": { "anyOf": [{ "type": "null" }, { "type": "string" }] },
            "open": { "type": "object", "properties": {}, "additionalProperties": true },
        },
        "additionalProperties": false,
    });
    assert_eq!(translated(&schema, Way::Request), request);
    assert_eq!(translated(&schema, Way::Answer)["properties"]["id"], json!({ "type": "string" }));
}
