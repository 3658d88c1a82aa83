//! Every request that usher makes, and every answer of the sandbox, held against Atlassian's own OpenAPI documents.
//!
//! The extracts in `tests/openapi` are made from the documents by `extract.py` there. What stands in no document is in one
//! of two tables, with its source: [`exceptions`] for what differs, [`undocumented`] for whole requests.

mod audit_log;
mod check;
mod document;
mod drive;
mod exceptions;
mod schema;
mod undocumented;

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
};

use usher::{domain::Product, sandbox::Recorded};

use crate::products::ALL;
use document::Document;

/// How many exchanges a sandbox is to keep: more than any test has.
pub const EXCHANGES: usize = 100_000;

/// What the exchanges have in them that is not in the documents, each thing once.
pub fn faults(exchanges: &[Recorded]) -> BTreeSet<String> {
    let exceptions = exceptions::exceptions();
    let documents = ALL.iter().map(|product| (*product, Document::of(*product, &exceptions))).collect::<Vec<_>>();
    let statuses = exceptions::statuses();
    let mut found = BTreeSet::new();
    for exchange in exchanges {
        let (_, document) = documents.iter().find(|(product, _)| *product == exchange.site).expect("a document");
        found.extend(check::faults(document, &statuses, exchange));
    }
    found
}

/// All that is said when `product` is asked everything.
async fn exchanges(product: Product) -> Vec<Recorded> {
    let mut exchanges = Vec::new();
    for bench in drive::everything(product).await {
        exchanges.extend(bench.sandbox.recorded());
        bench.sandbox.record(0); // looked at by the test, and not by the bench
    }
    exchanges
}

#[tokio::test]
async fn every_request_and_every_answer_is_as_the_documents_have_it() {
    for product in ALL.iter().copied() {
        let found = faults(&exchanges(product).await);
        assert!(found.is_empty(), "{product}: {found:#?}");
    }
}

#[tokio::test]
async fn every_operation_of_the_extracts_is_made_use_of() {
    for product in ALL.iter().copied() {
        let exchanges = exchanges(product).await;
        let good = exchanges.iter().filter(|exchange| exchange.status < 300);
        let document = Document::of(product, &exceptions::exceptions());
        let path = |one: &Recorded| document.template(&one.path).unwrap_or(&one.path).to_owned();
        let made: BTreeSet<String> = good.map(|one| format!("{} {}", one.method, path(one))).collect();
        let other = undocumented::undocumented().into_iter().filter(|one| one.product == product);
        let other = other.map(|one| format!("{} {}", one.method, one.path));
        let told: BTreeSet<String> = document.operations().chain(other).collect();
        assert_eq!(made, told, "{product}: see tests/openapi/operations.json");
    }
}

#[test]
fn no_request_is_both_in_a_document_and_in_the_table_of_those_that_are_not() {
    for one in undocumented::undocumented() {
        let document = Document::of(one.product, &[]);
        assert!(document.operation(one.method, one.path).is_none(), "{} {}", one.method, one.path);
        assert!(!one.source.is_empty(), "{} {}", one.method, one.path);
    }
}

#[tokio::test]
async fn no_exception_is_without_need() {
    for product in ALL.iter().copied() {
        let exchanges = exchanges(product).await;
        let own = || exceptions::exceptions().into_iter().filter(|exception| exception.product == product);
        for left_out in 0..own().count() {
            let mut fewer: Vec<_> = own().collect();
            let exception = fewer.remove(left_out);
            let document = Document::of(product, &fewer);
            let statuses = exceptions::statuses();
            let fault = exchanges.iter().any(|one| !check::faults(&document, &statuses, one).is_empty());
            assert!(fault, "{} ({})", exception.place, exception.source);
        }
        let document = Document::of(product, &exceptions::exceptions());
        for status in exceptions::statuses().iter().filter(|status| status.product == product) {
            let fewer: Vec<_> =
                exceptions::statuses().into_iter().filter(|other| other.status != status.status).collect();
            let fault = exchanges.iter().any(|one| !check::faults(&document, &fewer, one).is_empty());
            assert!(fault, "{} ({})", status.status, status.source);
        }
    }
}

