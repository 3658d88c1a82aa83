//! Odd input: each is refused or answered, in one shape, and nothing of it is a fault of usher.

use super::*;
use crate::{
    domain::{StepResult, Truth},
    views::{
        Filter, LetterFilter, Paging,
        testing::{decision as decision_of, letter, outcome, steps, verdict},
    },
};

/// Every list of the API, and a filter that it does not have.
const LISTS: [(&str, &str); 7] = [
    ("/api/v1/runs", "colour=red"),
    ("/api/v1/runs/e01.a/entries", "scheme=a"),
    ("/api/v1/decisions?source=acme&user=user1", "state=open"),
    ("/api/v1/dead-letters", "scheme=a"),
    ("/api/v1/sources", "state=running"),
    ("/api/v1/schemes", "source=acme"),
    ("/api/v1/products", "product=jira-dc"),
];

/// A site with something in every list.
async fn told() -> Site {
    let site = Site::start();
    let log = &site.following.log;
    for user in 0..3 {
        let (event, name) = (format!("e{user:02}"), format!("User{user}"));
        let decision = decision_of(&event, &name, user, vec![verdict("a", Truth::True, &["staff", "vpn", "mail"])]);
        log.decide(&decision);
        for step in steps(&decision) {
            log.end(&outcome(&step, StepResult::Changed, user));
            log.give_up(&letter(step.key.as_str(), &name, user));
        }
        log.decide(&decision_of(&format!("f{user:02}"), &name, user + 10, vec![]));
    }
    let is_told = |views: &Views| {
        let runs = views.runs(&Filter::default(), &Paging::default()).expect("runs").items;
        let letters = views.dead_letters(&LetterFilter::default(), &Paging::default()).expect("dead letters").items;
        (runs.len() == 3 && letters.len() == 9).then_some(())
    };
    site.following.until(is_told).await;
    site
}

fn with(uri: &str, query: &str) -> String {
    format!("{uri}{}{query}", if uri.contains('?') { '&' } else { '?' })
}

/// The `next` of the first page with one item; none where there is but one page.
async fn cursor(site: &Site, list: &str) -> Option<String> {
    let answer = site.get(&with(list, "limit=1")).await;
    assert_eq!(answer.status, StatusCode::OK, "{list}: {}", answer.text);
    answer.json()["next"].as_str().map(str::to_owned)
}

/// Asserts that it is a page, or a problem of the one shape with a text for people.
#[track_caller]
fn is_in_shape(uri: &str, answer: &TestResponse) {
    assert!(answer.status.is_success() || answer.status.is_client_error(), "{uri}: {}: {}", answer.status, answer.text);
    let body = answer.json();
    if answer.status.is_success() {
        assert!(body["items"].is_array() && (body["next"].is_string() || body["next"].is_null()), "{uri}: {body}");
        return;
    }
    assert_eq!(answer.header("content-type"), "application/problem+json", "{uri}");
    let fields: Vec<_> = body.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(fields, ["detail", "status", "title", "type"], "{uri}: {body}");
    assert_eq!(body["status"], answer.status.as_u16(), "{uri}");
    assert!(body["type"].as_str().is_some_and(|kind| kind.starts_with("urn:usher:problem:")), "{uri}: {body}");
    let detail = body["detail"].as_str().expect("text");
    assert!(!detail.is_empty() && !detail.contains("invalid type") && !detail.contains("Error("), "{uri}: {detail}");
}

#[actix_web::test]
async fn every_list_refuses_limits_and_cursors_that_are_none_and_filters_that_it_does_not_have() {
    let site = told().await;
    let limits = ["", "0", "-1", "501", "1.5", "1e2", "0x10", "%201", "99999999999999999999", "%C2%B2", "null"];
    let cursors = ["0", "xyz", "abc", "%00", "-1", "null", "0g", "ff%20", "%F0%9F%98%80"];
    for (list, foreign) in LISTS {
        let wrong = limits.iter().map(|limit| format!("limit={limit}"));
        let wrong = wrong.chain(cursors.iter().map(|cursor| format!("cursor={cursor}")));
        let more =
            [foreign, "limit=1&limit=1", "cursor=&cursor=", "Limit=1", "limit[]=1", "=", "=1", "%FF=1", "limit=%FF"];
        for query in wrong.chain(more.map(str::to_owned)) {
            let uri = with(list, &query);
            let answer = site.get(&uri).await;
            is_in_shape(&uri, &answer);
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri}");
            answer.problem(400, "bad-query");
        }
        for query in ["limit=1", "limit=500", "cursor=", "limit=00000000000000000007"] {
            let uri = with(list, query);
            let answer = site.get(&uri).await;
            assert_eq!(answer.status, StatusCode::OK, "{uri}: {}", answer.text);
            is_in_shape(&uri, &answer);
        }
    }
}

#[actix_web::test]
async fn a_cursor_of_another_list_or_of_nobody_is_refused_or_gives_a_page_and_never_more_than_once() {
    let site = told().await;
    let mut foreign = Vec::new();
    for (list, _) in LISTS {
        foreign.extend(cursor(&site, list).await);
    }
    assert!(foreign.len() >= 5, "{foreign:?}");
    let made_up =
        ["00", "ff", "0000000000000000", "ffffffffffffffff", "7fffffffffffffff", "8000000000000000", "FF00Ff00"];
    foreign.extend(made_up.map(str::to_owned));
    foreign.extend([
        "ff".repeat(8) + "fe80",
        "00".repeat(4_000),
        "ffffffffffffffff61".repeat(3),
        "0000000000000001e28082".into(),
    ]);
    for (list, _) in LISTS {
        for cursor in &foreign {
            let uri = with(list, &format!("limit=1&cursor={cursor}"));
            let answer = site.get(&uri).await;
            is_in_shape(&uri, &answer);
            // Whatever it gives, its own cursors lead to an end.
            let (mut next, mut pages) = (answer.json()["next"].as_str().map(str::to_owned), 0);
            while let Some(cursor) = next {
                let answer = site.get(&with(list, &format!("limit=1&cursor={cursor}"))).await;
                assert_eq!(answer.status, StatusCode::OK, "{list} {cursor}: {}", answer.text);
                next = answer.json()["next"].as_str().map(str::to_owned);
                pages += 1;
                assert!(pages < 50, "{uri} has no end");
            }
        }
    }
}

