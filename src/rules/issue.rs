//! The issue that `create_issue` asks for, about one user.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::domain::{Issue, IssueTemplate, Scheme, SchemeId, SourceId, UserRef};

use super::{Subject, template::Names};

/// The longest summary that Jira takes, in UTF-16 units, as it counts them.
const SUMMARY: usize = 255;

/// Writes the issue of `scheme` about the user. A text that can't be rendered says so itself: the issue is made anyway.
pub(super) fn write(template: &IssueTemplate, scheme: &Scheme, user: &UserRef, subject: &Subject<'_>) -> Issue {
    let names = Names::of(scheme, user, subject);
    let rendered = |text: &str| names.render(text).unwrap_or_else(|error| format!("({error})"));
    Issue {
        project: template.project.clone(),
        issue_type: template.issue_type.clone(),
        summary: one_line(&rendered(&template.summary)),
        fields: template.fields.iter().map(|(field, value)| (field.clone(), texts(value, &rendered))).collect(),
        marker: marker(&scheme.source, &scheme.id, user),
    }
}

/// `value` with each text in it rendered, however deep.
fn texts(value: &Value, rendered: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(rendered(text)),
        Value::Array(items) => items.iter().map(|item| texts(item, rendered)).collect(),
        Value::Object(fields) => {
            let fields: Map<_, _> = fields.iter().map(|(key, value)| (key.clone(), texts(value, rendered))).collect();
            Value::Object(fields)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// Without line breaks, and cut to the longest that Jira takes.
fn one_line(text: &str) -> String {
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let mut room = SUMMARY;
    let fits = |c: &char| {
        let is_room = c.len_utf16() <= room;
        room = room.saturating_sub(c.len_utf16());
        is_room
    };
    words.join(" ").chars().take_while(fits).collect()
}

/// A label that only this scheme and user have. Labels in Jira hold no spaces.
fn marker(source: &SourceId, scheme: &SchemeId, user: &UserRef) -> String {
    let mut hash = Sha256::new();
    for part in [source.as_str(), scheme.as_str(), &user.to_string()] {
        hash.update((part.len() as u64).to_be_bytes()); // so that no two lists of parts read alike
        hash.update(part);
    }
    format!("usher-{}", hex::encode(&hash.finalize()[..8]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_one_line_that_jira_takes() {
        assert_eq!(one_line(" a\tb\r\n\n c\u{0}d "), "a b c d");
        assert_eq!(one_line(&"x".repeat(300)).len(), 255);
        assert_eq!(one_line(&"🙂".repeat(300)).encode_utf16().count(), 254);
    }

    #[test]
    fn a_marker_is_the_same_for_one_scheme_and_user_and_another_for_any_other() {
        let of = |source: &str, scheme: &str, user: &str| {
            let id = |text: &str| text.parse().expect("an id");
            marker(&id(source), &scheme.parse().expect("an id"), &UserRef::Name(user.into()))
        };
        let one = of("acme", "idle", "jane");
        assert_eq!(one, of("acme", "idle", "jane"));
        assert_eq!(one.len(), "usher-".len() + 16);
        for other in [of("acme", "idle", "bob"), of("acme", "idl", "ejane"), of("acm", "eidle", "jane")] {
            assert_ne!(one, other);
        }
    }
}
