//! Rate limits: a token bucket per site.

use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

/// A token bucket, in the terms of Data Center's headers: `fill` tokens are added every `interval_seconds`, all at
/// once. If they fill it to `capacity`, it works as in Cloud: a number of calls in each window.
///
/// Source: "HTTP headers" of rate limiting on confluence.atlassian.com ("a batch of new tokens every time interval").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The number of requests at once; 0 never lets a request through.
    pub capacity: u32,
    /// The number of tokens added in an interval; may be 0.
    pub fill: u32,
    /// The interval. It begins when the time since 1970 is a multiple of it.
    pub interval_seconds: u32,
}

/// The result for one request, with the values of the headers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::sandbox) struct TokenState {
    pub limit: Limit,
    /// Whole tokens left.
    pub remaining: u32,
    /// Whole seconds until there is a token; 0 while there are any.
    pub retry_after: u64,
    /// Time until more tokens come back.
    pub more_in: Duration,
    /// Whether this request got one.
    pub passed: bool,
}

impl TokenState {
    /// Whether less than a fifth is left, which Cloud warns of.
    pub fn near_limit(&self) -> bool {
        u64::from(self.remaining) * 5 < u64::from(self.limit.capacity)
    }
}

/// The `Retry-After` that a client has seen for an account without any quota.
const NEVER: u64 = i64::MAX as u64;

/// The bucket itself.
pub(in crate::sandbox) struct Bucket {
    limit: Limit,
    tokens: u32,
    /// When the interval began.
    filled: Instant,
}

impl Bucket {
    /// A full one, whose interval begins now.
    pub fn new(limit: Limit, now: Instant) -> Self {
        Self { limit, tokens: limit.capacity, filled: now }
    }

    /// A full one, whose interval began when it does by the clock, which shows `time` now.
    pub fn by_the_clock(limit: Limit, now: Instant, time: SystemTime) -> Self {
        let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let bucket = Self::new(limit, now);
        let begun = Duration::from_nanos((since_1970.as_nanos() % bucket.interval().as_nanos()) as u64);
        Self { filled: now.checked_sub(begun).unwrap_or(now), ..bucket }
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self, now: Instant) -> TokenState {
        self.fill(now);
        let passed = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        let more_in = self.interval().saturating_sub(now.saturating_duration_since(self.filled));
        let retry_after = match self.tokens {
            1.. => 0,
            0 if self.limit.capacity == 0 || self.limit.fill == 0 => NEVER,
            0 => more_in.as_secs() + u64::from(more_in.subsec_nanos() > 0),
        };
        TokenState { limit: self.limit, remaining: self.tokens, retry_after, more_in, passed }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(u64::from(self.limit.interval_seconds.max(1)))
    }

    fn fill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.filled);
        let intervals = (elapsed.as_nanos() / self.interval().as_nanos()) as u32; // not in 136 years
        self.filled += self.interval() * intervals;
        self.tokens = self.tokens.saturating_add(self.limit.fill.saturating_mul(intervals)).min(self.limit.capacity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_empties_tells_how_long_to_wait_and_fills_again() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Limit { capacity: 2, fill: 1, interval_seconds: 5 }, start);
        let first = bucket.take(start);
        assert_eq!((first.passed, first.remaining, first.retry_after), (true, 1, 0));
        let second = bucket.take(start);
        assert_eq!((second.passed, second.remaining, second.retry_after), (true, 0, 5));
        assert!(!bucket.take(start + Duration::from_secs(2)).passed);
        assert_eq!(bucket.take(start + Duration::from_secs(2)).retry_after, 3);
        assert!(bucket.take(start + Duration::from_secs(5)).passed);
    }

    #[test]
    fn it_never_holds_more_than_its_capacity() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Limit { capacity: 1, fill: 100, interval_seconds: 1 }, start);
        assert_eq!(bucket.take(start + Duration::from_secs(60)).remaining, 0);
    }

    #[test]
    fn tokens_come_back_all_at_once_and_by_the_clock() {
        let (now, time) = (Instant::now(), SystemTime::UNIX_EPOCH + Duration::from_millis(1_000_007_500));
        let mut bucket = Bucket::by_the_clock(Limit { capacity: 3, fill: 3, interval_seconds: 10 }, now, time);
        let left = [0, 1, 2_400, 2_500, 2_600].map(|millis| bucket.take(now + Duration::from_millis(millis)));
        assert_eq!(left.map(|standing| standing.remaining), [2, 1, 0, 2, 1]);
        assert_eq!(left.map(|standing| standing.more_in.as_millis()), [2_500, 2_499, 100, 10_000, 9_900]);
    }

    #[test]
    fn without_quota_the_wait_is_endless() {
        let now = Instant::now();
        let standing = Bucket::new(Limit { capacity: 0, fill: 0, interval_seconds: 0 }, now).take(now);
        assert_eq!((standing.passed, standing.retry_after), (false, 9_223_372_036_854_775_807));
    }

    #[test]
    fn near_the_limit_means_less_than_a_fifth_left() {
        let limit = Limit { capacity: 10, fill: 1, interval_seconds: 1 };
        let with = |remaining| {
            TokenState { limit, remaining, retry_after: 0, more_in: Duration::ZERO, passed: true }.near_limit()
        };
        assert!(!with(2) && with(1) && with(0));
    }
}