#[actix_web::test]
async fn a_time_that_is_none_is_refused_and_one_at_the_edge_of_time_is_not() {
    let site = told().await;
    let none = [
        "",
        "0",
        "1700000000",
        "now",
        "2026",
        "2026-11-29",
        "2026-11-29T10:00:00",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-29T25:00:00Z",
        "2026-11-29T10:00:00+25:00",
        "2026-11-29T10:00:00+02:00", // the plus is a space
        "99999-01-01T00:00:00Z",
        "2026-11-29T10:00:00Z%00",
        "%D9%A2%D9%A0%D9%A2%D9%A6-11-29T10:00:00Z",
    ];
    let edges =
        ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59Z", "2026-11-29t10:00:00z"];
    for list in ["/api/v1/runs", "/api/v1/dead-letters"] {
        for time in none {
            let uri = with(list, &format!("since={time}"));
            let answer = site.get(&uri).await;
            is_in_shape(&uri, &answer);
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri}");
            answer.problem(400, "bad-query");
        }
        for time in edges {
            let uri = with(list, &format!("since={time}"));
            let answer = site.get(&uri).await;
            assert_eq!(answer.status, StatusCode::OK, "{uri}: {}", answer.text);
            let is_past = time.starts_with("0000") || time.starts_with("1969");
            assert_eq!(answer.json()["items"].as_array().map(Vec::is_empty), Some(!is_past), "{uri}");
        }
    }
}

#[actix_web::test]
async fn texts_that_may_mean_something_to_a_database_or_a_terminal_are_looked_for_as_they_are() {
    let site = told().await;
    let texts =
        ["%25", "_", "%27%20OR%201=1--", "%00", "%1B[31m", "%E2%80%AE", "a%0Ab", "%22", "\u{5c}", "%F0%9F%92%A9", "*"];
    for text in texts.map(str::to_owned).into_iter().chain(["x".repeat(6_000)]) {
        for uri in [
            format!("/api/v1/dead-letters?reason={text}"),
            format!("/api/v1/dead-letters?user={text}"),
            format!("/api/v1/decisions?user={text}"),
            format!("/api/v1/decisions?source=acme&user={text}"),
        ] {
            let answer = site.get(&uri).await;
            assert_eq!(answer.status, StatusCode::OK, "{uri}: {}", answer.text);
            assert_eq!(answer.json()["items"], serde_json::json!([]), "{uri}");
        }
        for uri in ["runs", "runs/entries", "dead-letters", "sources", "schemes"] {
            let uri = match uri.split_once('/') {
                Some((list, end)) => format!("/api/v1/{list}/{text}/{end}"),
                None => format!("/api/v1/{uri}/{text}"),
            };
            let answer = site.get(&uri).await;
            is_in_shape(&uri, &answer);
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{uri}: {}", answer.text);
        }
    }
}

#[actix_web::test]
async fn bodies_that_are_none_are_refused_in_the_same_shape() {
    let site = told().await;
    let bodies: [&[u8]; 14] = [
        b"",
        b"null",
        b"[]",
        b"3",
        b"\"text\"",
        b"{",
        b"{}",
        b"\xff\xfe",
        b"\x00",
        b"ids: [",
        b"{\"ids\": null}",
        b"{\"ids\": [3]}",
        b"{\"filter\": {\"since\": 3}, \"limit\": 1}",
        b"{\"ids\": [\"a\"], \"limit\": 1}",
    ];
    for body in bodies {
        for uri in ["/api/v1/dead-letters/redrive", "/api/v1/schemes", "/api/v1/schemes/preview"] {
            let request = TestRequest::default().method(Method::POST).uri(uri).set_payload(body);
            let answer = site.send(request.insert_header(("Authorization", format!("Bearer {TOKEN}")))).await;
            let told = String::from_utf8_lossy(body);
            assert!([400, 422].contains(&answer.status.as_u16()), "{uri} {told}: {} {}", answer.status, answer.text);
            assert_eq!(answer.header("content-type"), "application/problem+json", "{uri} {told}");
            let problem = answer.json();
            assert_eq!(problem["problems"].is_array(), answer.status == 422, "{uri} {told}: {problem}");
            assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{uri} {told}: {problem}");
        }
    }
}

#[actix_web::test]
async fn at_a_path_that_may_be_a_schemes_the_methods_of_both_are_told() {
    let (site, bearer) = (told().await, format!("Bearer {TOKEN}"));
    for name in ["preview", "check", "next", "estimate"] {
        let uri = format!("/api/v1/schemes/{name}");
        for method in [Method::OPTIONS, Method::PATCH] {
            let answer = site.ask(method, &uri, Some(&bearer)).await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("allow")),
                (405, "GET, HEAD, PUT, DELETE, POST"),
                "{uri}"
            );
        }
        site.ask(Method::GET, &uri, Some(&bearer)).await.problem(404, "not-found");
        site.ask(Method::DELETE, &uri, Some(&bearer)).await.problem(404, "not-found");
    }
}
