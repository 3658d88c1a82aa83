//! What a product tells of how much may be called, in three dialects. Pure: the time comes in.
//!
//! * Data Center: a bucket that fills steadily ("Adjusting your code for rate limiting" on confluence.atlassian.com).
//! * Cloud: a rest that lasts until a point in time (developer.atlassian.com/cloud/jira/platform/rate-limiting).
//! * The IETF's drafts "RateLimit header fields for HTTP", as separate fields and as one structured field, each with
//!   policies or without.
//!
//! Headers that only announce future limits (`Beta-…`, `X-Beta-…`) have other names and are not read.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use reqwest::header::HeaderMap;

use super::{
    bounds::DAY,
    headers::{bounded, text, until},
};
use crate::domain::Timestamp;

/// The effect of the quota on the pace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::products) enum Quota {
    /// No quota is announced.
    #[default]
    Untold,
    /// The product's rate is known.
    Steady {
        /// Between two calls; can be kept up for ever.
        gap: Duration,
        /// The number of calls that may make up for idle time.
        burst: u32,
    },
    /// There is a rest, which is to last until there is more.
    Rest {
        /// Whether it is little: a fifth or less.
        scarce: bool,
        /// Between two calls; at this gap it lasts.
        gap: Option<Duration>,
    },
}

/// All quotas in one answer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    pub quota: Quota,
    /// Whether nothing is left, and that would not happen at the right pace.
    pub empty: bool,
    /// Time until one more call is allowed.
    pub more: Option<Duration>,
    /// Time until the quota is whole again; only roughly right.
    pub whole: Option<Duration>,
}

impl Told {
    /// Reads the headers of an answer that came in at `now`, by the product's clock.
    pub fn read(headers: &HeaderMap, now: Timestamp) -> Self {
        bucket(headers).or_else(|| drafts(headers)).unwrap_or_else(|| rest(headers, now))
    }
}

/// Data Center: `X-RateLimit-FillRate` tokens come every `X-RateLimit-Interval-Seconds`, in one go.
fn bucket(headers: &HeaderMap) -> Option<Told> {
    let number = |name| number(text(headers, name)?);
    let (interval, fill) = (number("x-ratelimit-interval-seconds")?, number("x-ratelimit-fillrate")?);
    let (capacity, left) = (number("x-ratelimit-limit"), number("x-ratelimit-remaining"));
    // At the right pace, no more than one interval's tokens are ever missing. Where more are, somebody else calls too.
    let reserve = capacity.unwrap_or(0).saturating_sub(fill);
    let empty = left == Some(0) && (reserve > 0 || fill == 0);
    let Some(gap) = each(interval, fill) else { return Some(Told { empty, ..Told::default() }) };
    let short = left.filter(|left| *left < reserve / 2).map_or(0.0, |left| 1.0 - left as f64 / (reserve / 2) as f64);
    let burst = u32::try_from(reserve / 4).unwrap_or(u32::MAX);
    let quota = Quota::Steady { gap: gap.mul_f64(1.0 + short), burst };
    Some(Told { quota, empty, more: Some(gap), whole: None })
}

/// Cloud: `X-RateLimit-Remaining` calls until `X-RateLimit-Reset`, a time in ISO 8601, mostly to the minute.
fn rest(headers: &HeaderMap, now: Timestamp) -> Told {
    let number = |name| number(text(headers, name)?);
    let (limit, left) = (number("x-ratelimit-limit"), number("x-ratelimit-remaining"));
    let warned = text(headers, "x-ratelimit-nearlimit").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let reset = reset(headers);
    if left.is_none() && reset.is_none() && !warned {
        return Told::default();
    }
    let whole = reset.and_then(|at| until(at, now));
    if reset.is_some() && whole.is_none() {
        // That time is over, and what was left then says nothing.
        return Told { quota: Quota::Rest { scarce: false, gap: None }, ..Told::default() };
    }
    let scarce = warned || limit.zip(left).is_some_and(|(limit, left)| left <= limit / 5);
    let gap = whole.zip(left).map(|(whole, left)| whole.div_f64(left.max(1) as f64));
    Told { quota: Quota::Rest { scarce, gap }, empty: left == Some(0), more: None, whole }
}

