//! The issue that `create_issue` asks for.

use serde_json::{Map, Number, Value};

use super::expressions::check_template;
use crate::{
    config::reader::{
        Reader,
        fields::Fields,
        node::{Content, Entry, Node},
    },
    domain::IssueTemplate,
};

const EXAMPLE: &str = "{ project: OPS, type: Task, summary: \"Review {{ user.name }}\" }";

/// Fields that have a key of their own, and that key.
const OWN: [(&str, &str); 3] = [("project", "project"), ("issuetype", "type"), ("summary", "summary")];

/// How many values `fields` may hold: each text is read as a template.
const MOST_VALUES: usize = 1_000;

/// Reads what `create_issue` takes.
pub(in crate::config) fn issue(node: &Node, reader: &mut Reader<'_>) -> Option<IssueTemplate> {
    let mut keys = Fields::like(node, EXAMPLE, reader)?;
    let project = keys
        .required("project", "write the project's key, `project: OPS`, say", reader)
        .and_then(|node| reader.parsed(node, project));
    let issue_type = keys
        .required("type", "write the name of an issue type, `type: Task`, say", reader)
        .and_then(|node| reader.filled(node));
    let summary = keys
        .required("summary", "write `summary: \"Review {{ user.name }}\"`, say", reader)
        .and_then(|node| summary(node, reader));
    let fields = keys.or("fields", Map::new(), |node| fields(node, reader));
    keys.done(reader);
    Some(IssueTemplate { project: project?, issue_type: issue_type?.to_owned(), summary: summary?, fields: fields? })
}

/// A project's key: Jira's own pattern, with the digits and underlines that it can be set to allow.
fn project(text: &str) -> Result<String, String> {
    let mut characters = text.chars();
    let valid = characters.next().is_some_and(|c| c.is_ascii_uppercase())
        && characters.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && (2..=255).contains(&text.len());
    match valid {
        true => Ok(text.to_owned()),
        false => Err(format!("`{text}` is not a project's key; write at least two of A-Z, 0-9, `_`, `OPS`, say")),
    }
}

fn summary(node: &Node, reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.filled(node)?;
    if text.contains(['\n', '\r']) {
        return reader.refuse(&node.at, "a summary is one line; take the line breaks out");
    }
    check_template(text, node, reader)?;
    Some(text.to_owned())
}

fn fields(node: &Node, reader: &mut Reader<'_>) -> Option<Map<String, Value>> {
    let Content::Map(entries) = &node.content else {
        return reader.refuse(&node.at, format!("found {}; write `{{ priority: {{ name: Low }} }}`, say", node.kind()));
    };
    let values = node.measure().values;
    if values > MOST_VALUES {
        return reader.refuse(&node.at, format!("{values} values in one issue; {MOST_VALUES} are the most"));
    }
    for Entry { name, at, node } in entries {
        if let Some((_, key)) = OWN.iter().find(|(field, _)| field == name) {
            reader.refuse::<()>(at, format!("`{name}` does not go here; write it as `{key}` of `create_issue`"));
        }
        if name == "labels" && !matches!(node.content, Content::List(_)) {
            let message = "labels are a list, to which usher adds one to find the issue by; write `[a-label]`, say";
            reader.refuse::<()>(&node.at, message);
        }
    }
    object(entries, reader)
}

fn object(entries: &[Entry], reader: &mut Reader<'_>) -> Option<Map<String, Value>> {
    let read: Vec<_> = entries.iter().map(|entry| Some((entry.name.clone(), json(&entry.node, reader)?))).collect();
    read.into_iter().collect()
}

/// Any YAML as JSON, with the templates in its texts checked.
fn json(node: &Node, reader: &mut Reader<'_>) -> Option<Value> {
    match &node.content {
        Content::List(_) => reader.each(node, json).map(Value::Array),
        Content::Map(entries) => object(entries, reader).map(Value::Object),
        Content::Scalar { text, quoted: false } if text.is_empty() => {
            reader.refuse(&node.at, "no value stands here; write one, `null` or `\"\"`")
        }
        Content::Scalar { text, quoted } => match scalar(text, *quoted) {
            Value::String(text) => {
                check_template(&text, node, reader)?;
                Some(Value::String(text))
            }
            value => Some(value),
        },
    }
}

/// A single value by YAML's core schema; numbers that JSON does not have stay text.
fn scalar(text: &str, quoted: bool) -> Value {
    match text {
        _ if quoted => Value::String(text.to_owned()),
        "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(octal) = text.strip_prefix("0o") {
        return u64::from_str_radix(octal, 8).ok().map(Number::from);
    }
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return u64::from_str_radix(hexadecimal, 16).ok().map(Number::from);
    }
    // Rust also takes `inf`, `nan` and `infinity` for numbers.
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let whole = text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from)).ok();
    whole.or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64))
}
