//! A bound on records of attempts that are refused: not one for each guess, and not one for each turn of a loop.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{domain::Actor, rate_limited_log::LogLimiter};

/// The number of refusals of one name that are recorded in a minute.
const AT_MOST: u32 = 10;
const MINUTE: Duration = Duration::from_mins(1);
/// Names that are remembered: more than there are tokens.
const MAX_NAMES: usize = 1_024;

/// See the module.
pub(in crate::admin) struct Refusals {
    of_names: Mutex<HashMap<Actor, Recent>>,
    of_strangers: LogLimiter,
}

/// The refusals of one name in this minute.
struct Recent {
    since: Instant,
    recorded: u32,
    left_out: u64,
}

impl Default for Refusals {
    fn default() -> Self {
        Self { of_names: Mutex::default(), of_strangers: LogLimiter::once_a_minute() }
    }
}

impl Refusals {
    /// How many refusals of `name` were left out before this one, if this one is to be recorded.
    pub(super) fn of_known(&self, name: &Actor) -> Option<u64> {
        self.of_known_at(name, Instant::now())
    }

    /// How many wrong tokens were left out before this one, if this one is to be recorded.
    pub(super) fn of_strangers(&self) -> Option<u64> {
        self.of_strangers.permit()
    }

    fn of_known_at(&self, name: &Actor, now: Instant) -> Option<u64> {
        let mut names = self.of_names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= MAX_NAMES {
            names.retain(|_, recent| now.saturating_duration_since(recent.since) < MINUTE);
        }
        let recent = names.entry(name.clone()).or_insert(Recent { since: now, recorded: 0, left_out: 0 });
        if now.saturating_duration_since(recent.since) >= MINUTE {
            (recent.since, recent.recorded) = (now, 0);
        }
        if recent.recorded == AT_MOST {
            recent.left_out += 1;
            return None;
        }
        recent.recorded += 1;
        Some(std::mem::take(&mut recent.left_out))
    }
}

/// Why it was refused, and how many others were.
pub(super) fn reason(why: &str, left_out: u64) -> String {
    match left_out {
        0 => why.to_owned(),
        count => format!("{why} ({count} more before this one are not recorded)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_recorded_up_to_a_number_and_then_counted() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        let (one, other): (Actor, Actor) = ("ci".parse().expect("a name"), "cd".parse().expect("a name"));
        assert!((0..AT_MOST).all(|_| refusals.of_known_at(&one, now) == Some(0)));
        assert!((0..500).all(|_| refusals.of_known_at(&one, now).is_none()));
        assert_eq!(refusals.of_known_at(&other, now), Some(0), "others are not left out for it");
        assert_eq!(refusals.of_known_at(&one, now + MINUTE), Some(500));
        assert_eq!(refusals.of_known_at(&one, now + MINUTE), Some(0));
        assert_eq!(reason("no", 500), "no (500 more before this one are not recorded)");
    }

    #[test]
    fn wrong_tokens_are_recorded_once_a_minute() {
        let refusals = Refusals::default();
        assert_eq!(refusals.of_strangers(), Some(0));
        assert_eq!((0..100).filter(|_| refusals.of_strangers().is_some()).count(), 0);
    }
}
