//! The configuration as a tree in which everything knows where it stands.
//!
//! Scalars stay text until it is known what is wanted of them: a group may be called `on`, `null` or `2024`.

use super::problem::Place;

/// A value and where it stands. Not `Debug`: it may hold secrets.
#[derive(Clone)]
pub(super) struct Node {
    pub at: Place,
    pub content: Content,
}

/// What a value is.
#[derive(Clone)]
pub(super) enum Content {
    Scalar { text: String, quoted: bool },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a map, where it stands, and its value.
#[derive(Clone)]
pub(super) struct Entry {
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

    /// What it is, in words for a message.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            _ if self.is_nothing() => "nothing",
            Content::Scalar { .. } => "a single value",
            Content::List(_) => "a list",
            Content::Map(_) => "keys and values",
        }
    }

    /// How many values it holds, itself included, and how deep they nest.
    pub fn measure(&self) -> (usize, usize) {
        let children: Vec<&Self> = match &self.content {
            Content::Scalar { .. } => Vec::new(),
            Content::List(items) => items.iter().collect(),
            Content::Map(entries) => entries.iter().map(|entry| &entry.node).collect(),
        };
        children.into_iter().map(Self::measure).fold((1, 1), |(count, depth), (inner_count, inner_depth)| {
            (count + inner_count, depth.max(inner_depth + 1))
        })
    }
}
