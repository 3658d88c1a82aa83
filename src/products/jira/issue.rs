//! Issues: the body that creates one, and the query that finds it again.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::domain::Issue;

/// The longest summary, in characters.
const LONGEST_SUMMARY: usize = 254;

/// The fields that take more than one line of text in every Jira.
const RICH: [&str; 2] = ["description", "environment"];

/// An issue as either Jira answers with it when it is created.
#[derive(Deserialize)]
pub(in crate::products) struct Created {
    #[serde(rename = "key")]
    _key: String,
}

/// The body that creates `issue`, with `rich` texts in the product's form.
pub(in crate::products) fn body(issue: &Issue, rich: impl Fn(String) -> Value) -> Value {
    let mut fields: Map<String, Value> = issue.fields.clone();
    for name in RICH {
        if let Some(Value::String(text)) = fields.get_mut(name) {
            let text = std::mem::take(text);
            fields.insert(name.to_owned(), rich(text));
        }
    }
    let labels = labels(fields.remove("labels"), &issue.marker);
    fields.insert("labels".to_owned(), labels);
    fields.insert("project".to_owned(), json!({ "key": issue.project }));
    fields.insert("issuetype".to_owned(), json!({ "name": issue.issue_type }));
    fields.insert("summary".to_owned(), one_line(&issue.summary).into());
    json!({ "fields": fields })
}

/// The requested labels, one or a list of them, and the marker.
fn labels(given: Option<Value>, marker: &str) -> Value {
    let mut labels = match given {
        Some(Value::Array(labels)) => labels,
        Some(label @ Value::String(_)) => vec![label],
        _ => Vec::new(),
    };
    if !labels.iter().any(|label| label == marker) {
        labels.push(marker.into());
    }
    labels.into()
}

/// Jira refuses line breaks in a summary, and one that is too long; templates make both.
fn one_line(summary: &str) -> String {
    let line = summary.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_SUMMARY) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// The query that finds the open issues of this `marker`. Jira knows the category by its English name in any language.
pub(in crate::products) fn query(marker: &str) -> String {
    let quoted = marker.replace('\\', "\\\\").replace('"', "\\\"");
    format!("labels = \"{quoted}\" AND statusCategory != Done")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(fields: Value) -> Issue {
        Issue {
            project: "OPS".to_owned(),
            issue_type: "Task".to_owned(),
            summary: "Review\n jdoe ".to_owned(),
            fields: fields.as_object().unwrap().clone(),
            marker: "usher-1".to_owned(),
        }
    }

    fn rich(text: String) -> Value {
        json!({ "doc": text })
    }

    #[test]
    fn the_schemes_own_words_go_before_fields_of_the_same_name() {
        let given =
            json!({ "summary": "x", "project": { "key": "X" }, "description": "d", "priority": { "name": "Low" } });
        let expected = json!({
            "project": { "key": "OPS" }, "issuetype": { "name": "Task" }, "summary": "Review jdoe",
            "labels": ["usher-1"], "description": { "doc": "d" }, "priority": { "name": "Low" },
        });
        assert_eq!(body(&issue(given), rich)["fields"], expected);
    }

    #[test]
    fn the_marker_is_one_of_the_labels_and_a_document_stays_as_it_is() {
        for (given, expected) in [
            (json!({ "labels": ["a", "b"] }), json!(["a", "b", "usher-1"])),
            (json!({ "labels": "a" }), json!(["a", "usher-1"])),
            (json!({ "labels": ["usher-1"] }), json!(["usher-1"])),
            (json!({ "labels": null }), json!(["usher-1"])),
        ] {
            assert_eq!(body(&issue(given), rich)["fields"]["labels"], expected);
        }
        let document = json!({ "description": { "type": "doc" } });
        assert_eq!(body(&issue(document), rich)["fields"]["description"], json!({ "type": "doc" }));
    }

    #[test]
    fn a_long_summary_is_cut() {
        assert_eq!(one_line(&"ü".repeat(255)).chars().count(), 255);
        assert_eq!(one_line(&"ü".repeat(300)).chars().count(), 255);
        assert!(one_line(&"ü".repeat(254)).ends_with('ü'));
    }

    #[test]
    fn a_marker_can_not_break_out_of_the_query() {
        assert_eq!(query("usher-1"), r#"labels = "usher-1" AND statusCategory != Done"#);
        assert_eq!(query(r#"a" OR \"#), r#"labels = "a\" OR \\" AND statusCategory != Done"#);
    }
}
