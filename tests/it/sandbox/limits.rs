//! Rate limits give 429 and recover, with the headers of each flavour.

use std::time::Duration;

use reqwest::{Method, Response};
use usher::{
    domain::Product,
    sandbox::{Limit, TOKEN},
};

use super::{Site, answer};

const LIMIT: Limit = Limit { capacity: 5, fill: 5, interval_seconds: 2 };

async fn ask(site: &Site) -> Response {
    site.request(Method::GET, "myself").send().await.expect("an answer")
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

/// Empties the bucket; the answer is the first refusal.
async fn exhaust(site: &Site) -> Response {
    let mut response = ask(site).await;
    for _ in 0..100 {
        if response.status() == 429 {
            break;
        }
        response = ask(site).await;
    }
    assert_eq!(response.status(), 429);
    response
}

#[tokio::test]
async fn a_limited_site_refuses_and_recovers_after_what_it_said() {
    for product in [Product::JiraDc, Product::JiraCloud] {
        let site = Site::start(product);
        site.sandbox.limit(product, Some(LIMIT));
        let refused = exhaust(&site).await;
        let wait: u64 = header(&refused, "Retry-After").and_then(|text| text.parse().ok()).expect("seconds");
        assert!((1..=2).contains(&wait), "{wait}");
        tokio::time::sleep(Duration::from_secs(wait)).await; // what the header asks of a client
        assert_eq!(ask(&site).await.status(), 200);
    }
}

#[tokio::test]
async fn data_center_tells_the_bucket_on_every_request() {
    let site = Site::start(Product::JiraDc);
    assert_eq!(header(&ask(&site).await, "X-RateLimit-Limit"), None);
    site.sandbox.limit(Product::JiraDc, Some(LIMIT));
    let names = [
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Interval-Seconds",
        "X-RateLimit-FillRate",
        "retry-after",
    ];
    let passed = ask(&site).await;
    assert_eq!(names.map(|name| header(&passed, name)), [Some("5"), Some("4"), Some("2"), Some("5"), Some("0")]);
    let refused = exhaust(&site).await;
    assert_eq!(header(&refused, "X-RateLimit-Remaining"), Some("0"));
}

#[tokio::test]
async fn cloud_tells_the_reset_and_warns_before_the_end() {
    let site = Site::start(Product::JiraCloud);
    site.sandbox.limit(Product::JiraCloud, Some(Limit { interval_seconds: 60, ..LIMIT }));
    let passed = ask(&site).await;
    assert_eq!(header(&passed, "X-RateLimit-Remaining"), Some("4"));
    assert_eq!((header(&passed, "X-RateLimit-NearLimit"), header(&passed, "Retry-After")), (None, None));
    let refused = exhaust(&site).await;
    assert_eq!(header(&refused, "X-RateLimit-NearLimit"), Some("true"));
    assert_eq!(header(&refused, "RateLimit-Reason"), Some("jira-burst-based"));
    let reset = header(&refused, "X-RateLimit-Reset").expect("a time");
    chrono::NaiveDateTime::parse_from_str(reset, "%Y-%m-%dT%H:%MZ").expect("a time to the minute");
}

#[tokio::test]
async fn a_limit_is_of_one_site_and_can_be_lifted() {
    let site = Site::start(Product::JiraDc);
    site.sandbox.limit(Product::JiraDc, Some(Limit { capacity: 0, fill: 0, interval_seconds: 1 }));
    assert_eq!(header(&ask(&site).await, "Retry-After"), Some("9223372036854775807"));
    let cloud = format!("{}/rest/api/3/myself", site.sandbox.base_url(Product::JiraCloud));
    let other = site.http.get(cloud).basic_auth("usher@sandbox.example", Some(TOKEN));
    assert_eq!(answer(other).await.0, 200);
    site.sandbox.limit(Product::JiraDc, None);
    assert_eq!(ask(&site).await.status(), 200);
}
