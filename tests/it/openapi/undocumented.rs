//! Requests that are in no document, by name, with what says that they are so: the one table. A request that is neither in a
//! document nor here fails the tests, and so does one here that nobody makes.

use std::collections::BTreeSet;

use serde_json::Value;
use usher::{domain::Product, sandbox::Recorded};

/// A request that no document tells of.
pub struct Undocumented {
    pub product: Product,
    pub method: &'static str,
    /// Below the product's base URL.
    pub path: &'static str,
    /// The query parameters that it may have.
    query: &'static [&'static str],
    /// The fields of its body; it has none where there are none.
    body: &'static [&'static str],
    /// The statuses of good answers.
    good: &'static [u16],
    /// The fields that a good answer may have; it has no body where there are none.
    answer: &'static [&'static str],
    /// Who says so.
    pub source: &'static str,
}

const CLIENT: &str = "Crowd's own Java client, `RestCrowdClient` in crowd-integration-client-rest";
const REFERENCE: &str =
    "developer.atlassian.com/server/crowd/rest/v601/api-group-users, and CWD-4069 on jira.atlassian.com";
const USER: &[&str] = &[
    "expand",
    "link",
    "name",
    "key",
    "first-name",
    "last-name",
    "display-name",
    "email",
    "active",
    "password",
    "attributes",
];

/// Every one.
pub fn undocumented() -> Vec<Undocumented> {
    let crowd = |method, path, query, body, good, answer| Undocumented {
        product: Product::Crowd,
        method,
        path,
        query,
        body,
        good,
        answer,
        source: CLIENT,
    };
    let (none, name): (&[&str], &[&str]) = (&[], &["username"]);
    let page: &[&str] = &["groupname", "username", "start-index", "max-results", "expand"];
    let found: &[&str] = &["expand", "users", "groups"];
    let search: &[&str] = &["entity-type", "restriction", "start-index", "max-results", "expand"];
    let whole: &[&str] = &["name", "active", "first-name", "last-name", "display-name", "email"];
    vec![
        Undocumented {
            source: REFERENCE,
            ..crowd("GET", "/rest/usermanagement/1/user", &["key", "username", "expand"], none, &[200], USER)
        },
        crowd("PUT", "/rest/usermanagement/1/user", name, whole, &[204], none),
        crowd("DELETE", "/rest/usermanagement/1/user", name, none, &[204], none),
        crowd("POST", "/rest/usermanagement/1/user/rename", name, &["new-name"], &[200], USER),
        crowd("PUT", "/rest/usermanagement/1/user/password", name, &["value"], &[204], none),
        crowd("POST", "/rest/usermanagement/1/user/mail/password", name, none, &[204], none),
        crowd("GET", "/rest/usermanagement/1/user/group/direct", page, none, &[200], found),
        crowd(
            "GET",
            "/rest/usermanagement/1/group",
            &["groupname"],
            none,
            &[200],
            &["name", "link", "type", "active", "description", "attributes", "expand"],
        ),
        crowd("POST", "/rest/usermanagement/1/group/user/direct", &["groupname"], &["name"], &[201], none),
        crowd("DELETE", "/rest/usermanagement/1/group/user/direct", &["groupname", "username"], none, &[204], none),
        crowd("GET", "/rest/usermanagement/1/group/user/direct", page, none, &[200], found),
        crowd("GET", "/rest/usermanagement/1/group/user/nested", page, none, &[200], found),
        Undocumented {
            source: "developer.atlassian.com/server/crowd/rest/v603/api-group-search",
            ..crowd("GET", "/rest/usermanagement/1/search", search, none, &[200], found)
        },
    ]
}

/// The fields of a refusal.
fn refusal(product: Product) -> &'static [&'static str] {
    match product {
        Product::Crowd => &["reason", "message"],
        _ => &[],
    }
}

/// The entry that `exchange` is one of.
pub fn entry(exchange: &Recorded) -> Option<Undocumented> {
    let is_it =
        |one: &Undocumented| one.product == exchange.site && one.method == exchange.method && one.path == exchange.path;
    undocumented().into_iter().find(is_it)
}

impl Undocumented {
    /// Everything about `exchange` that is not in the entry.
    pub fn faults(&self, exchange: &Recorded) -> Vec<String> {
        let names = exchange.query.iter().map(|(name, _)| name.as_str());
        let mut found = beyond("query parameter", names, self.query);
        match (exchange.body.is_empty(), serde_json::from_slice::<Value>(&exchange.body)) {
            (true, _) if self.body.is_empty() => {}
            (true, _) => found.push("the body is missing".to_owned()),
            (false, Ok(Value::Object(fields))) if !self.body.is_empty() => {
                found.extend(beyond("field of the body", fields.keys().map(String::as_str), self.body));
            }
            (false, _) => found.push("it takes no such body".to_owned()),
        }
        if !exchange.fault {
            found.extend(self.about_answer(exchange));
        }
        found.iter().map(|fault| format!("{} {}: {fault}", self.method, self.path)).collect()
    }

    fn about_answer(&self, exchange: &Recorded) -> Vec<String> {
        let known = match exchange.status {
            status if self.good.contains(&status) => self.answer,
            400..=499 => refusal(self.product),
            status => return vec![format!("the answer {status} is not in it")],
        };
        let fields = exchange.answer.iter().flat_map(|answer| answer.as_object().into_iter().flatten());
        let mut found = beyond("field of the answer", fields.map(|(name, _)| name.as_str()), known);
        if exchange.answer.is_none() && !known.is_empty() && exchange.status < 400 {
            found.push("the answer has no body".to_owned());
        }
        found
    }
}

fn beyond<'a>(what: &str, given: impl Iterator<Item = &'a str>, known: &[&str]) -> Vec<String> {
    let unknown: BTreeSet<&str> = given.filter(|name| !known.contains(name)).collect();
    unknown.into_iter().map(|name| format!("{what} `{name}` is not in it")).collect()
}

#[test]
fn what_is_not_in_the_table_is_told() {
    let good = Recorded {
        site: Product::Crowd,
        method: "POST".to_owned(),
        path: "/rest/usermanagement/1/user/rename".to_owned(),
        query: vec![("username".to_owned(), "jane".to_owned())],
        body: br#"{"new-name":"x"}"#.to_vec(),
        status: 200,
        answer: Some(serde_json::json!({ "name": "x" })),
        fault: false,
    };
    let faults = |exchange: &Recorded| entry(exchange).expect("an entry").faults(exchange);
    assert_eq!(faults(&good), [""; 0]);
    let text = |text: &str| text.to_owned();
    for (bad, told) in [
        (Recorded { query: vec![(text("user"), text("x"))], ..good.clone() }, "query parameter `user`"),
        (Recorded { body: br#"{"newName":"x"}"#.to_vec(), ..good.clone() }, "field of the body `newName`"),
        (Recorded { body: Vec::new(), ..good.clone() }, "the body is missing"),
        (Recorded { body: b"x=y".to_vec(), ..good.clone() }, "no such body"),
        (Recorded { status: 202, ..good.clone() }, "the answer 202"),
        (Recorded { answer: None, ..good.clone() }, "no body"),
        (Recorded { answer: Some(serde_json::json!({ "nome": "x" })), ..good.clone() }, "`nome`"),
        (Recorded { status: 404, ..good.clone() }, "field of the answer `name`"),
    ] {
        let found = faults(&bad);
        assert!(found.iter().any(|fault| fault.contains(told)), "{told}: {found:?}");
    }
    assert!(entry(&Recorded { method: text("PUT"), ..good }).is_none());
}
