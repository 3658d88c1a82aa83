//! The schemas that are described by name.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The schemas that are described by name, and their place.
pub(in crate::config) struct Definitions {
    /// The text before a name in a reference.
    prefix: &'static str,
    /// The schemas by name.
    made: BTreeMap<&'static str, Value>,
}

impl Definitions {
    /// No definitions yet; `prefix` is the pointer to their later place, like `#/$defs/`.
    pub fn at(prefix: &'static str) -> Self {
        Self { prefix, made: BTreeMap::new() }
    }

    /// A reference to `name`, which is described by `make` the first time.
    pub fn refer(&mut self, name: &'static str, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.made.contains_key(name) {
            // Conditions hold conditions: a definition that is being written is not written again.
            self.made.insert(name, Value::Null);
            let schema = make(self);
            self.made.insert(name, schema);
        }
        json!({ "$ref": format!("{}{name}", self.prefix) })
    }

    /// All of them, by name.
    pub fn into_map(self) -> Map<String, Value> {
        self.made.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
    }
}
