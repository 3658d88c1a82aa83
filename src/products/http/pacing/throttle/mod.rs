//! The information of an answer's headers about the pace. Pure: the time comes in, the advice goes out.
//!
//! `Retry-After` is RFC 9110 §10.2.3; the quota is read in [`super::quota`].

use std::time::Duration;

use chrono::DateTime;
use reqwest::{
    StatusCode,
    header::{DATE, HeaderMap, RETRY_AFTER},
};

use super::{
    headers::{bounded, text, until},
    quota::{Quota, Told},
};
use crate::domain::Timestamp;

/// A product's clock that is further off than this is not ours. `Date` is of whole seconds.
const SAME_CLOCK: Duration = Duration::from_secs(2);

/// The information of an answer about the pace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::products) struct Advice {
    /// Leave the product alone this long; never zero, at most [`MAX_WAIT`](super::bounds::MAX_WAIT).
    pub wait: Option<Duration>,
    /// Whether `wait` is about the thing written to alone, so that calls about others need not wait.
    pub narrow: bool,
    /// The quota.
    pub quota: Quota,
}

impl Advice {
    /// Reads the headers of an answer with `status` that came in at `now`.
    pub fn read(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Self {
        let now = by_their_clock(headers, now);
        let told = Told::read(headers, now);
        let wait = if status == StatusCode::TOO_MANY_REQUESTS {
            retry_after(headers, now).or(told.more).or(told.whole)
        } else if status.is_server_error() {
            retry_after(headers, now)
        } else if told.empty {
            retry_after(headers, now).or(told.more)
        } else {
            None // a good answer may name a time to come back for something else
        };
        let narrow = text(headers, "ratelimit-reason").is_some_and(|reason| reason.starts_with("jira-per-issue"));
        Self { wait, narrow, quota: told.quota }
    }
}

/// Reads `Retry-After`, in seconds or as a date. Zero is ignored, because Data Center sends it while there is quota
/// left.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER.as_str())?;
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit mean "very long" too.
        return bounded(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    until(DateTime::parse_from_rfc2822(value).ok()?, now)
}

/// The time as the product has it: points in time that it names are by its own clock.
fn by_their_clock(headers: &HeaderMap, now: Timestamp) -> Timestamp {
    let date = text(headers, DATE.as_str()).and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    let theirs = date.map(|date| Timestamp::from_millis(date.timestamp_millis()));
    theirs.filter(|theirs| now.until(*theirs).max(theirs.until(now)) > SAME_CLOCK).unwrap_or(now)
}

#[cfg(test)]
mod tests;
