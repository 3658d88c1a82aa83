//! The families of error bodies, each read into lines for a person. Codes are kept: an administrator can look them up.
//!
//! | who | body |
//! |---|---|
//! | Jira | `{"errorMessages": [text], "errors": {field: text}}` |
//! | Bitbucket | `{"errors": [{"context", "message", "exceptionName"}]}` |
//! | Confluence | `{"statusCode", "message", "reason", "data": {"errors": [{"message": {"key", "translation"}}]}}` |
//! | Crowd | `{"reason": CODE, "message"}` |
//! | Atlassian's administration | `{"errors": [{"code", "title", "detail"}]}`; its gateway `{"code": 401, "message"}` |
//! | its user management | `{"key", "context": {"message", "reason": {"key"}, "errorCodes", "fieldViolations"}}` |
//! | gateways | `{"error", "message"}` |

use reqwest::StatusCode;
use serde_json::{Map, Value};

use super::codes;

type Object = Map<String, Value>;

/// The highest length of a code.
const LONGEST_CODE: usize = 80;

/// The content of an error body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::products) struct Said {
    /// Texts for people, perhaps localized.
    pub lines: Vec<String>,
    /// The subject of a refusal, by its code. Without a code it is unknown.
    pub about: Option<About>,
}

/// The subject of a refusal (403).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::products) enum About {
    /// The one user or group: the account is managed elsewhere, say.
    One,
    /// Usher itself, which may not do this to any user.
    Usher,
}

/// `forbidden` is in neither list: it is said of a key without rights and of an account that isn't the organisation's.
const ABOUT_ONE: [&str; 2] = ["forbidden.action", "ADMIN-403-5"];
const ABOUT_USHER: [&str; 2] = ["ADMIN-403-3", "ADMIN-UAM-403-2"];

impl About {
    fn of(code: &str) -> Option<Self> {
        if ABOUT_ONE.contains(&code) { Some(Self::One) } else { ABOUT_USHER.contains(&code).then_some(Self::Usher) }
    }
}

/// Reads `body`, which came with `status`, by whatever family it is of.
pub(in crate::products) fn read(status: StatusCode, body: &Value) -> Said {
    let Value::Object(body) = body else { return Said::default() };
    let families = [listed, managed, single];
    let lines = families.iter().map(|family| family(status, body)).find(|lines| !lines.is_empty()).unwrap_or_default();
    let about = codes(body).find_map(About::of);
    Said { lines, about }
}

/// `errorMessages` and `errors`.
fn listed(_: StatusCode, body: &Object) -> Vec<String> {
    let mut lines: Vec<String> = objects_or_texts(body.get("errorMessages")).filter_map(line).collect();
    match body.get("errors") {
        Some(Value::Object(fields)) => lines.extend(fields.iter().filter_map(field)),
        Some(errors) => lines.extend(objects_or_texts(Some(errors)).filter_map(line)),
        None => {}
    }
    lines
}

fn field((name, message): (&String, &Value)) -> Option<String> {
    Some(format!("{name}: {}", message.as_str()?))
}

/// One item of a list of errors.
fn line(error: &Value) -> Option<String> {
    let Value::Object(error) = error else { return error.as_str().map(str::to_owned) };
    let code = code_of(error);
    let said = ["detail", "message", "title"].iter().find_map(|name| text(error, name));
    let said = match (text(error, "code").map(codes::in_words), said) {
        (Some(code), Some(said)) => format!("{code}: {said}"),
        (Some(code), None) => code,
        (None, said) => coded(said.or(code)?, code),
    };
    Some(match text(error, "context").or_else(|| text(error, "field")) {
        Some(about) => format!("{about}: {said}"),
        None => said,
    })
}

/// `key` with its `context`.
fn managed(_: StatusCode, body: &Object) -> Vec<String> {
    let Some(key) = text(body, "key") else { return Vec::new() };
    let empty = Object::new();
    let context = body.get("context").and_then(Value::as_object).unwrap_or(&empty);
    let reason = context.get("reason").and_then(|reason| reason.as_str().or_else(|| reason.get("key")?.as_str()));
    let mut lines = vec![match text(context, "message") {
        Some(message) => coded(message, Some(key)),
        None => coded(key, reason),
    }];
    lines.extend(objects_or_texts(context.get("errorCodes")).filter_map(line));
    lines.extend(objects_or_texts(context.get("fieldViolations")).filter_map(violation));
    lines
}

/// `{"field": "nickname", "violations": [{"key": "maxLength"}]}`
fn violation(of: &Value) -> Option<String> {
    let keys: Vec<_> = objects_or_texts(of.get("violations")).filter_map(|one| one.get("key")?.as_str()).collect();
    Some(format!("{}: {}", of.get("field")?.as_str()?, keys.join(", ")))
}

/// Reads one `message`, or `error`, with the `reason`; Confluence adds `data`.
fn single(status: StatusCode, body: &Object) -> Vec<String> {
    let reason = text(body, "reason").or_else(|| text(body, "code"));
    let reason = reason.filter(|reason| !status.canonical_reason().unwrap_or_default().eq_ignore_ascii_case(reason));
    let said = ["message", "error"].iter().find_map(|name| text(body, name));
    let mut lines: Vec<String> =
        said.map(|said| coded(said, reason)).or(reason.map(str::to_owned)).into_iter().collect();
    let more = objects_or_texts(body.get("data").and_then(|data| data.get("errors")));
    lines.extend(more.filter_map(|error| {
        let Value::Object(message) = error.get("message")? else { return line(error) };
        let key = text(message, "key");
        Some(coded(text(message, "translation").or(key)?, key))
    }));
    lines
}

