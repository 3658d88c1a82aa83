//! Headers that tell of times.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use reqwest::header::HeaderMap;

use super::bounds::MAX_WAIT;
use crate::domain::Timestamp;

/// The value of a header, where it says something.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim).filter(|value| !value.is_empty())
}

/// The time until `at`; none where that is over.
pub(super) fn until(at: DateTime<FixedOffset>, now: Timestamp) -> Option<Duration> {
    bounded(now.until(Timestamp::from_millis(at.timestamp_millis())))
}

/// A time that can be waited: not zero, and not too long.
pub(super) fn bounded(wait: Duration) -> Option<Duration> {
    (!wait.is_zero()).then(|| wait.min(MAX_WAIT))
}
