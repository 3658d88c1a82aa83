//! Maps with keys that are known.

use serde_json::{Map, Value, json};

use super::{Described, definitions::Definitions, key::AnyKey};

/// A map with these keys and no others.
pub(in crate::config) struct Object {
    /// Its name in a JSON Schema.
    pub name: &'static str,
    /// Its meaning.
    about: &'static str,
    /// A valid map for messages; empty if there is none to show.
    pub example: &'static str,
    /// Its keys.
    pub keys: fn() -> Vec<&'static dyn AnyKey>,
    /// Keys that are still to come.
    pub later: &'static [&'static str],
    /// The lowest number of keys.
    least: usize,
    /// The highest number of keys.
    most: usize,
    /// The rest of its JSON Schema.
    also: fn() -> Value,
}

impl Object {
    /// A map with `keys`; only required ones must be there.
    pub const fn new(name: &'static str, about: &'static str, keys: fn() -> Vec<&'static dyn AnyKey>) -> Self {
        Self { name, about, example: "", keys, later: &[], least: 0, most: usize::MAX, also: || json!({}) }
    }

    /// With an example, which messages show.
    pub const fn like(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    /// With keys that are still to come.
    pub const fn awaiting(self, later: &'static [&'static str]) -> Self {
        Self { later, ..self }
    }

    /// With at least one key.
    pub const fn not_empty(self) -> Self {
        Self { least: 1, ..self }
    }

    /// With exactly one key.
    pub const fn one_key(self) -> Self {
        Self { least: 1, most: 1, ..self }
    }

    /// Adds further keywords of JSON Schema.
    pub const fn also(self, also: fn() -> Value) -> Self {
        Self { also, ..self }
    }

    /// Its JSON Schema, written out.
    pub fn body(&self, definitions: &mut Definitions) -> Value {
        let keys = (self.keys)();
        let properties: Map<_, _> = keys.iter().map(|key| (key.name().to_owned(), key.schema(definitions))).collect();
        let needed: Vec<_> = keys.iter().filter(|key| key.is_required()).map(|key| key.name()).collect();
        let mut schema = json!({
            "type": "object", "description": self.about, "properties": properties, "additionalProperties": false,
        });
        if !needed.is_empty() {
            schema["required"] = json!(needed);
        }
        if self.least > 0 {
            schema["minProperties"] = json!(self.least);
        }
        if self.most < keys.len() {
            schema["maxProperties"] = json!(self.most);
        }
        if let (Value::Object(schema), Value::Object(also)) = (&mut schema, (self.also)()) {
            schema.extend(also);
        }
        schema
    }
}

impl Described for Object {
    fn schema(&self, definitions: &mut Definitions) -> Value {
        definitions.refer(self.name, |definitions| self.body(definitions))
    }
}
