//! YAML as JSON, as far as the files in `deploy/` need it: aliases and `<<` are laid out, plain scalars are typed.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

enum Open {
    List(Vec<Value>),
    Map { entries: Map<String, Value>, key: Option<String> },
}

/// The documents in `text`.
pub fn documents(text: &str) -> Vec<Value> {
    let (mut documents, mut open, mut anchors) = (Vec::new(), Vec::new(), BTreeMap::new());
    for event in Parser::new_from_str(text) {
        let value = match event.expect("YAML").0 {
            Event::Scalar(text, style, anchor, _) => (scalar(&text, style), anchor),
            Event::Alias(anchor) => (Clone::clone(&anchors[&anchor]), 0),
            Event::SequenceStart(anchor, _) => {
                open.push((Open::List(Vec::new()), anchor));
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push((Open::Map { entries: Map::new(), key: None }, anchor));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop().expect("something is open") {
                (Open::List(items), anchor) => (Value::Array(items), anchor),
                (Open::Map { entries, .. }, anchor) => (Value::Object(entries), anchor),
            },
            _ => continue,
        };
        if value.1 > 0 {
            anchors.insert(value.1, value.0.clone());
        }
        match open.last_mut() {
            Some((outer, _)) => put(outer, value.0),
            None => documents.push(value.0),
        }
    }
    documents
}

fn put(outer: &mut Open, value: Value) {
    match outer {
        Open::List(items) => items.push(value),
        Open::Map { entries, key } => match (key.take(), value) {
            (None, Value::String(name)) => *key = Some(name),
            (None, other) => *key = Some(other.to_string()),
            (Some(name), Value::Object(merged)) if name == "<<" => {
                for (name, value) in merged {
                    entries.entry(name).or_insert(value);
                }
            }
            (Some(name), value) => drop(entries.insert(name, value)),
        },
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    let is_number = || text.parse::<i64>().is_ok();
    match style {
        ScalarStyle::Plain if matches!(text, "true" | "false" | "null") || is_number() => {
            serde_json::from_str(text).expect("a literal")
        }
        _ => Value::String(text.to_owned()),
    }
}
