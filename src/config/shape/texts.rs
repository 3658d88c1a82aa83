//! The shapes of texts.

use serde_json::{Value, json};

use super::{Described, Shape, definitions::Definitions};
use crate::config::reader::{MAX_NAME, Reader, node::Node};

/// The schema of a text.
#[derive(Clone, Copy)]
pub(in crate::config) struct Text {
    /// The other types that a text may look like.
    looks_like: &'static [&'static str],
    pattern: &'static str,
    least: usize,
    most: usize,
    examples: &'static [&'static str],
}

impl Text {
    /// A text in which YAML sees nothing else.
    pub const PLAIN: Self = Self { looks_like: &[], pattern: "", least: 1, most: 0, examples: &[] };

    /// Any text. One that looks like a number or like `true` needs no quotes.
    pub const ANY: Self = Self { looks_like: &["number", "boolean"], ..Self::PLAIN };

    /// Matching a pattern.
    pub const fn matching(self, pattern: &'static str) -> Self {
        Self { pattern, ..self }
    }

    /// Sets the highest number of characters.
    pub const fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// A text that may be empty.
    pub const fn or_empty(self) -> Self {
        Self { least: 0, ..self }
    }

    /// With examples.
    pub const fn like(self, examples: &'static [&'static str]) -> Self {
        Self { examples, ..self }
    }
}

impl Described for Text {
    fn schema(&self, _: &mut Definitions) -> Value {
        let types: Vec<_> = std::iter::once("string").chain(self.looks_like.iter().copied()).collect();
        let mut schema = match types.as_slice() {
            [one] => json!({ "type": one }),
            several => json!({ "type": several }),
        };
        if !self.pattern.is_empty() {
            schema["pattern"] = json!(self.pattern);
        }
        for (key, length) in [("minLength", self.least), ("maxLength", self.most)] {
            if length > 0 {
                schema[key] = json!(length);
            }
        }
        if !self.examples.is_empty() {
            schema["examples"] = json!(self.examples);
        }
        schema
    }
}

/// A text that a function understands.
pub(in crate::config) struct Parsed<T: 'static> {
    /// Parses it. The error says what is wrong and what to write instead.
    pub read: fn(&str) -> Result<T, String>,
    /// The schema.
    pub text: Text,
}

impl<T> Described for Parsed<T> {
    fn schema(&self, definitions: &mut Definitions) -> Value {
        self.text.schema(definitions)
    }
}

impl<T> Shape for Parsed<T> {
    type Value = T;

    fn read(&self, node: &Node, reader: &mut Reader<'_>) -> Option<T> {
        reader.parsed(node, self.read)
    }
}

/// A text that says something, whatever that is.
pub(in crate::config) struct Filled(pub Text);

impl Described for Filled {
    fn schema(&self, definitions: &mut Definitions) -> Value {
        self.0.schema(definitions)
    }
}

impl Shape for Filled {
    type Value = String;

    fn read(&self, node: &Node, reader: &mut Reader<'_>) -> Option<String> {
        reader.filled(node).map(str::to_owned)
    }
}

/// A name for people.
pub(in crate::config) struct Title;

impl Described for Title {
    fn schema(&self, definitions: &mut Definitions) -> Value {
        Text::ANY.at_most(MAX_NAME).schema(definitions)
    }
}

impl Shape for Title {
    type Value = String;

    fn read(&self, node: &Node, reader: &mut Reader<'_>) -> Option<String> {
        reader.title(node)
    }
}
