//! One exchange, held against the document: method, path, query and body of the request, status and body of the answer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use usher::sandbox::Recorded;

use super::{
    document::Document,
    exceptions::{self, Status},
    schema::Way,
    undocumented,
};

/// Everything about `exchange` that is not in `document`; nothing where all is well.
pub fn faults(document: &Document, statuses: &[Status], exchange: &Recorded) -> Vec<String> {
    if let Some(entry) = undocumented::entry(exchange) {
        return entry.faults(exchange);
    }
    let what = format!("{} {}", exchange.method, exchange.path);
    let Some(operation) = document.operation(&exchange.method, &exchange.path) else {
        return vec![format!("{what}: not in the extract")];
    };
    let mut found = query(document, operation, &exchange.query);
    found.extend(body(document, operation, &exchange.body));
    if !exchange.fault {
        found.extend(answer(document, operation, statuses, exchange));
    }
    found.iter().map(|fault| format!("{what}: {fault}")).collect()
}

fn query(document: &Document, operation: &Value, given: &[(String, String)]) -> Vec<String> {
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in given {
        values.entry(name).or_default().push(value);
    }
    let parameters = || operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "query");
    let name = |parameter: &Value| parameter["name"].as_str().unwrap_or_default().to_owned();
    let known: BTreeSet<String> = parameters().map(name).collect();
    let unknown = values.keys().filter(|name| !known.contains(**name));
    let mut found: Vec<String> = unknown.map(|name| format!("query parameter `{name}` is not in it")).collect();
    for parameter in parameters() {
        let name = name(parameter);
        match values.get(name.as_str()) {
            None if parameter["required"] == true => found.push(format!("query parameter `{name}` is missing")),
            None => {}
            Some(texts) => match typed(document.resolved(&parameter["schema"]), texts) {
                None => found.push(format!("query parameter `{name}` is given more than once")),
                Some(value) => {
                    let faults = document.faults(&parameter["schema"], Way::Request, &value);
                    found.extend(faults.iter().map(|fault| format!("query parameter `{name}`: {fault}")));
                }
            },
        }
    }
    found
}

/// The texts of a parameter as the value they stand for: a list where there may be several, else one; none where there are
/// several and only one may be. A text that is no number stays one, and so does not fit.
fn typed(schema: &Value, texts: &[&str]) -> Option<Value> {
    let one = |schema: &Value, text: &str| match schema["type"].as_str() {
        Some("integer" | "number" | "boolean") => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        _ => text.into(),
    };
    match (schema["type"].as_str(), texts) {
        (Some("array"), texts) => Some(texts.iter().map(|text| one(&schema["items"], text)).collect()),
        (_, [text]) => Some(one(schema, text)),
        _ => None,
    }
}

fn body(document: &Document, operation: &Value, sent: &[u8]) -> Vec<String> {
    let described = &operation["requestBody"];
    let schema = &described["content"]["application/json"]["schema"];
    match (described.is_null(), sent.is_empty()) {
        (true, true) => Vec::new(),
        (true, false) => vec!["it takes no body".to_owned()],
        (false, true) if described["required"] == true => vec!["the body is missing".to_owned()],
        (false, true) => Vec::new(),
        (false, false) => match serde_json::from_slice(sent) {
            Err(error) => vec![format!("the body is no JSON: {error}")],
            Ok(value) => prefixed("the body", document.faults(schema, Way::Request, &value)),
        },
    }
}

fn answer(document: &Document, operation: &Value, statuses: &[Status], exchange: &Recorded) -> Vec<String> {
    let status = exchange.status;
    let described = &operation["responses"][status.to_string()];
    if described.is_null() && !exceptions::is_known(statuses, exchange.site, status) {
        return vec![format!("the answer {status} is not in it")];
    }
    let schema = &described["content"]["application/json"]["schema"];
    let faults = match (&exchange.answer, schema.is_null()) {
        (Some(said), false) => document.faults(schema, Way::Answer, said),
        (None, false) => vec!["it is missing, or no JSON".to_owned()],
        (Some(said), true) if status >= 400 => document.faults(&document.refusal(), Way::Answer, said),
        (Some(_), true) => vec!["there is none in it".to_owned()],
        (None, true) => Vec::new(),
    };
    prefixed(&format!("the body of the answer {status}"), faults)
}

fn prefixed(what: &str, faults: Vec<String>) -> Vec<String> {
    faults.iter().map(|fault| format!("{what}: {fault}")).collect()
}