/// `said` with the code that an administrator can look up.
fn coded(said: &str, code: Option<&str>) -> String {
    match code.filter(|code| is_code(code) && !said.contains(code)) {
        Some(code) => format!("{said} ({code})"),
        None => said.to_owned(),
    }
}

/// All codes in `body`.
fn codes(body: &Object) -> impl Iterator<Item = &str> {
    let errors = objects_or_texts(body.get("errors")).filter_map(Value::as_object).filter_map(code_of);
    text(body, "key").into_iter().chain(errors)
}

fn code_of(error: &Object) -> Option<&str> {
    let class = || text(error, "exceptionName")?.rsplit('.').next();
    text(error, "code").or_else(class)
}

fn is_code(text: &str) -> bool {
    text.len() <= LONGEST_CODE && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

fn objects_or_texts(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str) -> Said {
        read(StatusCode::from_u16(status).unwrap(), &serde_json::from_str(body).unwrap())
    }

    #[test]
    fn every_family_is_read_with_its_codes() {
        for (body, lines) in [
            (r#"{"errorMessages":["No such group","Really"],"errors":{}}"#, &["No such group", "Really"][..]),
            (r#"{"errorMessages":[],"errors":{"name":"is too long"}}"#, &["name: is too long"]),
            (
                r#"{"errors":[{"context":"name","message":"No such user","exceptionName":"com.x.NoSuchUserException"}]}"#,
                &["name: No such user (NoSuchUserException)"],
            ),
            (r#"{"errors":[{"context":null,"message":"M","exceptionName":null}]}"#, &["M"]),
            (
                r#"{"statusCode":404,"data":{"authorized":true,"valid":false,"errors":[{"message":
                    {"key":"user.gone","args":[],"translation":"Gone"}}],"successful":false},"message":"No user","reason":"Not Found"}"#,
                &["No user", "Gone (user.gone)"],
            ),
            (r#"{"statusCode":404,"message":"No user","reason":"Not Found"}"#, &["No user"]),
            (
                r#"{"reason":"USER_NOT_FOUND","message":"User <x> does not exist"}"#,
                &["User <x> does not exist (USER_NOT_FOUND)"],
            ),
            (r#"{"reason":"MEMBERSHIP_ALREADY_EXISTS"}"#, &["MEMBERSHIP_ALREADY_EXISTS"]),
            (r#"{"code":401,"message":"Unauthorized"}"#, &["Unauthorized"]),
            (
                r#"{"errors":[{"id":"1","status":"409","code":"ADMIN-409-3","title":"Conflict","detail":"No seats"}]}"#,
                &["ADMIN-409-3, the user limit of an application is reached: No seats"],
            ),
            (r#"{"errors":[{"code":"ADMIN-404-8"}]}"#, &["ADMIN-404-8, the user is not in the directory"]),
            (r#"{"errors":[{"title":"T"}]}"#, &["T"]),
            (r#"{"key":"accountNotFound"}"#, &["accountNotFound"]),
            (
                r#"{"key":"forbidden.action","context":{"allowed":false,"reason":{"key":"externalDirectory.scim"}}}"#,
                &["forbidden.action (externalDirectory.scim)"],
            ),
            (
                r#"{"key":"conflict.lifecycleErrors","context":{"message":"Can't","errorCodes":[{"code":"a.b","message":"Still owner","link":"l"}]}}"#,
                &["Can't (conflict.lifecycleErrors)", "a.b: Still owner"],
            ),
            (
                r#"{"key":"fieldConstraintsViolated","context":{"fieldViolations":[{"field":"nickname","violations":[{"key":"maxLength"}]}]}}"#,
                &["fieldConstraintsViolated", "nickname: maxLength"],
            ),
            (r#"{"timestamp":"t","status":403,"error":"Forbidden","message":"not yours","path":"/p"}"#, &["not yours"]),
            (r#"{"timestamp":"t","status":403,"error":"Forbidden","message":"","path":"/p"}"#, &["Forbidden"]),
            (r#"{"errors":["as text"]}"#, &["as text"]),
            ("{}", &[]),
            ("[1]", &[]),
            (r#"{"errors":7,"message":{"a":1},"key":[],"data":"x"}"#, &[]),
        ] {
            assert_eq!(said(404, body).lines, lines, "{body}");
        }
    }

    #[test]
    fn what_looks_like_a_sentence_is_no_code() {
        assert_eq!(said(400, r#"{"message":"No","code":"see the manual"}"#).lines, ["No"]);
        let long = format!(r#"{{"message":"No","reason":"{}"}}"#, "X".repeat(81));
        assert_eq!(said(400, &long).lines, ["No"]);
    }

    #[test]
    fn a_code_tells_a_refusal_of_one_user_from_one_of_usher() {
        for (body, about) in [
            (r#"{"key":"forbidden.action","context":{"reason":{"key":"externalDirectory.scim"}}}"#, Some(About::One)),
            (r#"{"errors":[{"code":"ADMIN-403-5","detail":"not this group"}]}"#, Some(About::One)),
            (r#"{"errors":[{"code":"ADMIN-403-3","detail":"not this organisation"}]}"#, Some(About::Usher)),
            (r#"{"errors":[{"code":"ADMIN-UAM-403-2"}]}"#, Some(About::Usher)),
            (r#"{"key":"forbidden"}"#, None),
            (r#"{"errors":[{"code":"ADMIN-UAM-403-1"}]}"#, None),
            (r#"{"errorMessages":["forbidden.action"]}"#, None),
        ] {
            assert_eq!(said(403, body).about, about, "{body}");
        }
    }
}
