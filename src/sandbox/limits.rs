//! Rate limits: a token bucket per site.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A token bucket, in the terms of Data Center's headers: `fill` tokens come back every `interval_seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// How many requests may come at once; 0 lets nothing through, ever.
    pub capacity: u32,
    /// How many tokens come back in an interval; 0 for none.
    pub fill: u32,
    /// The interval.
    pub interval_seconds: u32,
}

/// What became of one request's token, and what the headers tell about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Standing {
    pub limit: Limit,
    /// Whole tokens left.
    pub remaining: u32,
    /// Whole seconds until there is a token; 0 while there are any.
    pub retry_after: u64,
    /// Whether this request got one.
    pub passed: bool,
}

impl Standing {
    /// Whether less than a fifth is left, which Cloud warns of.
    pub fn near_limit(&self) -> bool {
        u64::from(self.remaining) * 5 < u64::from(self.limit.capacity)
    }
}

/// What a client has seen as `Retry-After` of an account without any quota.
const NEVER: u64 = i64::MAX as u64;

/// The bucket itself.
pub(super) struct Bucket {
    limit: Limit,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// A full one.
    pub fn new(limit: Limit, now: Instant) -> Self {
        Self { limit, tokens: f64::from(limit.capacity), filled: now }
    }

    /// Takes a token, where there is one.
    pub fn take(&mut self, now: Instant) -> Standing {
        self.fill(now);
        let passed = self.tokens >= 1.0;
        if passed {
            self.tokens -= 1.0;
        }
        let remaining = self.tokens.floor() as u32;
        let retry_after = if remaining > 0 { 0 } else { self.seconds_to_a_token() };
        Standing { limit: self.limit, remaining, retry_after, passed }
    }

    fn per_second(&self) -> f64 {
        f64::from(self.limit.fill) / f64::from(self.limit.interval_seconds.max(1))
    }

    fn fill(&mut self, now: Instant) {
        let elapsed: Duration = now.saturating_duration_since(self.filled);
        let full = f64::from(self.limit.capacity);
        self.tokens = (self.tokens + elapsed.as_secs_f64() * self.per_second()).min(full);
        self.filled = now;
    }

    fn seconds_to_a_token(&self) -> u64 {
        if self.limit.capacity == 0 || self.limit.fill == 0 {
            return NEVER;
        }
        ((1.0 - self.tokens) / self.per_second()).ceil() as u64
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
    fn without_quota_the_wait_is_endless() {
        let now = Instant::now();
        let standing = Bucket::new(Limit { capacity: 0, fill: 0, interval_seconds: 0 }, now).take(now);
        assert_eq!((standing.passed, standing.retry_after), (false, 9_223_372_036_854_775_807));
    }

    #[test]
    fn near_the_limit_means_less_than_a_fifth_left() {
        let limit = Limit { capacity: 10, fill: 1, interval_seconds: 1 };
        let with = |remaining| Standing { limit, remaining, retry_after: 0, passed: true }.near_limit();
        assert!(!with(2) && with(1) && with(0));
    }
}
