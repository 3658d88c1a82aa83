//! Values that are no texts: `true` and `false`, numbers, and one word of several.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use serde::Serialize;
use serde_json::{Value, json};

use super::{Described, Shape, definitions::Definitions, digits};
use crate::config::reader::{
    Reader,
    node::{Content, Node},
};

/// `true` or `false`, also in quotes.
pub(in crate::config) struct Boolean;

impl Described for Boolean {
    fn schema(&self, _: &mut Definitions) -> Value {
        json!({ "type": ["boolean", "string"], "pattern": "^([Tt]rue|TRUE|[Ff]alse|FALSE)$" })
    }
}

impl Shape for Boolean {
    type Value = bool;

    fn read(&self, node: &Node, reader: &mut Reader<'_>) -> Option<bool> {
        reader.boolean(node)
    }
}

/// `true`, and nothing else.
pub(in crate::config) struct Yes;

impl Described for Yes {
    fn schema(&self, _: &mut Definitions) -> Value {
        json!({ "enum": [true, "true", "True", "TRUE"] })
    }
}

/// A whole number, also in quotes.
pub(in crate::config) struct Whole<T>(pub RangeInclusive<T>);

impl<T: Display + Serialize + Sync> Described for Whole<T> {
    fn schema(&self, _: &mut Definitions) -> Value {
        let (least, most) = (self.0.start(), self.0.end());
        json!({
            "type": ["integer", "string"], "minimum": least, "maximum": most,
            "pattern": format!("^\\+?0*({})$", digits::pattern(&least.to_string(), &most.to_string())),
        })
    }
}

impl<T: FromStr + PartialOrd + Display + Serialize + Clone + Sync> Shape for Whole<T> {
    type Value = T;

    fn read(&self, node: &Node, reader: &mut Reader<'_>) -> Option<T> {
        reader.whole(node, self.0.clone())
    }
}

/// One of these words.
pub(in crate::config) struct Choice<T: 'static>(pub &'static [(&'static str, T)]);

impl<T: Sync> Described for Choice<T> {
    fn schema(&self, _: &mut Definitions) -> Value {
        json!({ "enum": self.0.iter().map(|(name, _)| name).collect::<Vec<_>>() })
    }
}

impl<T: Copy + Sync> Shape for Choice<T> {
    type Value = T;

    fn read(&self, node: &Node, reader: &mut Reader<'_>) -> Option<T> {
        reader.choice(node, self.0, &[])
    }
}

/// The word for something that is not done.
pub(in crate::config) const OFF_TEXT: &str = "off";

/// `off`.
pub(in crate::config) static OFF: Choice<()> = Choice(&[(OFF_TEXT, ())]);

/// Reads `off` as none, and a map by `map`; `example` is a valid map.
pub(in crate::config) fn off_or<T>(
    node: &Node,
    example: &str,
    reader: &mut Reader<'_>,
    map: impl FnOnce(&mut Reader<'_>) -> Option<T>,
) -> Option<Option<T>> {
    match &node.content {
        Content::Scalar { text, .. } if text == OFF_TEXT => Some(None),
        Content::Scalar { .. } | Content::List(_) => {
            reader.refuse(&node.at, format!("found {}; write `off`, or `{example}`, say", node.kind()))
        }
        Content::Map(_) => map(reader).map(Some),
    }
}

/// Any of several kinds of value.
pub(in crate::config) struct AnyOf(pub &'static [&'static dyn Described]);

impl Described for AnyOf {
    fn schema(&self, definitions: &mut Definitions) -> Value {
        json!({ "anyOf": self.0.iter().map(|one| one.schema(definitions)).collect::<Vec<_>>() })
    }
}

/// A default as JSON, of a kind that JSON has.
pub(in crate::config) fn as_json<T: Serialize>(value: &T) -> Value {
    json!(value)
}
