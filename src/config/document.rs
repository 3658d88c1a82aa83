//! A scheme that somebody is still writing: its keys and values, whatever they say, in the order in which they were
//! written. Nothing in it is checked; reading and writing it loses nothing but comments.

use saphyr_parser::Marker;
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::Value;

use super::{
    Problems,
    reader::{
        node::{Content, Entry, Node},
        problem::{Place, ProblemCollector},
        text, yaml,
    },
    scheme::actions::scalar,
};
use crate::domain::ActionKind;

/// A value with all below it.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// A text, a number, `true`, `false` or nothing.
    Scalar(Value),
    /// A list.
    List(Vec<Self>),
    /// Keys with their values.
    Map(Vec<(String, Self)>),
}

impl Document {
    /// The document in `text`, YAML or JSON.
    ///
    /// # Errors
    /// Why it is no YAML, with the place.
    pub fn read(text: &str) -> Result<Self, Problems> {
        let mut problems = ProblemCollector::default();
        let decoded = text::decode(text.as_bytes(), &"".into()).map_err(Problems::one)?;
        match yaml::parse(decoded, yaml::MAX_IN_SCHEME, &locate, &mut problems) {
            Some(root) if problems.is_empty() => Ok(Self::of(&root, false)),
            Some(_) | None => Err(Problems::new(problems)),
        }
    }

    /// In the fields of an issue plain values have the type that they look like. Elsewhere the key decides, and a plain
    /// value keeps its text.
    fn of(node: &Node, typed: bool) -> Self {
        match &node.content {
            Content::Scalar { text, quoted } => {
                let value = scalar(text, *quoted);
                if !*quoted && text.is_empty() {
                    return Self::Scalar(Value::Null);
                }
                let as_written = match &value {
                    Value::Bool(_) | Value::Number(_) | Value::Null => value.to_string().as_str() == text,
                    _ => true,
                };
                Self::Scalar(if typed || as_written { value } else { Value::String(text.clone()) })
            }
            Content::List(items) => Self::List(items.iter().map(|item| Self::of(item, typed)).collect()),
            Content::Map(entries) => {
                let value = |Entry { name, node, .. }: &Entry| {
                    let has_fields = name == ActionKind::CreateIssue.as_str();
                    (name.clone(), if has_fields { Self::issue(node) } else { Self::of(node, typed) })
                };
                Self::Map(entries.iter().map(value).collect())
            }
        }
    }

    fn issue(node: &Node) -> Self {
        match &node.content {
            Content::Map(entries) => Self::Map(
                entries
                    .iter()
                    .map(|entry| (entry.name.clone(), Self::of(&entry.node, entry.name == "fields")))
                    .collect(),
            ),
            Content::Scalar { .. } | Content::List(_) => Self::of(node, false),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            Self::Scalar(_) | Self::List(_) => None,
        }
    }

    /// Sets the value of a key, or takes the key out. A new key stands before the first of those that come later in
    /// `order`. Other values than maps stay as they are.
    pub fn set(&mut self, key: &str, value: Option<Self>, order: &[&str]) {
        let Self::Map(entries) = self else { return };
        let place = entries.iter().position(|(name, _)| name == key);
        match (place, value) {
            (Some(place), Some(value)) => entries[place].1 = value,
            (Some(place), None) => drop(entries.remove(place)),
            (None, None) => {}
            (None, Some(value)) => {
                let rank = |name: &str| order.iter().position(|known| *known == name).unwrap_or(order.len());
                let before = entries.iter().position(|(name, _)| rank(name) > rank(key)).unwrap_or(entries.len());
                entries.insert(before, (key.to_owned(), value));
            }
        }
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Scalar(Value::String(text.into()))
    }

    /// A list of texts.
    pub fn texts(texts: impl IntoIterator<Item = String>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// A single value as it is written; none for nothing, a list or a map.
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Scalar(Value::String(text)) => Some(text.clone()),
            Self::Scalar(value @ (Value::Bool(_) | Value::Number(_))) => Some(value.to_string()),
            Self::Scalar(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// A list of single values as they are written.
    pub fn as_texts(&self) -> Option<Vec<String>> {
        match self {
            Self::List(items) => items.iter().map(Self::as_text).collect(),
            Self::Scalar(_) | Self::Map(_) => None,
        }
    }

    /// The keys of a map with their values.
    pub fn entries(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Map(entries) => Some(entries),
            Self::Scalar(_) | Self::List(_) => None,
        }
    }

    /// As YAML.
    ///
    /// # Errors
    /// If a text in it can't be written as YAML.
    pub fn yaml(&self) -> Result<String, serde_saphyr::SerializeError> {
        serde_saphyr::to_string(self)
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Scalar(value) => value.serialize(serializer),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
        }
    }
}