#[test]
fn the_extracts_have_the_operations_that_are_listed_and_no_others() {
    let listed: HashMap<Product, BTreeSet<String>> =
        serde_json::from_str(include_str!("../../openapi/operations.json")).expect("lists by product");
    for product in ALL.iter().copied() {
        let told: BTreeSet<String> = Document::of(product, &[]).operations().collect();
        let listed = listed.get(&product).cloned().unwrap_or_default();
        assert_eq!(listed, told, "{product}: run tests/openapi/extract.py");
    }
}

/// Where the client of a product is.
fn folder_of(product: Product) -> &'static str {
    match product {
        Product::JiraDc => "jira/data_center",
        Product::JiraCloud => "jira/cloud",
        Product::ConfluenceDc => "confluence/data_center",
        Product::ConfluenceCloud => "confluence/cloud",
        Product::BitbucketDc => "bitbucket_dc",
        Product::Crowd => "crowd",
        Product::AtlassianOrg => "atlassian_org",
    }
}

/// The text of all files in `folder` and in those inside it.
fn source_in(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
    let text = |file: PathBuf| match file.is_dir() {
        true => source_in(&file),
        false => std::fs::read_to_string(file).expect("a text"),
    };
    files.map(text).collect()
}

#[test]
fn every_path_in_the_clients_is_in_an_extract() {
    for product in ALL.iter().copied() {
        let document = Document::of(product, &[]);
        let mut known: BTreeSet<String> =
            document.operations().filter_map(|one| Some(one.split_once(' ')?.1.to_owned())).collect();
        let other = undocumented::undocumented().into_iter().filter(|one| one.product == product);
        known.extend(other.map(|one| one.path.to_owned()));
        let text = source_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/products").join(folder_of(product)));
        let is_path =
            |literal: &&str| ["rest/", "wiki/", "admin/", "users/"].iter().any(|first| literal.starts_with(first));
        let written: BTreeSet<String> = text.split('"').filter(is_path).map(|path| format!("/{path}")).collect();
        assert_eq!(written, known, "{product}: see tests/openapi/operations.json");
    }
}

#[test]
fn a_request_that_is_in_no_document_is_told() {
    let document = Document::of(Product::JiraCloud, &[]);
    let good = Recorded {
        site: Product::JiraCloud,
        method: "POST".to_owned(),
        path: "/rest/api/3/group/user".to_owned(),
        query: vec![("groupId".to_owned(), "g".to_owned())],
        body: br#"{"accountId":"a"}"#.to_vec(),
        status: 201,
        answer: Some(serde_json::json!({ "name": "x", "groupId": null })),
        fault: false,
    };
    let faults = |exchange: &Recorded| check::faults(&document, &[], exchange);
    assert_eq!(faults(&good), [""; 0]);
    let text = |text: &str| text.to_owned();
    for (bad, told) in [
        (Recorded { path: text("/rest/api/3/groups/user"), ..good.clone() }, "not in the extract"),
        (Recorded { method: text("PUT"), ..good.clone() }, "not in the extract"),
        (Recorded { query: vec![(text("group"), text("g"))], ..good.clone() }, "`group` is not in it"),
        (Recorded { query: vec![(text("groupId"), text("g")); 2], ..good.clone() }, "more than once"),
        (Recorded { body: Vec::new(), ..good.clone() }, "the body is missing"),
        (Recorded { body: b"accountId=a".to_vec(), ..good.clone() }, "no JSON"),
        (Recorded { body: br#"{"accountId":7}"#.to_vec(), ..good.clone() }, "the body: 7 is not of type"),
        (Recorded { status: 202, ..good.clone() }, "the answer 202 is not in it"),
        (Recorded { answer: Some(serde_json::json!({ "nome": "x" })), ..good.clone() }, "nome"),
        (Recorded { answer: None, ..good.clone() }, "missing, or no JSON"),
        (Recorded { status: 400, answer: Some(serde_json::json!("no")), ..good.clone() }, "the answer 400"),
    ] {
        let found = faults(&bad);
        assert!(found.iter().any(|fault| fault.contains(told)), "{told}: {found:?}");
    }
}
