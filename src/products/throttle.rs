//! What an answer's headers say about pace. Pure: the time comes in, the advice goes out.
//!
//! Sources: `Retry-After` is RFC 9110 §10.2.3. Data Center: "Adjusting your code for rate limiting" on
//! confluence.atlassian.com. Cloud: developer.atlassian.com/cloud/jira/platform/rate-limiting.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};

use crate::domain::Timestamp;

/// No product is left alone for longer, whatever it says: Data Center tells an account without any quota to
/// come back in 9223372036854775807 seconds.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// What an answer says about pace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Advice {
    /// Leave the product alone this long; never zero, at most [`LONGEST_WAIT`].
    pub wait: Option<Duration>,
    /// Whether `wait` is about the thing written to alone, so that calls about others need not wait.
    pub narrow: bool,
    /// Whether little of the quota is left.
    pub near_limit: bool,
    /// The gap between calls at which what is left lasts until there is more: no need to be slower than that.
    pub slow_enough: Option<Duration>,
}

impl Advice {
    /// Reads the headers of an answer with `status` that came in at `now`.
    pub fn read(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Self {
        let quota = Quota::read(headers, now);
        Self {
            wait: retry_after(headers, now).or_else(|| quota.wait(status)),
            narrow: text(headers, "ratelimit-reason").is_some_and(|reason| reason.starts_with("jira-per-issue")),
            near_limit: quota.near_limit(),
            slow_enough: quota.spread(),
        }
    }
}

/// `Retry-After`, in seconds or as a date. Zero says nothing: Data Center sends it while there is quota left.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER.as_str())?;
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit mean "very long" too.
        return bounded(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    until(DateTime::parse_from_rfc2822(value).ok()?, now)
}

/// What is left to spend, as far as the product tells.
#[derive(Debug, Default)]
struct Quota {
    limit: Option<u64>,
    remaining: Option<u64>,
    near: bool,
    /// Cloud: time until the quota is full again.
    reset: Option<Duration>,
    /// Data Center: time in which one more call is allowed.
    refill: Option<Duration>,
}

impl Quota {
    fn read(headers: &HeaderMap, now: Timestamp) -> Self {
        let number = |name| text(headers, name)?.parse::<u64>().ok();
        let interval = number("x-ratelimit-interval-seconds").map(Duration::from_secs);
        let fill = number("x-ratelimit-fillrate").and_then(|rate| u32::try_from(rate).ok());
        Self {
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            near: text(headers, "x-ratelimit-nearlimit").is_some_and(|value| value.eq_ignore_ascii_case("true")),
            reset: text(headers, "x-ratelimit-reset").and_then(iso_8601).and_then(|at| until(at, now)),
            refill: interval.zip(fill).and_then(|(interval, fill)| interval.checked_div(fill)).and_then(bounded),
        }
    }

    /// Cloud says so itself, below a fifth; the same is taken for Data Center.
    fn near_limit(&self) -> bool {
        let scarce = |(remaining, limit): (u64, u64)| remaining <= limit / 5;
        self.near || self.remaining.zip(self.limit).is_some_and(scarce)
    }

    /// Cloud's time of reset is too coarse to wait for before a call was refused; a bucket is soon full again.
    fn wait(&self, status: StatusCode) -> Option<Duration> {
        if status == StatusCode::TOO_MANY_REQUESTS {
            return self.reset.or(self.refill);
        }
        self.refill.filter(|_| self.remaining == Some(0))
    }

    /// The gap at which the rest lasts until there is more.
    fn spread(&self) -> Option<Duration> {
        let rest = self.remaining.and_then(|left| u32::try_from(left.max(1)).ok());
        self.reset.zip(rest).map(|(reset, rest)| reset / rest).or(self.refill)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())
}

/// Cloud leaves the seconds out: `2026-03-26T16:00Z`.
fn iso_8601(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%#z")).ok()
}

fn until(at: DateTime<FixedOffset>, now: Timestamp) -> Option<Duration> {
    bounded(now.until(Timestamp::from_millis(at.timestamp_millis())))
}

fn bounded(wait: Duration) -> Option<Duration> {
    (!wait.is_zero()).then(|| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

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
        ];
        for (headers, seconds) in cases {
            assert_eq!(wait(429, headers), *seconds, "{headers:?}");
        }
    }

    #[test]
    fn a_good_answer_asks_for_a_wait_only_when_nothing_is_left_and_it_is_known_when_there_is() {
        let dc = [("x-ratelimit-interval-seconds", "60"), ("x-ratelimit-fillrate", "5")];
        assert_eq!(wait(200, &[dc[0], dc[1], ("x-ratelimit-remaining", "3")]), None);
        assert_eq!(wait(200, &[dc[0], dc[1], ("x-ratelimit-remaining", "0")]), Some(12));
        assert_eq!(wait(200, &[("retry-after", "0"), ("x-ratelimit-remaining", "5")]), None);
        assert_eq!(wait(200, &[("retry-after", "2"), ("x-ratelimit-remaining", "0")]), Some(2));
        assert_eq!(wait(200, &[("x-ratelimit-reset", "2026-03-26T16:00Z"), ("x-ratelimit-remaining", "0")]), None);
    }

    #[test]
    fn what_little_is_left_lasts_until_there_is_more() {
        let reset = ("x-ratelimit-reset", "2026-03-26T16:00Z");
        let spread = |headers: &[(&str, &str)]| advice(200, headers).slow_enough.map(|gap| gap.as_secs());
        assert_eq!(spread(&[reset, ("x-ratelimit-remaining", "10")]), Some(3));
        assert_eq!(spread(&[reset, ("x-ratelimit-remaining", "0")]), Some(30));
        assert_eq!(spread(&[reset]), None);
        assert_eq!(spread(&[("x-ratelimit-interval-seconds", "10"), ("x-ratelimit-fillrate", "5")]), Some(2));
    }

    #[test]
    fn a_fifth_or_less_is_little() {
        let near = |remaining, limit| {
            advice(200, &[("x-ratelimit-limit", limit), ("x-ratelimit-remaining", remaining)]).near_limit
        };
        assert!(near("12", "60") && near("0", "60") && near("0", "0"));
        assert!(!near("13", "60"));
        assert!(advice(200, &[("x-ratelimit-nearlimit", "true")]).near_limit);
        assert!(!advice(200, &[("x-ratelimit-nearlimit", "false")]).near_limit);
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
            proptest::prop_assert!(advice.wait.is_none_or(|wait| !wait.is_zero() && wait <= LONGEST_WAIT));
        }
    }
}
