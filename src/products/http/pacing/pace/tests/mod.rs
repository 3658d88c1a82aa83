//! The pace against simulated products, in simulated time: how long many calls take, how many are refused.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::*;

mod chance;

/// Calls under way at once, and how long each takes.
const CONCURRENCY: usize = 4;
const LATENCY: Duration = Duration::from_millis(12);

/// What a product makes of a call at that time since the start: whether it passes, and what it says.
type Product<'a> = Box<dyn FnMut(Duration) -> (bool, Advice) + 'a>;

/// How it went.
#[derive(Debug)]
struct Went {
    took: Duration,
    refused: u32,
}

/// Makes calls until `wanted` have passed, as fast as a pace configured to `per_second` lets them.
fn run(wanted: u32, per_second: f64, mut product: Product<'_>) -> Went {
    let start = Instant::now();
    let (mut now, mut pace) = (start, Pace::new(per_second, start));
    let mut under_way: BinaryHeap<Reverse<(Instant, Instant, usize)>> = BinaryHeap::new();
    let mut answers = Vec::new();
    let (mut passed, mut refused) = (0, 0);
    while passed < wanted {
        let free = if under_way.len() < CONCURRENCY { pace.take(now).err() } else { None };
        let answer = under_way.peek().map(|Reverse((at, ..))| *at);
        if free.is_none() && under_way.len() < CONCURRENCY {
            answers.push(product(now + LATENCY / 2 - start));
            under_way.push(Reverse((now + LATENCY, now, answers.len() - 1)));
            continue;
        }
        now = match (free, answer) {
            (Some(free), Some(answer)) => free.min(answer),
            (Some(at), None) | (None, Some(at)) => at,
            (None, None) => unreachable!("something is under way"),
        };
        if answer == Some(now) {
            let Reverse((_, began, nth)) = under_way.pop().expect("an answer");
            let (good, advice) = &answers[nth];
            if *good {
                passed += 1
            } else {
                refused += 1
            }
            pace.learn(began, now, !good, advice);
        }
    }
    Went { took: now - start, refused }
}

/// A bucket that gets `fill` tokens every `interval`, all at once or evenly; says so, or not.
struct Bucket {
    capacity: f64,
    fill: f64,
    interval: f64,
    at_once: bool,
    says: bool,
    tokens: f64,
    filled: f64,
}

impl Bucket {
    fn new(capacity: u32, fill: u32, interval: u32) -> Self {
        let (capacity, fill, interval) = (f64::from(capacity), f64::from(fill), f64::from(interval));
        Self { capacity, fill, interval, at_once: true, says: true, tokens: capacity, filled: 0.0 }
    }

    fn evenly(self) -> Self {
        Self { at_once: false, ..self }
    }

    fn silent(self) -> Self {
        Self { says: false, ..self }
    }

    fn per_second(&self) -> f64 {
        self.fill / self.interval
    }

    fn take(&mut self, at: Duration) -> bool {
        let mut intervals = (at.as_secs_f64() - self.filled) / self.interval;
        if self.at_once {
            intervals = intervals.floor();
        }
        self.filled += intervals * self.interval;
        self.tokens = (self.tokens + intervals * self.fill).min(self.capacity);
        let passes = self.tokens >= 1.0;
        if passes {
            self.tokens -= 1.0;
        }
        passes
    }

    fn answer(&mut self, at: Duration) -> (bool, Advice) {
        let passes = self.take(at);
        if !self.says {
            return (passes, Advice::default());
        }
        let headers = [
            ("x-ratelimit-limit", self.capacity),
            ("x-ratelimit-remaining", self.tokens.floor()),
            ("x-ratelimit-fillrate", self.fill),
            ("x-ratelimit-interval-seconds", self.interval),
            ("retry-after", if self.tokens >= 1.0 { 0.0 } else { 1.0 }),
        ];
        (passes, advice(passes, &headers.map(|(name, value)| (name, value.to_string())), at))
    }
}

