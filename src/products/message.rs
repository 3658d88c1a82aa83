//! What a product says when it refuses, shortened for a person to read. Never interpreted: it is localized.

use std::cmp::Reverse;

use reqwest::StatusCode;
use serde_json::{Map, Value};

use super::codes;

/// No message is longer, in characters.
const LONGEST: usize = 200;

/// What `body` says: `None` where it is neither empty nor JSON, so that something before the product answered.
/// What names the user (`personal`) and what looks like an e-mail address is left out.
pub(super) fn read(status: StatusCode, body: &[u8], personal: &[&str]) -> Option<String> {
    let said = if body.is_empty() { String::new() } else { texts(&serde_json::from_slice(body).ok()?) };
    if said.is_empty() {
        return Some(status.canonical_reason().unwrap_or("no reason given").to_lowercase());
    }
    Some(shorten(&without_persons(&said, personal)))
}

/// Reads the shapes that Atlassian's APIs document: `{"errorMessages": [..], "errors": {field: text}}`,
/// `{"errors": [{"code", "title", "detail"}]}`, `{"error", "message"}` of gateways, and `{"key", "context"}` of user management.
fn texts(body: &Value) -> String {
    let Value::Object(body) = body else { return String::new() };
    let mut said: Vec<String> = Vec::new();
    said.extend(strings(body.get("errorMessages")));
    match body.get("errors") {
        Some(Value::Object(fields)) => said.extend(fields.iter().filter_map(field)),
        Some(Value::Array(errors)) => said.extend(errors.iter().filter_map(Value::as_object).filter_map(titled)),
        _ => {}
    }
    if said.is_empty() {
        said.extend(["message", "error"].iter().find_map(|name| text(body, name)));
    }
    said.extend(text(body, "key").map(|key| keyed(&key, body.get("context"))));
    said.join("; ")
}

fn strings(list: Option<&Value>) -> impl Iterator<Item = String> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned)
}

fn field((name, message): (&String, &Value)) -> Option<String> {
    Some(format!("{name}: {}", message.as_str()?))
}

fn titled(error: &Map<String, Value>) -> Option<String> {
    let said = text(error, "detail").or_else(|| text(error, "title"));
    match text(error, "code").map(|code| codes::in_words(&code)) {
        Some(code) => Some(said.map_or_else(|| code.clone(), |said| format!("{code}: {said}"))),
        None => said,
    }
}

/// `forbidden.action`, with the keys of its reasons.
fn keyed(key: &str, context: Option<&Value>) -> String {
    let reason = context.and_then(|context| text(context.get("reason")?.as_object()?, "key"));
    let errors = context.and_then(|context| context.get("errorCodes")?.as_array());
    let codes = errors.into_iter().flatten().filter_map(|error| text(error.as_object()?, "code"));
    let reasons: Vec<String> = reason.into_iter().chain(codes).collect();
    if reasons.is_empty() { key.to_owned() } else { format!("{key} ({})", reasons.join(", ")) }
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn without_persons(said: &str, personal: &[&str]) -> String {
    let mut names = personal.to_vec();
    names.sort_by_key(|name| Reverse(name.len())); // the whole name before a part of it
    let said = names.iter().fold(said.to_owned(), |said, name| without_word(&said, name));
    let word = |word: &str| if word.contains('@') { "…".to_owned() } else { word.to_owned() };
    said.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// Leaves `name` out wherever it stands as a word of its own: a user may be called `a`.
fn without_word(said: &str, name: &str) -> String {
    let mut rest = said;
    let mut kept = String::with_capacity(said.len());
    while let Some(at) = (!name.is_empty()).then(|| rest.find(name)).flatten() {
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        let alone = !kept.ends_with(char::is_alphanumeric) || !before.is_empty();
        let alone = alone && !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric);
        kept.push_str(before);
        kept.push_str(if alone { "…" } else { name });
        rest = after;
    }
    kept + rest
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST - 1) {
        Some((at, last)) if at + last.len_utf8() < text.len() => format!("{}…", &text[..at]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str, personal: &[&str]) -> Option<String> {
        read(StatusCode::BAD_REQUEST, body.as_bytes(), personal)
    }

    #[test]
    fn every_documented_shape_of_an_error_is_read() {
        for (body, message) in [
            (r#"{"errorMessages":["No such group","Really"],"errors":{}}"#, "No such group; Really"),
            (r#"{"errorMessages":[],"errors":{"name":"is too long"}}"#, "name: is too long"),
            (r#"{"code":401,"message":"Unauthorized"}"#, "Unauthorized"),
            (r#"{"errors":[{"id":"1","status":"404","code":"X","title":"T","detail":"Not here"}]}"#, "X: Not here"),
            (
                r#"{"errors":[{"code":"ADMIN-409-3","detail":"Voll"}]}"#,
                "ADMIN-409-3, the user limit of an application is reached: Voll",
            ),
            (r#"{"key":"forbidden"}"#, "forbidden"),
            (
                r#"{"key":"forbidden.action","context":{"allowed":false,"reason":{"key":"externalDirectory.scim"}}}"#,
                "forbidden.action (externalDirectory.scim)",
            ),
            (
                r#"{"key":"conflict.lifecycleErrors","context":{"message":"M","accountId":"1","errorCodes":[{"code":"c"}]}}"#,
                "conflict.lifecycleErrors (c)",
            ),
            (r#"{"errors":[{"title":"T"}]}"#, "T"),
            (r#"{"timestamp":"t","status":403,"error":"Forbidden","message":"not yours","path":"/p"}"#, "not yours"),
            (r#"{"timestamp":"t","status":403,"error":"Forbidden","message":"","path":"/p"}"#, "Forbidden"),
            ("{}", "bad request"),
            ("[1]", "bad request"),
            ("", "bad request"),
        ] {
            assert_eq!(said(body, &[]).as_deref(), Some(message), "{body}");
        }
    }

    #[test]
    fn a_page_of_html_is_not_the_products_word() {
        assert_eq!(said("<html><body>404 Not Found</body></html>", &[]), None);
        assert_eq!(said("Not Found", &[]), None);
    }

    #[test]
    fn what_names_a_person_is_left_out() {
        let body =
            r#"{"errorMessages":["Cannot add 'jdoe' (jane.doe@acme.example): jdoe is in jdoes already, 99:27-a"]}"#;
        assert_eq!(said(body, &["jdoe", "99:27-a", ""]).unwrap(), "Cannot add '…' … … is in jdoes already, …");
        assert_eq!(said(r#"{"message":"a a aa ba a"}"#, &["a"]).unwrap(), "… … aa ba …");
        assert_eq!(said(r#"{"message":"no jane doe"}"#, &["jane", "jane doe"]).unwrap(), "no …");
    }

    #[test]
    fn a_message_is_at_most_200_characters_long() {
        let long = format!(r#"{{"message":"{}"}}"#, "ü".repeat(1_000));
        assert_eq!(said(&long, &[]).unwrap().chars().count(), 200);
        let exact = "ü".repeat(200);
        assert_eq!(said(&format!(r#"{{"message":"{exact}"}}"#), &[]).unwrap(), exact);
    }
}
