//! Facts about a call that its result does not have: whether it was begun, whether anybody answered, whose clock differs.
//!
//! An observation belongs to the task, as a [clearance](super::clearance) does, so no method has to pass it on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::DateTime;
use reqwest::header::{AGE, DATE, HeaderMap};

use crate::domain::Timestamp;

/// The facts about the calls of one task so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observed {
    /// Whether a call was begun: its turn had come.
    pub begun: bool,
    /// Whether an HTTP answer came, whoever sent it.
    pub answered: bool,
    /// Whether a connection failed because of its encryption.
    pub encryption_failed: bool,
    /// By how many milliseconds the clock of the last sender is ahead of this machine's; none if no answer told its time.
    pub clock_ahead: Option<i64>,
}

/// Notes the facts about calls.
#[derive(Debug, Clone, Default)]
pub struct Observation(Arc<Mutex<Observed>>);

tokio::task_local! {
    static OBSERVATION: Observation;
}

impl Observation {
    /// Does `work` and notes the facts about the calls in it.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        OBSERVATION.scope(self.clone(), work).await
    }

    /// The facts so far; also if the work was dropped.
    pub fn so_far(&self) -> Observed {
        *self.facts()
    }

    fn facts(&self) -> MutexGuard<'_, Observed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}

fn note(change: impl FnOnce(&mut Observed)) {
    // An error says that nobody observes this task.
    let _unobserved = OBSERVATION.try_with(|observation| change(&mut observation.facts()));
}

/// The turn of a call has come.
pub(super) fn begun() {
    note(|facts| facts.begun = true);
}

/// A connection failed because of its encryption.
pub(super) fn encryption_failed() {
    note(|facts| facts.encryption_failed = true);
}

/// An answer with `headers` came between `asked` and `now`.
pub(super) fn answered(headers: &HeaderMap, asked: Timestamp, now: Timestamp) {
    note(|facts| {
        facts.answered = true;
        facts.clock_ahead = clock_ahead(headers, asked, now).or(facts.clock_ahead);
    });
}

/// The difference by the header `Date`. The answer of a cache has the time of an earlier one.
fn clock_ahead(headers: &HeaderMap, asked: Timestamp, now: Timestamp) -> Option<i64> {
    if headers.contains_key(AGE) {
        return None;
    }
    let date = DateTime::parse_from_rfc2822(headers.get(DATE)?.to_str().ok()?.trim()).ok()?;
    // The header is cut to the second; the answer was written in the middle of the call, about.
    let written = date.timestamp_millis().saturating_add(500);
    let middle = asked.as_millis() + (now.as_millis() - asked.as_millis()) / 2;
    Some(written.saturating_sub(middle))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_difference_is_that_to_the_middle_of_the_call() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (asked, now) = (at("2026-03-26T16:00:00Z"), at("2026-03-26T16:00:01Z"));
        let ahead = |date: &'static str| clock_ahead(&headers(&[("date", date)]), asked, now);
        assert_eq!(ahead("Thu, 26 Mar 2026 16:00:00 GMT"), Some(0));
        assert_eq!(ahead("Thu, 26 Mar 2026 16:02:00 GMT"), Some(120_000));
        assert_eq!(ahead("Thu, 26 Mar 2026 15:58:00 GMT"), Some(-120_000));
        for odd in ["", "yesterday", "2026-03-26T16:00:00Z", "0"] {
            assert_eq!(ahead(odd), None, "{odd}");
        }
        let cached = headers(&[("date", "Thu, 26 Mar 2026 15:00:00 GMT"), ("age", "3600")]);
        assert_eq!(clock_ahead(&cached, asked, now), None);
        assert_eq!(clock_ahead(&headers(&[]), asked, now), None);
    }

    #[tokio::test]
    async fn only_the_calls_of_the_task_are_noted() {
        let observation = Observation::default();
        begun();
        assert_eq!(observation.so_far(), Observed::default());
        observation.during(async { begun() }).await;
        assert!(observation.so_far().begun && !observation.so_far().answered);
    }
}
