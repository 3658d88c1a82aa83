//! The issue that `create_issue` asks for.

use serde_json::{Map, Number, Value, json};

use crate::{
    config::{
        reader::{
            Reader,
            node::{Content, Entry, Node},
        },
        scheme::expressions::check_template,
        shape::{
            Described, Part,
            definitions::Definitions,
            key::Key,
            object::Object,
            texts::{Filled, Parsed, Text},
        },
    },
    domain::IssueTemplate,
};

pub(in crate::config) static PROJECT: Key<Parsed<String>> = Key::needed(
    "project",
    "write the project's key, `project: OPS`, say",
    "The key of the project that the issue goes to: at least two of A-Z, 0-9, `_`.",
    Parsed { read: project, text: Text::PLAIN.matching("^[A-Z][A-Z0-9_]{1,254}$").like(&["OPS"]) },
);
pub(in crate::config) static ISSUE_TYPE: Key<Filled> = Key::needed(
    "type",
    "write the name of an issue type, `type: Task`, say",
    "The name of the issue type.",
    Filled(Text::ANY.like(&["Task"])),
);
pub(in crate::config) static SUMMARY: Key<Part<String>> = Key::needed(
    "summary",
    "write `summary: \"Review {{ user.name }}\"`, say",
    "The issue's summary: a template of one line. `{{ user.name }}` stands for the login name.",
    Part { read: summary, described: &Text::ANY.like(&["Review {{ user.name }}"]) },
);
pub(in crate::config) static FIELDS: Key<Part<Map<String, Value>>> = Key::new(
    "fields",
    "Further fields by their ids, as Jira's API takes them. Texts in them are templates. Left out: none.",
    Part { read: fields, described: &AnyFields },
);
/// The value of `create_issue`.
pub(super) static ISSUE: Object =
    Object::new("Issue", "The issue to create.", || vec![&PROJECT, &ISSUE_TYPE, &SUMMARY, &FIELDS])
        .like("{ project: OPS, type: Task, summary: \"Review {{ user.name }}\" }");

/// Fields of an issue: any, except those with a key of their own.
struct AnyFields;

impl Described for AnyFields {
    fn schema(&self, _: &mut Definitions) -> Value {
        json!({
            "type": "object", "properties": { "labels": { "type": "array" } },
            "propertyNames": { "not": { "enum": OWN.map(|(field, _)| field) } },
        })
    }
}

/// Fields that have a key of their own, and that key.
const OWN: [(&str, &str); 3] = [("project", "project"), ("issuetype", "type"), ("summary", "summary")];

/// The number of values in `fields`: each text is read as a template.
const MAX_VALUES: usize = 1_000;

/// Reads what `create_issue` takes.
pub(in crate::config) fn issue(node: &Node, reader: &mut Reader<'_>) -> Option<IssueTemplate> {
    let mut keys = ISSUE.open(node, reader)?;
    let project = keys.needed(&PROJECT, reader);
    let issue_type = keys.needed(&ISSUE_TYPE, reader);
    let summary = keys.needed(&SUMMARY, reader);
    let fields = keys.optional(&FIELDS, reader);
    keys.done(reader);
    Some(IssueTemplate {
        project: project?,
        issue_type: issue_type?,
        summary: summary?,
        fields: fields?.unwrap_or_default(),
    })
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
    if values > MAX_VALUES {
        return reader.refuse(&node.at, format!("{values} values in one issue; {MAX_VALUES} are the most"));
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
pub(in crate::config) fn scalar(text: &str, quoted: bool) -> Value {
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
