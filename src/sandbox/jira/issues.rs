//! Issues through the API: created, and found by their label.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::sandbox::{PROJECT, api::Call, jira, reply::Reply, world::issues::Issue};

/// The types that issues may have.
const TYPES: [&str; 3] = ["Task", "Bug", "Story"];
/// The fields on the screen for new issues, besides custom fields.
const FIELDS: [&str; 7] = ["description", "environment", "priority", "assignee", "reporter", "duedate", "components"];

#[derive(Deserialize)]
struct NewIssue {
    fields: Map<String, Value>,
}

/// Creates an issue. If `documents` are required, as in Cloud, a description as plain text is refused.
///
/// # Errors
/// A reply with 400 if the body is no JSON, or a field is wrong.
pub(in crate::sandbox) fn create(call: &mut Call<'_>, documents: bool) -> Result<Reply, Reply> {
    let NewIssue { mut fields } = call.json()?;
    let mut wrong = wrong_own_fields(&fields);
    let issue_type = text(fields.remove("issuetype").as_ref().and_then(|one| one.get("name")));
    let summary = text(fields.remove("summary").as_ref());
    let labels = fields.remove("labels").map_or(Ok(Vec::new()), serde_json::from_value).unwrap_or_default();
    fields.remove("project");
    wrong.extend(wrong_other_fields(&fields, documents));
    if !wrong.is_empty() {
        return Err(Reply::json(400, json!({ "errorMessages": [], "errors": wrong })));
    }
    let number = call.editor.site.issues.len() + 1;
    let issue = Issue { key: format!("{PROJECT}-{number}"), issue_type, summary, labels, fields, done: false };
    let bean = bean(number, &issue, call.base);
    call.editor.create_issue(issue);
    Ok(Reply::json(201, bean))
}

/// The faults of the fields that every issue has, by field.
fn wrong_own_fields(fields: &Map<String, Value>) -> Map<String, Value> {
    let name = |field: &str, part: &str| text(fields.get(field).and_then(|value| value.get(part)));
    let summary = text(fields.get("summary"));
    let good_label = |label: &Value| label.as_str().is_some_and(|label| !label.contains(char::is_whitespace));
    let labels = fields.get("labels").map(|labels| labels.as_array().is_some_and(|all| all.iter().all(good_label)));
    [
        ("project", name("project", "key") == PROJECT, "Ein gültiges Projekt ist erforderlich."),
        ("issuetype", TYPES.contains(&name("issuetype", "name").as_str()), "Geben Sie einen gültigen Vorgangstyp an."),
        ("summary", !summary.trim().is_empty(), "Sie müssen eine Zusammenfassung angeben."),
        ("summary", !summary.contains('\n'), "Die Zusammenfassung darf keine Zeilenumbrüche enthalten."),
        ("summary", summary.chars().count() <= 255, "Die Zusammenfassung ist zu lang."),
        ("labels", labels.unwrap_or(true), "Ein Stichwort darf keine Leerzeichen enthalten."),
    ]
    .into_iter()
    .filter(|(_, good, _)| !good)
    .map(|(field, _, why)| (field.to_owned(), why.into()))
    .collect()
}

/// The faults of the further fields, by field.
fn wrong_other_fields(fields: &Map<String, Value>, documents: bool) -> Map<String, Value> {
    let wrong = fields.iter().filter_map(|(field, value)| {
        let known = FIELDS.contains(&field.as_str()) || field.starts_with("customfield_");
        let rich = matches!(field.as_str(), "description" | "environment");
        let why = match (known, rich && documents && value["type"] != "doc") {
            (false, _) => "Das Feld kann nicht gesetzt werden. Es ist nicht auf der Maske oder unbekannt.",
            (true, true) => "Der Wert muss ein Atlassian-Dokument sein.",
            (true, false) => return None,
        };
        Some((field.clone(), why.into()))
    });
    wrong.collect()
}

fn text(value: Option<&Value>) -> String {
    value.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// An issue as in lists without expanded fields.
fn bean(number: usize, issue: &Issue, base: &str) -> Value {
    let id = (10_000 + number).to_string();
    json!({ "id": id, "key": issue.key, "self": format!("{base}/rest/api/latest/issue/{id}") })
}

/// The issues that have the label asked for; none in the place of one that is done. Only one kind of query is
/// understood.
///
/// # Errors
/// A reply with 400 if there is no `jql`, or it is another query.
pub(in crate::sandbox) fn labelled(call: &Call<'_>) -> Result<Vec<Option<Value>>, Reply> {
    let jql = call.query.get("jql").ok_or_else(|| jira::missing("jql"))?;
    let label = label(jql).ok_or_else(|| jira::refused(400, "Fehler in der JQL-Abfrage."))?;
    let numbered = call.editor.site.issues.iter().zip(1..).filter(|(issue, _)| issue.labels.contains(&label));
    Ok(numbered.map(|(issue, number)| (!issue.done).then(|| bean(number, issue, call.base))).collect())
}

/// Reads `labels = "…" AND statusCategory != Done`.
fn label(jql: &str) -> Option<String> {
    let quoted = jql.strip_prefix("labels = \"")?.strip_suffix("\" AND statusCategory != Done")?;
    let mut label = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => label.push(characters.next()?),
            '"' => return None,
            other => label.push(other),
        }
    }
    Some(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_kind_of_query_is_understood() {
        let query = |label: &str| format!("labels = \"{label}\" AND statusCategory != Done");
        assert_eq!(label(&query("a-1")).as_deref(), Some("a-1"));
        assert_eq!(label(&query(r#"a\"b\\c"#)).as_deref(), Some(r#"a"b\c"#));
        for other in ["", "labels = a", &query("a\" OR labels != \"b"), &query(r"a\")] {
            assert_eq!(label(other), None, "{other}");
        }
    }
}