/// What headers advise in an answer at that time since 1970.
fn advice(passes: bool, headers: &[(&'static str, String)], at: Duration) -> Advice {
    let headers = headers.iter().map(|(name, value)| {
        (reqwest::header::HeaderName::from_static(name), value.parse().expect("a header's value"))
    });
    let status = if passes { reqwest::StatusCode::OK } else { reqwest::StatusCode::TOO_MANY_REQUESTS };
    let now = crate::domain::Timestamp::from_millis(i64::try_from(at.as_millis()).expect("soon"));
    Advice::read(status, &headers.collect(), now)
}

/// So many calls in each window, which are told the way Cloud does.
fn window(calls: u32, seconds: u32) -> Product<'static> {
    let (mut window, mut left) = (0, calls);
    Box::new(move |at| {
        let this = u32::try_from(at.as_secs() / u64::from(seconds)).expect("soon");
        if this > window {
            (window, left) = (this, calls);
        }
        let passes = left > 0;
        left = left.saturating_sub(1);
        let end = i64::from((this + 1) * seconds);
        let end = chrono::DateTime::from_timestamp(end, 0).expect("soon").format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut headers = vec![
            ("x-ratelimit-limit", calls.to_string()),
            ("x-ratelimit-remaining", left.to_string()),
            ("x-ratelimit-reset", end),
        ];
        if !passes {
            headers.push(("retry-after", "1".to_owned()));
        }
        (passes, advice(passes, &headers, at))
    })
}

/// Checks that the calls took no longer than 1.1 times what the rate allows, with less than 0.1 % refused.
fn assert_well_mannered(what: &str, wanted: u32, per_second: f64, went: &Went) {
    let ratio = went.took.as_secs_f64() / (f64::from(wanted) / per_second);
    assert!(ratio <= 1.1 && went.refused * 1_000 < wanted, "{what}: {ratio:.3} of the floor, {went:?}");
}

#[test]
fn a_bucket_that_tells_its_rate_is_used_up_and_hardly_ever_refuses() {
    for (capacity, fill, interval) in [(60, 5, 1), (5, 5, 1), (100, 100, 60), (50, 10, 1), (2000, 200, 1), (10, 1, 1)] {
        for factor in [1.5, 3.0, 20.0] {
            for evenly in [false, true] {
                let bucket = Bucket::new(capacity, fill, interval);
                let mut bucket = if evenly { bucket.evenly() } else { bucket };
                let rate = bucket.per_second();
                let went = run(5_000, rate * factor, Box::new(|at| bucket.answer(at)));
                assert_well_mannered(&format!("{capacity}/{fill}/{interval} {factor} {evenly}"), 5_000, rate, &went);
            }
        }
    }
}

#[test]
fn cloud_windows_are_used_up_and_hardly_ever_refuse() {
    for (calls, seconds) in [(1_000, 10), (300, 60), (100, 10), (2_000, 60)] {
        for factor in [1.5, 4.0] {
            let rate = f64::from(calls) / f64::from(seconds);
            let went = run(10 * calls, rate * factor, window(calls, seconds));
            assert_well_mannered(&format!("{calls} in {seconds} s, {factor}"), 10 * calls, rate, &went);
        }
    }
}

#[test]
fn a_limit_that_nobody_tells_of_is_found_with_few_refusals() {
    for factor in [1.5, 2.5, 8.0] {
        let mut bucket = Bucket::new(50, 20, 1).evenly().silent();
        let went = run(100_000, 20.0 * factor, Box::new(|at| bucket.answer(at)));
        let ratio = went.took.as_secs_f64() / 5_000.0;
        assert!(ratio < 1.6 && went.refused < 100, "{factor}: {ratio:.2} of the floor, {went:?}");
    }
}

#[test]
fn somebody_else_who_calls_too_is_given_way() {
    let mut bucket = Bucket::new(100, 10, 1).evenly();
    let mut others = 0.0;
    let went = run(
        5_000,
        40.0,
        Box::new(|at| {
            while others < at.as_secs_f64() {
                bucket.take(Duration::from_secs_f64(others));
                others += 0.25; // four a second
            }
            bucket.answer(at)
        }),
    );
    assert_well_mannered("six are left of ten", 5_000, 6.0, &went);
}

#[test]
fn behind_a_load_balancer_each_node_tells_its_own_rest() {
    let mut nodes = [100, 100, 100].map(|capacity| Bucket::new(capacity, 10, 1).evenly());
    nodes[1].tokens = 3.0;
    let mut turn = 0;
    let went = run(
        5_000,
        40.0,
        Box::new(|at| {
            turn += 1;
            nodes[turn % 3].answer(at)
        }),
    );
    assert_well_mannered("as one of them allows", 5_000, 10.0, &went);
}

#[test]
fn what_idleness_left_over_is_used_within_the_bucket_and_never_faster_than_configured() {
    let mut bucket = Bucket::new(60, 5, 1);
    let start = Instant::now();
    let mut pace = Pace::new(100.0, start);
    pace.take(start).expect("the first");
    pace.learn(start, start, false, &bucket.answer(Duration::ZERO).1);
    let mut now = start + Duration::from_secs(60);
    let mut times = Vec::new();
    while times.len() < 30 {
        match pace.take(now) {
            Ok(()) => times.push(now),
            Err(at) => now = at,
        }
    }
    let soon = times.iter().filter(|at| **at - times[0] < Duration::from_secs(1)).count();
    assert!((13..=20).contains(&soon), "{soon}");
    assert!(times[10] - times[0] >= Duration::from_millis(95), "{times:?}");
}

#[test]
fn a_product_that_refuses_everything_for_a_while_is_soon_called_as_before() {
    let start = Instant::now();
    let (mut now, mut pace) = (start, Pace::new(10.0, start));
    let mut last_gap = Duration::ZERO;
    while now - start < Duration::from_mins(25) {
        match pace.take(now) {
            Ok(()) => {
                let refused = now - start < Duration::from_mins(10);
                pace.learn(now, now + LATENCY, refused, &Advice::default());
                last_gap = pace.learned.gap;
            }
            Err(at) => now = at,
        }
    }
    assert!(last_gap < Duration::from_millis(150), "{last_gap:?}");
}

#[test]
fn a_product_that_refuses_half_for_a_while_is_soon_called_as_before_although_its_limit_was_known_for_hours() {
    let (hours, minutes) = (Duration::from_hours(4), Duration::from_mins(3));
    let start = Instant::now();
    let (mut now, mut pace, mut calls) = (start, Pace::new(10.0, start), 0);
    let mut bucket = Bucket::new(10, 5, 1).evenly().silent();
    let mut longest = Duration::ZERO;
    while now - start < hours + minutes + Duration::from_mins(15) {
        match pace.take(now) {
            Ok(()) => {
                let at = now - start;
                let half = at > hours && at < hours + minutes && calls % 2 == 0;
                pace.learn(now, now + LATENCY, half || !bucket.take(at), &Advice::default());
                longest = longest.max(pace.learned.gap);
                calls += 1;
            }
            Err(at) => now = at,
        }
    }
    assert!(longest > Duration::from_secs(1) && longest <= LONGEST_GAP, "{longest:?}");
    assert!(pace.learned.gap < Duration::from_millis(450), "{:?}", pace.learned.gap);
}
