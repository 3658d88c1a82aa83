//! Controls with odd input: each is refused in words, or taken and outlived.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;
use usher::domain::Product;

use super::{Site, answer, control::asked};

const DC: Product = Product::JiraDc;

/// A call to the product while something odd is in force: it may be answered, cut or kept waiting.
async fn call(site: &Site, path: &str) {
    let _whatever = timeout(Duration::from_secs(1), site.request(Method::GET, path).send()).await;
}

/// Asserts that the product answers as usual.
async fn works(site: &Site, after: &str) {
    let (status, jane) = answer(site.request(Method::GET, "user?username=jane")).await;
    assert_eq!((status, &jane["name"]), (200, &json!("jane")), "after {after}");
}

#[tokio::test]
async fn odd_faults_are_refused_or_taken_and_are_over_when_they_are_removed() {
    let site = Site::start(DC);
    let always = |effect: Value| json!({ "when": "always", "effect": effect });
    let fail =
        |status: u64| always(json!({ "fail": { "status": status, "retry_after": u64::MAX, "after_work": true } }));
    let statuses = [0, 1, 99, 100, 101, 103, 199, 204, 304, 600, 999, 1_000, 65_535, 65_536];
    let mut faults: Vec<_> = statuses.map(fail).into();
    faults.extend(statuses.map(|status| always(json!({ "licence_full": { "status": status } }))));
    faults.extend([
        always(json!({ "delay": { "millis": u64::MAX } })),
        always(json!({ "delay": { "millis": -1 } })),
        always(json!({ "too_many_requests": { "retry_after": u64::MAX } })),
        always(json!({ "too_many_requests": {} })),
        always(json!("explode")),
        always(json!(null)),
        json!({ "when": { "every": u64::MAX }, "effect": "forbidden" }),
        json!({ "when": { "next": -1 }, "effect": "forbidden" }),
        json!({ "when": { "chance": 2.0 }, "effect": "unauthorized" }),
        json!({ "when": { "chance": -1.0 }, "effect": "unauthorized" }),
        json!({ "when": "always", "effect": "hang", "site": "jira-dc", "method": "", "path": "" }),
        json!({ "when": "always", "effect": "hang", "site": "nowhere" }),
        always(json!({ "list": { "page_at_most": 0 } })),
        always(json!({ "list": { "ends_at": usize::MAX } })),
        always(json!({ "list": "offset_times_size" })),
        always(json!({ "list": { "slow_over": { "size": 0, "millis": u64::MAX } } })),
        always(json!({ "list": { "unreadable": { "at": usize::MAX, "how": "no_id" } } })),
        json!([]),
        json!("always"),
    ]);
    for fault in faults {
        let (status, text) = asked(&site, Method::POST, "faults", fault.clone()).await;
        assert!([200, 400].contains(&status) && !text.is_empty(), "{fault}: {status} {text}");
        call(&site, "user?username=jane").await;
        call(&site, "user/search?username=.").await;
        call(&site, &format!("user/search?username=.&startAt={0}&maxResults={0}", i64::MAX)).await;
        assert_eq!(asked(&site, Method::DELETE, "faults", json!(null)).await.0, 200, "{fault}");
        works(&site, &fault.to_string()).await;
    }
}

