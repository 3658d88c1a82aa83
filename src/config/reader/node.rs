//! The configuration as a tree in which everything knows its place.
//!
//! Scalars stay text until their type is known: a group may be called `on`, `null` or `2024`.

use super::problem::Place;

/// A value with its place. It is not `Debug`, because it may hold secrets.
#[derive(Clone)]
pub(in crate::config) struct Node {
    pub at: Place,
    pub content: Content,
}

/// The kind of a value, with its content.
#[derive(Clone)]
pub(in crate::config) enum Content {
    Scalar { text: String, quoted: bool },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a map, its place, and its value.
#[derive(Clone)]
pub(in crate::config) struct Entry {
    pub name: String,
    pub at: Place,
    pub node: Node,
}

impl Node {
    /// No value: what an empty file or a key without a value says.
    pub fn nothing(at: Place) -> Self {
        Self { at, content: Content::Scalar { text: String::new(), quoted: false } }
    }

    /// Whether this is YAML's null.
    pub fn is_nothing(&self) -> bool {
        match &self.content {
            Content::Scalar { text, quoted } => !quoted && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"),
            Content::List(_) | Content::Map(_) => false,
        }
    }

    /// The kind in words for a message.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            _ if self.is_nothing() => "nothing",
            Content::Scalar { .. } => "a single value",
            Content::List(_) => "a list",
            Content::Map(_) => "keys and values",
        }
    }

    /// Its size.
    pub fn measure(&self) -> Measure {
        match &self.content {
            Content::Scalar { text, .. } => Measure { values: 1, depth: 1, bytes: text.len() },
            Content::List(items) => items.iter().map(Self::measure).fold(Measure::EMPTY, Measure::around),
            Content::Map(entries) => entries.iter().fold(Measure::EMPTY, |all, entry| {
                let Measure { values, depth, bytes } = entry.node.measure();
                all.around(Measure { values, depth, bytes: bytes + entry.name.len() })
            }),
        }
    }
}

/// The size of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct Measure {
    /// The number of values, itself included.
    pub values: usize,
    /// The depth of nesting.
    pub depth: usize,
    /// The length of its texts and keys together.
    pub bytes: usize,
}

impl Measure {
    /// Of a list or a map without anything in it.
    const EMPTY: Self = Self { values: 1, depth: 1, bytes: 0 };

    /// With `inner` as one more item.
    fn around(self, inner: Self) -> Self {
        Self {
            values: self.values + inner.values,
            depth: self.depth.max(inner.depth + 1),
            bytes: self.bytes + inner.bytes,
        }
    }
}
