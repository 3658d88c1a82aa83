//! The pace of one source: when the next call may be made, and what an answer changes about that. No waiting here.

use std::time::Duration;

use tokio::time::Instant;

use super::{quota::Quota, throttle::Advice, wall::Wall};

/// How far refusals alone can stretch the gap between calls; longer waits the product asks for itself.
pub(super) const LONGEST_GAP: Duration = Duration::from_secs(30);

/// How late a timer may ring. At 500 calls a second a millisecond lost at each is half of the rate.
const LATENESS: Duration = Duration::from_millis(5);

/// Slower than one call a day would be no rate, and near the end of what a clock can tell.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// By how much usher stays below a rate that it is told: calls arrive less evenly than they are sent.
const MARGIN: f64 = 1.02;

/// How long a rate is true that the product no longer tells: one of its nodes, or a page before it, may not know.
const TOLD_FOR: Duration = Duration::from_mins(1);

/// When calls may be made.
#[derive(Debug)]
pub(super) struct Pace {
    /// As the configuration has it: never exceeded.
    configured: Beat,
    /// As the answers teach.
    pub learned: Beat,
    /// The gap of the rate that the product tells, and when it did.
    steady: Option<(Duration, Instant)>,
    wall: Option<Wall>,
    not_before: Instant,
    slowed: Instant,
}

/// Slots at an even distance.
#[derive(Debug)]
pub(super) struct Beat {
    pub gap: Duration,
    next: Instant,
    /// Slots that were missed for no longer than this are made up for.
    made_up: Duration,
}

impl Beat {
    fn new(gap: Duration, now: Instant) -> Self {
        Self { gap, next: now, made_up: LATENESS }
    }

    fn take(&mut self, now: Instant) {
        self.next = self.next.max(now.checked_sub(self.made_up).unwrap_or(now)) + self.gap;
    }
}

impl Pace {
    /// At most `per_second` calls a second.
    pub fn new(per_second: f64, now: Instant) -> Self {
        // A rate that is none is refused by the configuration; here it can only mean "slowly".
        let least = Duration::try_from_secs_f64(per_second.recip()).unwrap_or(LONGEST_GAP).min(DAY);
        Self {
            configured: Beat::new(least, now),
            learned: Beat::new(least, now),
            steady: None,
            wall: None,
            not_before: now,
            slowed: now,
        }
    }

    /// Takes the next slot, or says when to ask again.
    pub fn take(&mut self, now: Instant) -> Result<(), Instant> {
        let free = self.configured.next.max(self.learned.next).max(self.not_before);
        if free > now {
            return Err(free);
        }
        self.configured.take(now);
        self.learned.take(now);
        Ok(())
    }

    /// Learns from the answer to a call that `began` then; `refused` where it was a 429.
    pub fn learn(&mut self, began: Instant, now: Instant, refused: bool, advice: &Advice) {
        if advice.narrow {
            return;
        }
        if let Some(wait) = advice.wait {
            self.not_before = self.not_before.max(now + wait);
            self.learned.next = self.learned.next.max(self.not_before); // of this nothing is made up for
        }
        if let Quota::Steady { gap, burst } = advice.quota {
            self.steady = Some((gap.mul_f64(MARGIN), now));
            self.learned.made_up = LATENESS.max(gap * burst);
        }
        if refused {
            if advice.quota == Quota::Untold && began >= self.slowed {
                self.wall = Some(Wall::met(self.wall, self.learned.gap, now));
            }
            return self.slow_down(began, now, LONGEST_GAP);
        }
        if let Some(wall) = &mut self.wall {
            wall.good_answer(now);
        }
        match advice.quota {
            Quota::Rest { scarce: true, gap } => self.make_it_last(began, now, gap.unwrap_or(LONGEST_GAP)),
            Quota::Rest { scarce: false, .. } | Quota::Steady { .. } | Quota::Untold => {
                self.set_gap(self.learned.gap.mul_f64(0.9), now);
            }
        }
    }

    /// Goes towards a gap at which the rest lasts, from either side.
    fn make_it_last(&mut self, began: Instant, now: Instant, enough: Duration) {
        if self.learned.gap < enough {
            self.slow_down(began, now, enough);
        } else {
            self.set_gap(self.learned.gap.mul_f64(0.9).max(enough), now);
        }
    }

    /// Doubles the gap, though not beyond `enough`. Calls begun before the last time say nothing about the pace since.
    fn slow_down(&mut self, began: Instant, now: Instant, enough: Duration) {
        if began >= self.slowed {
            self.slowed = now;
            self.set_gap((self.learned.gap * 2).min(enough).max(self.learned.gap), now);
            self.learned.next = self.learned.next.max(now + self.learned.gap);
        }
    }

    fn set_gap(&mut self, gap: Duration, now: Instant) {
        let least = self.least(now);
        self.learned.gap = gap.clamp(least, least.max(LONGEST_GAP));
    }

    /// The shortest gap of which nothing speaks against it.
    fn least(&mut self, now: Instant) -> Duration {
        if self.steady.is_some_and(|(gap, told)| now - told > TOLD_FOR.max(gap * 10)) {
            self.steady = None;
            self.learned.made_up = LATENESS;
        }
        let told = self.steady.map(|(gap, _)| gap).unwrap_or_default();
        let found = self.wall.map(|wall| wall.distance()).unwrap_or_default();
        self.configured.gap.max(told).max(found)
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