#[tokio::test]
async fn odd_limits_and_manners_are_refused_or_taken_and_over_when_they_are_lifted() {
    let site = Site::start(DC);
    let most = u32::MAX;
    for limit in [
        json!({ "capacity": 0, "fill": 0, "interval_seconds": 0 }),
        json!({ "capacity": most, "fill": most, "interval_seconds": most }),
        json!({ "capacity": 1, "fill": most, "interval_seconds": 0 }),
        json!({ "capacity": -1, "fill": 1, "interval_seconds": 1 }),
        json!({ "capacity": 1.5, "fill": 1, "interval_seconds": 1 }),
        json!({ "capacity": 4_294_967_296_u64, "fill": 1, "interval_seconds": 1 }),
        json!({}),
        json!(7),
    ] {
        let (status, text) = asked(&site, Method::PUT, "limits?site=jira-dc", limit.clone()).await;
        assert!([200, 400].contains(&status) && !text.is_empty(), "{limit}: {status} {text}");
        call(&site, "user?username=jane").await;
        assert_eq!(asked(&site, Method::DELETE, "limits?site=jira-dc", json!(null)).await.0, 200, "{limit}");
        works(&site, &limit.to_string()).await;
    }
    for manners in [
        json!({ "clock_off": i64::MIN, "late": u64::MAX, "page": 0, "repeat": usize::MAX, "empty": u64::MAX }),
        json!({ "clock_off": i64::MAX, "late": 0, "page": usize::MAX, "repeat": 1, "expire": u64::MAX }),
        json!({ "late": -1 }),
    ] {
        let (status, text) = asked(&site, Method::PUT, "manners?site=jira-dc", manners.clone()).await;
        assert!([200, 400].contains(&status) && !text.is_empty(), "{manners}: {status} {text}");
        let audit = "audit?site=jira-dc&happened=created&user=id:jane";
        for path in
            [audit.to_owned(), format!("{audit}&at=9999-12-31T23:59:59Z"), format!("{audit}&at=0000-01-01T00:00:00Z")]
        {
            let (status, text) = asked(&site, Method::POST, &path, json!(null)).await;
            assert_eq!(status, 200, "{manners}, {path}: {text}");
        }
        for from in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            let url = format!("{}/rest/auditing/1.0/events?from={from}&limit=2", site.sandbox.base_url(DC));
            let request = site.http.get(url).bearer_auth(usher::sandbox::TOKEN);
            let (status, page) = answer(request).await;
            assert!((200..500).contains(&status), "{manners}: {status} {page}");
        }
        works(&site, &manners.to_string()).await;
    }
}

#[tokio::test]
async fn odd_sites_users_and_groups_are_refused_or_kept_as_they_are() {
    let site = Site::start(DC);
    for (method, path) in [
        (Method::GET, "users"),
        (Method::GET, "users?site="),
        (Method::GET, "users?site=jira"),
        (Method::GET, "users?site=jira-dc&site=jira-dc"),
        (Method::GET, "journal?after=-1"),
        (Method::GET, "journal?after=99999999999999999999"),
        (Method::DELETE, "users?site=jira-dc"),
        (Method::DELETE, "groups?site=jira-dc"),
        (Method::PUT, "members?site=jira-dc&user=id:jane"),
        (Method::PUT, "issues?site=jira-dc&key=A-1&done=maybe"),
        (Method::POST, "audit?site=jira-dc&happened=exploded&user=id:jane"),
        (Method::POST, "audit?site=jira-dc&happened=created&user=id:jane&at=tomorrow"),
    ] {
        let (status, text) = asked(&site, method.clone(), path, json!(null)).await;
        assert!(status == 400 && !text.is_empty(), "{method} {path}: {status} {text}");
    }
    for (method, path) in [(Method::DELETE, "faults/none"), (Method::DELETE, "faults/-1"), (Method::PUT, "nothing")] {
        assert_eq!(asked(&site, method, path, json!(null)).await.0, 404, "{path}");
    }
    for name in ["", " ", "\u{0}", "a/b", "ä ü", "x\r\ny: z", &"n".repeat(100_000)] {
        assert_eq!(asked(&site, Method::PUT, "groups?site=jira-dc", json!([name])).await.0, 200, "{name:?}");
        let account = json!([{ "id": format!("id:{name}"), "name": name, "display_name": name, "email": name }]);
        assert_eq!(asked(&site, Method::PUT, "users?site=jira-dc", account).await.0, 200, "{name:?}");
    }
    call(&site, "user/search?username=.&maxResults=1000").await;
    works(&site, "odd names").await;
    for (crowd, expected) in [
        (json!({ "count": u64::MAX, "account": { "id": "C{n}" } }), 400),
        (json!({ "count": -1, "account": { "id": "C{n}" } }), 400),
        (json!({ "count": 3, "account": {} }), 400),
        (json!({ "count": 0, "account": { "id": "C{n}" } }), 200),
        (json!({ "count": 3, "first": u64::MAX, "account": { "id": "C{n}" } }), 200),
        (json!({ "count": 3, "account": { "id": "all the same" } }), 200),
    ] {
        let (status, text) = asked(&site, Method::PUT, "crowd?site=jira-dc", crowd.clone()).await;
        assert_eq!(status, expected, "{crowd}: {text}");
        works(&site, &crowd.to_string()).await;
    }
}
