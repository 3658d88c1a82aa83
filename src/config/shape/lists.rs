//! Lists.

use serde_json::{Value, json};

use super::{Described, definitions::Definitions};

/// A list of values of one kind.
pub(in crate::config) struct List {
    /// The shape of each item.
    pub of: &'static dyn Described,
    /// The lowest number of items.
    pub least: usize,
    /// The highest number of items.
    pub most: usize,
}

impl List {
    /// Of any number of items, also of none.
    pub const fn of(item: &'static dyn Described) -> Self {
        Self { of: item, least: 0, most: usize::MAX }
    }

    /// Of at least one item.
    pub const fn some(item: &'static dyn Described) -> Self {
        Self { of: item, least: 1, most: usize::MAX }
    }

    /// Sets the highest number of items.
    pub const fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }
}

impl Described for List {
    fn schema(&self, definitions: &mut Definitions) -> Value {
        let mut schema = json!({ "type": "array", "items": self.of.schema(definitions) });
        if self.least > 0 {
            schema["minItems"] = json!(self.least);
        }
        if self.most < usize::MAX {
            schema["maxItems"] = json!(self.most);
        }
        schema
    }
}
