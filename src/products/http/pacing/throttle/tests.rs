use reqwest::header::{HeaderName, HeaderValue};

use super::*;
use crate::products::http::pacing::bounds::MAX_WAIT;

/// 2026-03-26T15:59:30Z
const NOW: &str = "2026-03-26T15:59:30Z";

fn advice(status: u16, headers: &[(&str, &str)]) -> Advice {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect();
    Advice::read(StatusCode::from_u16(status).unwrap(), &headers, NOW.parse().unwrap())
}

fn wait(status: u16, headers: &[(&str, &str)]) -> Option<u64> {
    advice(status, headers).wait.map(|wait| wait.as_secs())
}

#[test]
fn retry_after_is_read_in_all_its_forms_and_never_believed_beyond_a_bound() {
    for (value, seconds) in [
        ("7", Some(7)),
        (" 7 ", Some(7)),
        ("0", None),
        ("900", Some(900)),
        ("901", Some(900)),
        ("9223372036854775807", Some(900)),
        ("99999999999999999999999999", Some(900)),
        ("Thu, 26 Mar 2026 16:00:00 GMT", Some(30)),
        ("Thu, 26 Mar 2026 15:00:00 GMT", None),
        ("Fri, 26 Mar 9999 15:00:00 GMT", Some(900)),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
    ] {
        assert_eq!(wait(429, &[("retry-after", value)]), seconds, "{value}");
        assert_eq!(wait(503, &[("retry-after", value)]), seconds, "{value}");
        assert_eq!(wait(200, &[("retry-after", value)]), None, "{value}");
    }
}

#[test]
fn without_retry_after_the_other_headers_say_how_long() {
    let dc = [("x-ratelimit-interval-seconds", "60"), ("x-ratelimit-fillrate", "5")];
    let cloud = ("x-ratelimit-reset", "2026-03-26T16:00Z");
    let cases: &[(&[_], _)] = &[
        (&[], None),
        (&dc, Some(12)),
        (&[dc[0], dc[1], ("retry-after", "0")], Some(12)),
        (&[dc[0], dc[1], ("retry-after", "3")], Some(3)),
        (&[dc[0], ("x-ratelimit-fillrate", "0")], None),
        (&[("x-ratelimit-interval-seconds", "9223372036854775807"), dc[1]], Some(900)),
        (&[dc[0], ("x-ratelimit-fillrate", "99999999999999999999")], None),
        (&[dc[0]], None),
        (&[cloud], Some(30)),
        (&[("x-ratelimit-reset", "2026-03-26T16:00:10Z")], Some(40)),
        (&[("x-ratelimit-reset", "2026-03-26T17:00+01:00")], Some(30)),
        (&[("x-ratelimit-reset", "2026-03-26T15:59Z")], None),
        (&[("x-ratelimit-reset", "1774540800")], None),
        (&[("ratelimit", r#""default";r=0;t=8"#)], Some(8)),
        (&[("ratelimit-remaining", "0"), ("ratelimit-reset", "8")], Some(8)),
        (&[("beta-retry-after", "9"), ("x-beta-ratelimit-reset", "2026-03-26T16:00Z")], None),
    ];
    for (headers, seconds) in cases {
        assert_eq!(wait(429, headers), *seconds, "{headers:?}");
    }
}

#[test]
fn a_good_answer_asks_for_a_wait_only_when_nothing_is_left_and_it_is_known_when_there_is() {
    let dc = [("x-ratelimit-interval-seconds", "60"), ("x-ratelimit-fillrate", "5"), ("x-ratelimit-limit", "60")];
    let dc = |left, retry_after| {
        wait(200, &[dc[0], dc[1], dc[2], ("x-ratelimit-remaining", left), ("retry-after", retry_after)])
    };
    assert_eq!((dc("3", "0"), dc("0", "0"), dc("0", "20")), (None, Some(12), Some(20)));
    assert_eq!(wait(200, &[("retry-after", "0"), ("x-ratelimit-remaining", "5")]), None);
    assert_eq!(wait(200, &[("retry-after", "2"), ("x-ratelimit-remaining", "0")]), Some(2));
    assert_eq!(wait(200, &[("x-ratelimit-reset", "2026-03-26T16:00Z"), ("x-ratelimit-remaining", "0")]), None);
    assert_eq!(wait(200, &[("ratelimit", r#""default";r=0;t=8"#)]), Some(8));
    assert_eq!(wait(202, &[("retry-after", "5")]), None, "when to ask for the result, say");
}

#[test]
fn points_in_time_are_by_the_products_clock_where_it_is_another() {
    let reset = ("x-ratelimit-reset", "2026-03-26T16:00Z");
    for (date, seconds) in [
        ("Thu, 26 Mar 2026 15:59:29 GMT", 30), // ours, rounded
        ("Thu, 26 Mar 2026 15:59:50 GMT", 10),
        ("Thu, 26 Mar 2026 15:57:00 GMT", 180),
        ("yesterday", 30),
    ] {
        assert_eq!(wait(429, &[("date", date), reset]), Some(seconds), "{date}");
        assert_eq!(wait(429, &[("date", date), ("retry-after", "7")]), Some(7), "{date}");
    }
}

#[test]
fn a_limit_on_writing_one_issue_does_not_concern_other_calls() {
    let reason = |value| advice(429, &[("ratelimit-reason", value), ("retry-after", "5")]);
    assert!(reason("jira-per-issue-on-write").narrow);
    for wide in ["jira-burst-based", "jira-quota-tenant-based", "something-new"] {
        assert!(!reason(wide).narrow, "{wide}");
    }
}

proptest::proptest! {
    #[test]
    fn no_header_asks_for_no_wait_at_all_or_for_too_long_a_one(
        status in 200u16..600, retry in "[0-9]{0,30}|.{0,20}", reset in "[0-9TZ:+-]{0,24}",
        remaining in "[0-9]{0,22}", interval in "[0-9]{0,22}", fill in "[0-9]{0,22}",
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("retry-after", retry), ("x-ratelimit-reset", reset), ("x-ratelimit-remaining", remaining),
            ("x-ratelimit-interval-seconds", interval), ("x-ratelimit-fillrate", fill),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        let advice = Advice::read(StatusCode::from_u16(status).unwrap(), &headers, NOW.parse().unwrap());
        proptest::prop_assert!(advice.wait.is_none_or(|wait| !wait.is_zero() && wait <= MAX_WAIT));
    }
}
