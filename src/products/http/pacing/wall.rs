//! An unannounced limit of a product. It is found by exceeding it, and seldom.

use std::{f64::consts::SQRT_2, time::Duration};

use tokio::time::Instant;

use super::bounds::LONGEST_GAP;

/// The time for which a found limit is used at first. It grows each time that the limit is confirmed.
const FIRST_HOLD: Duration = Duration::from_secs(30);
const LONGEST_HOLD: Duration = Duration::from_hours(1);

/// The number of good answers after which the found limit was nearly right.
const ENOUGH: u32 = 100;

/// The number of times in a row that the limit may be found at another pace before the knowledge of it is dropped.
const MOVES: u32 = 2;

/// A pace that was refused.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wall {
    gap: Duration,
    since: Instant,
    hold: Duration,
    good: u32,
    /// The number of times in a row that it was found at another pace.
    moves: u32,
}

impl Wall {
    /// A refusal at this `gap`; `before` is the wall known until then.
    pub fn met(before: Option<Self>, gap: Duration, now: Instant) -> Self {
        let (gap, hold, moves) = match before {
            None => (gap, FIRST_HOLD, 0),
            Some(before) if before.good == 0 => (before.gap, before.hold, before.moves), // whatever the pace, it refuses
            Some(before) if before.good < ENOUGH && before.moves < MOVES => (gap, before.hold, before.moves + 1),
            // It is nowhere: the product has other reasons to refuse, and what is found now may soon be wrong.
            Some(before) if before.good < ENOUGH => (gap, FIRST_HOLD, MOVES),
            Some(before) => (gap, (before.hold * 2).min(LONGEST_HOLD), 0),
        };
        Self { gap, since: now, hold, good: 0, moves }
    }

    /// A limit that keeps the pace at this `gap`.
    pub fn to_keep(gap: Duration, now: Instant) -> Self {
        Self { gap: gap.div_f64(SQRT_2), since: now, hold: LONGEST_HOLD, good: 0, moves: 0 }
    }

    /// Counts a good answer; returns whether the limit has held for so long that one step faster is tried again.
    pub fn good_answer(&mut self, now: Instant) -> bool {
        self.good = self.good.saturating_add(1);
        let long_ago = now - self.since >= self.hold;
        if long_ago {
            self.gap = self.gap.div_f64(SQRT_2);
            self.since = now;
        }
        long_ago
    }

    /// The gap to keep: half a doubling away from the one that was refused, though no longer than refusals can make it.
    pub fn distance(&self) -> Duration {
        self.gap.mul_f64(SQRT_2).min(LONGEST_GAP)
    }
}