/// Cloud leaves the seconds out: `2026-03-26T16:00Z`.
fn reset(headers: &HeaderMap) -> Option<DateTime<FixedOffset>> {
    let text = text(headers, "x-ratelimit-reset")?;
    DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%#z")).ok()
}

/// The drafts: `RateLimit: "a";r=50;t=30` with `RateLimit-Policy: "a";q=100;w=60`, or `RateLimit-Remaining: 50` and
/// `RateLimit-Reset: 30` with `RateLimit-Limit: 100, 100;w=60`. Of several quotas the strictest counts.
fn drafts(headers: &HeaderMap) -> Option<Told> {
    let lists = |name| headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).flat_map(items);
    let policies: Vec<_> = lists("ratelimit-policy").chain(lists("ratelimit-limit")).collect();
    let rests = lists("ratelimit").filter_map(|item| Some((item.number("r")?, item.number("t"))));
    let apart = || {
        let single = |name| lists(name).next().and_then(|item| number(item.value));
        single("ratelimit-remaining").map(|left| (left, single("ratelimit-reset")))
    };
    let lasts = |(left, reset): &(u64, Option<u64>)| reset.unwrap_or(0) as f64 / *left as f64;
    let rest = rests.max_by(|a, b| lasts(a).total_cmp(&lasts(b))).or_else(apart);
    let steady = policies.iter().filter_map(|policy| each(policy.number("w")?, policy.limit()?)).max();
    let limit = policies.iter().filter_map(Item::limit).min();
    if steady.is_none() && rest.is_none() {
        return None;
    }
    // Some servers tell the time of the reset, in seconds since 1970, in place of the time until then.
    let window = policies.iter().filter_map(|policy| policy.number("w")).max();
    let rest = rest.map(|(left, reset)| {
        let reset = match window {
            Some(window) => reset.map(|reset| reset.min(window)),
            None => reset.filter(|reset| *reset <= DAY.as_secs()),
        };
        (left, reset)
    });
    let gap = rest.and_then(|(left, reset)| each(reset?, left));
    let more = rest.and_then(|(_, reset)| bounded(Duration::from_secs(reset?)));
    let left = rest.map(|(left, _)| left);
    let quota = match steady {
        Some(steady) => Quota::Steady { gap: steady.max(gap.unwrap_or_default()), burst: 0 },
        None => {
            let scarce = limit.zip(left).is_none_or(|(limit, left)| left <= limit / 5);
            Quota::Rest { scarce, gap: gap.or(more) }
        }
    };
    Some(Told { quota, empty: left == Some(0), more, whole: None })
}

/// One member of a structured list: a value with parameters.
struct Item<'a> {
    value: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl Item<'_> {
    fn number(&self, name: &str) -> Option<u64> {
        self.parameters.iter().find(|(key, _)| *key == name).and_then(|(_, value)| number(value))
    }

    /// The quota of a policy: `q`, or in the older drafts the value itself.
    fn limit(&self) -> Option<u64> {
        self.number("q").or_else(|| number(self.value))
    }
}

fn items(list: &str) -> impl Iterator<Item = Item<'_>> {
    outside_quotes(list, ',').map(|member| {
        let mut parts = outside_quotes(member, ';').map(str::trim);
        let value = parts.next().unwrap_or_default();
        let parameters = parts.filter_map(|part| part.split_once('=')).collect();
        Item { value, parameters }
    })
}

/// The parts of `text` between separators outside of quotes.
fn outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
}

/// A number without a sign. More digits than fit mean "very many".
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// The gap at which `calls` take `seconds`.
fn each(seconds: u64, calls: u64) -> Option<Duration> {
    let gap = Duration::try_from_secs_f64(seconds as f64 / calls as f64).ok();
    gap.or((calls > 0).then_some(Duration::MAX)).and_then(bounded)
}

#[cfg(test)]
mod tests;
