//! The description of the API against the routes, and every answer in these tests against the description.

use std::{
    collections::{BTreeSet, HashSet},
    sync::LazyLock,
};

use serde_json::json;

use super::*;
use crate::{
    domain::Truth,
    views::testing::{decision, verdict},
};

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(api::document_text().expect("a document")).expect("JSON"));

/// Whether `path` is one that `template` describes.
fn fits(template: &str, path: &str) -> bool {
    let (wanted, given): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let fits = |(wanted, given): (&&str, &&str)| match wanted.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        Some((_, ending)) => given.len() > ending.len() && given.ends_with(ending),
        None => wanted == given,
    };
    wanted.len() == given.len() && wanted.iter().zip(&given).all(fits)
}

/// The document's description of a request; none if it describes no such path.
fn described(method: &Method, uri: &str) -> Option<(String, &'static Value)> {
    let path = uri.split('?').next().expect("a path");
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    // One that is written out goes before one with a place for an id, and one with an ending before one without.
    let order = |template: &&String| (template.contains('{'), template.ends_with('}'));
    let method = method.as_str().to_lowercase();
    let takes = |template: &&String| fits(template, path) && paths[*template].get(&method).is_some();
    let template = paths.keys().filter(takes).min_by_key(order)?;
    let operation = paths[template].get(&method)?;
    Some((template.clone(), operation))
}

/// Checks that the document describes this answer: its status, and its fields.
#[track_caller]
pub(super) fn check(method: &Method, uri: &str, answer: &TestResponse) {
    let Some((template, operation)) = described(method, uri) else {
        let refused = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED, StatusCode::UNAUTHORIZED];
        let described_elsewhere = *method == Method::HEAD || !uri.starts_with(api::PREFIX);
        assert!(described_elsewhere || refused.contains(&answer.status), "{method} {uri} is not described");
        return;
    };
    let place = format!("{method} {template} {}", answer.status.as_u16());
    let response = &operation["responses"][answer.status.as_str()];
    assert!(response.is_object(), "{place} is not described: {}", answer.text);
    let Some(content) = response.get("content") else {
        assert_eq!(answer.text, "", "{place} is described as empty");
        return;
    };
    let schema = &content[answer.header("content-type")]["schema"];
    assert!(schema.is_object(), "{place}: no {} is described", answer.header("content-type"));
    if !answer.header("content-type").ends_with("json") {
        return;
    }
    let whole = json!({ "allOf": [schema], "components": DOCUMENT["components"] });
    let validator = jsonschema::draft202012::new(&whole).expect("a schema");
    let wrong: Vec<_> = validator.iter_errors(&answer.json()).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{place}: {wrong:#?} in {}", answer.text);
}

#[test]
fn every_path_and_method_of_the_api_is_described_and_nothing_else_is() {
    let registered: BTreeSet<_> = api::routes()
        .iter()
        .flat_map(|endpoint| endpoint.methods.iter().map(|(methods, _)| (endpoint.path, *methods)))
        .flat_map(|(path, methods)| methods.split(", ").map(move |method| (path, method)))
        .filter(|(_, method)| *method != "HEAD")
        .map(|(path, method)| format!("{method} {}{path}", api::PREFIX))
        .collect();
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let described: BTreeSet<_> = paths
        .iter()
        .flat_map(|(path, item)| item.as_object().expect("operations").keys().map(move |method| (path, method)))
        .map(|(path, method)| format!("{} {path}", method.to_uppercase()))
        .collect();
    assert_eq!(described, registered);
    assert!(registered.len() > 15, "{registered:?}");
}

#[actix_web::test]
async fn the_description_is_served_without_a_token_and_names_what_it_refers_to() {
    let answer = Site::start().ask(Method::GET, "/api/openapi.json", None).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    let document = answer.json();
    assert_eq!(document, *DOCUMENT);
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    let references: BTreeSet<_> = answer.text.split(r##""$ref":"#"##).skip(1).collect();
    assert!(references.len() > 20);
    for reference in references {
        let pointer = reference.split('"').next().expect("a pointer");
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn every_operation_says_what_it_does_and_every_answer_what_it_means() {
    let mut ids = HashSet::new();
    for (path, item) in DOCUMENT["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let says = |key: &str| operation[key].as_str().is_some_and(|text| !text.is_empty());
            assert!(says("summary") && operation["tags"][0].is_string(), "{method} {path}: {operation}");
            assert!(ids.insert(&operation["operationId"]), "{method} {path}: {}", operation["operationId"]);
            for (status, response) in operation["responses"].as_object().expect("responses") {
                assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{path} {status}");
                if status.starts_with('2') {
                    continue;
                }
                let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(problem, "#/components/schemas/Problem", "{method} {path} {status}");
            }
        }
    }
}

fn answered(status: StatusCode, body: &Value) -> TestResponse {
    let mut headers = HeaderMap::new();
    headers.insert("content-type".parse().expect("a name"), "application/json".parse().expect("a value"));
    TestResponse { status, headers, text: body.to_string() }
}

#[test]
#[should_panic(expected = "is a required property")]
fn an_answer_that_lacks_what_is_described_is_noticed() {
    let without = answered(StatusCode::OK, &json!({ "items": [{ "id": "x" }], "next": null }));
    check(&Method::GET, "/api/v1/runs?limit=1", &without);
}

#[actix_web::test]
async fn what_was_asked_about_a_run_is_answered_with_the_run_or_with_its_id() {
    let site = Site::start();
    let decision = decision("e1", "jane", 0, vec![verdict("a", Truth::True, &["g"])]);
    site.following.log.decide(&decision);
    let run = decision.run(&decision.verdicts[0]);
    let shown = site.following.until(|views| views.run(&run).expect("read")).await;
    for body in [json!(shown), json!({ "id": run })] {
        for path in ["schemes/a/run", "runs/x/release", "runs/x/cancel"] {
            check(&Method::POST, &format!("/api/v1/{path}"), &answered(StatusCode::ACCEPTED, &body));
        }
    }
}
