//! The shapes of the configuration: the keys, their meanings, and the allowed values.
//!
//! Each key is declared once, beside the code that reads it. The reader, the writer and the JSON Schema are made from
//! that declaration ([decision 37](../../../docs/decisions/0037-one-shape-of-the-configuration.md)).

pub(super) mod definitions;
pub(super) mod digits;
pub(super) mod fields;
pub(super) mod key;
pub(super) mod lengths;
pub(super) mod lists;
pub(super) mod object;
pub(super) mod texts;
pub(super) mod values;
pub(super) mod written;

use serde_json::Value;

use super::reader::{Reader, node::Node};
use definitions::Definitions;

/// A kind of value that a JSON Schema can describe.
pub(super) trait Described: Sync {
    /// Its JSON Schema. Named schemas go to `definitions`.
    fn schema(&self, definitions: &mut Definitions) -> Value;
}

/// A kind of value that is read without knowing of other keys.
pub(super) trait Shape: Described {
    /// The type of the value.
    type Value;

    /// Reads it. Whatever gives none has reported why.
    fn read(&self, node: &Node, reader: &mut Reader<'_>) -> Option<Self::Value>;
}

impl<D: Described + ?Sized> Described for &'static D {
    fn schema(&self, definitions: &mut Definitions) -> Value {
        (**self).schema(definitions)
    }
}

impl<S: Shape + ?Sized> Shape for &'static S {
    type Value = S::Value;

    fn read(&self, node: &Node, reader: &mut Reader<'_>) -> Option<S::Value> {
        (**self).read(node, reader)
    }
}

/// A value that a function of its own reads.
pub(super) struct Part<T: 'static> {
    /// Reads it.
    pub read: fn(&Node, &mut Reader<'_>) -> Option<T>,
    /// The shape of its value.
    pub described: &'static dyn Described,
}

impl<T> Described for Part<T> {
    fn schema(&self, definitions: &mut Definitions) -> Value {
        self.described.schema(definitions)
    }
}

impl<T> Shape for Part<T> {
    type Value = T;

    fn read(&self, node: &Node, reader: &mut Reader<'_>) -> Option<T> {
        (self.read)(node, reader)
    }
}