fn locate(mark: Marker) -> Place {
    Place::Character { file: "".into(), line: mark.line(), column: mark.col() + 1 }
}

/// The keys, and the places in lists from 0, that lead to the value at a line and a column of `text`; none if it is no
/// YAML.
pub fn path_at(text: &str, line: usize, column: usize) -> Vec<String> {
    let mut path = Vec::new();
    let Some(root) = yaml::parse(text, yaml::MAX_IN_SCHEME, &locate, &mut ProblemCollector::default()) else {
        return path;
    };
    let at = Place::Character { file: "".into(), line, column };
    let mut here = &root;
    loop {
        here = match &here.content {
            Content::Map(entries) => match entries.iter().rfind(|entry| entry.at <= at) {
                Some(entry) => {
                    path.push(entry.name.clone());
                    &entry.node
                }
                None => return path,
            },
            Content::List(items) => match items.iter().rposition(|item| item.at <= at) {
                Some(place) => {
                    path.push(place.to_string());
                    &items[place]
                }
                None => return path,
            },
            Content::Scalar { .. } => return path,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{as_yaml, read_scheme};

    const ODD: &str = "name: 007\nid: odd\nsource: acme\ntrigger: {timezone: Europe/Berlin, cron: '0 3 * * MON'}\n\
        select:\n  where: |\n    user.name == \"a\"\n    || true\n  email_domain: [on, 'null', \"2024\"]\n  all:\n    - not: {deactivated: true}\n    - any: [{users: [1e3, 0x1F]}]\n\
        exempt: {groups: [yes, '~', \"a\\nb\"]}\nactions:\n- create_issue: {project: OPS, type: Task, summary: 0x1F, fields: {a: 0x1F, b: '0x1F', c: [1.5, null]}}\n\
        - rename: {suffix: '-1'}\nunknown: {key: []}\nlimits:\n";

    #[test]
    fn nothing_of_a_document_is_lost_when_it_is_written_and_read() {
        let read = Document::read(ODD).expect("YAML");
        for text in [read.yaml().expect("YAML"), serde_json::to_string(&read).expect("JSON")] {
            assert_eq!(Document::read(&text).expect(&text), read, "{text}");
        }
        let Document::Map(entries) = &read else { panic!("a map") };
        let keys: Vec<_> = entries.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys[..4], ["name", "id", "source", "trigger"], "in their order");
        assert_eq!(read.get("name").and_then(Document::as_text).as_deref(), Some("007"));
        assert_eq!(Document::read("a: 1\na: 2").map_err(|why| why.to_string().contains("1")), Err(true));
    }

    #[test]
    fn a_scheme_means_the_same_after_it_was_a_document() {
        let text = "{ id: s, name: 007, source: acme, trigger: { cron: '0 3 * * *' }, select: { email_domain_not: [b.com, a.com], \
            never_logged_in: { created_before: 14d }, all: [{ deactivated: true }, { not: { email_domain: ['*.c.com'] } }] }, \
            exempt: { groups: ['on', '2024'] }, actions: [{ remove_groups: ['null', '0x1F'] }, \
            { create_issue: { project: OPS, type: Task, summary: x, fields: { a: 0x1F, b: '0x1F', c: ~ } } }], limits: { percent: 5 } }";
        let scheme = read_scheme(text, "").expect("a scheme");
        let again = Document::read(text).expect("YAML").yaml().expect("YAML");
        assert_eq!(read_scheme(&again, "").expect(&again), scheme);
        let written = as_yaml(&scheme).expect("YAML");
        let again = serde_json::to_string(&Document::read(&written).expect("YAML")).expect("JSON");
        assert_eq!(read_scheme(&again, "").expect(&again).reference(), scheme.reference());
    }

    #[test]
    fn a_place_leads_to_its_keys() {
        let text = "id: a\nselect:\n  email_domain: [x]\n  not:\n    users: [y]\nactions:\n- delete: {}\n- rename:\n    suffix: X\n";
        for (line, column, path) in [
            (1, 1, &["id"][..]),
            (3, 18, &["select", "email_domain", "0"]),
            (5, 5, &["select", "not", "users"]),
            (7, 3, &["actions", "0", "delete"]),
            (9, 13, &["actions", "1", "rename", "suffix"]),
        ] {
            assert_eq!(path_at(text, line, column), path, "{line}:{column}");
        }
        assert_eq!(path_at("a: [", 1, 1), Vec::<String>::new());
    }

    #[test]
    fn a_new_key_stands_in_its_order() {
        let mut document = Document::read("id: a\nactions: []\n").expect("YAML");
        document.set("select", Some(Document::Map(Vec::new())), &["id", "select", "actions"]);
        document.set("id", None, &[]);
        assert_eq!(serde_json::to_string(&document).expect("JSON"), r#"{"select":{},"actions":[]}"#);
    }
}
