//! The share of calls that is refused by chance, and whether there are more just now.

use std::time::Duration;

use super::Stretch;

/// The number of calls that are remembered.
const MEMORY: f64 = 2_000.0;
/// A smaller share is none.
const NEGLIGIBLE: f64 = 1e-4;
/// The certainty needed for a greater share, as a natural logarithm: it is wrong less than once in 20,000 calls.
const SURE: f64 = 10.0;

/// The share of calls that is refused by chance. A sequential test (CUSUM) watches for a greater one.
#[derive(Debug)]
pub(super) struct Share {
    seen: Seen,
    /// The present evidence for a greater share.
    excess: f64,
    /// The calls since there was last no evidence. They are not part of the share until they are known to be no excess.
    unsettled: Seen,
}

/// Calls, and how many of them were refused.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub calls: f64,
    pub refused: f64,
}

impl Seen {
    pub fn note(&mut self, refused: bool) {
        self.calls += 1.0;
        self.refused += f64::from(u8::from(refused));
    }

    pub fn share(self) -> f64 {
        self.refused / self.calls
    }
}

impl Share {
    /// The share in `seen`, with one refusal more: in few calls there may be too few.
    pub fn new(seen: Seen) -> Self {
        let seen = Seen { calls: seen.calls + 2.0, refused: seen.refused + 1.0 };
        Self { seen, excess: 0.0, unsettled: Seen::default() }
    }

    pub fn now(&self) -> f64 {
        self.seen.share()
    }

    pub fn is_negligible(&self) -> bool {
        self.now() < NEGLIGIBLE
    }

    /// Notes a call; whether there are too many refusals.
    pub fn note(&mut self, refused: bool) -> bool {
        let share = self.now();
        let greater = (2.0 * share + 0.1).min(f64::midpoint(1.0, share));
        if !refused && self.excess >= SURE {
            self.excess /= 2.0; // whether there are still too many is to be seen anew
        }
        let speaks = if refused { greater / share } else { (1.0 - greater) / (1.0 - share) };
        self.excess = (self.excess + speaks.ln()).clamp(0.0, SURE);
        self.unsettled.note(refused);
        if self.excess == 0.0 {
            let settled = std::mem::take(&mut self.unsettled);
            let calls = self.seen.calls + settled.calls;
            let kept = (MEMORY / calls).min(1.0);
            self.seen = Seen { calls: calls * kept, refused: (self.seen.refused + settled.refused) * kept };
        }
        self.excess >= SURE
    }

    /// The calls since there began to be too many refusals, made at this `gap`.
    pub fn excursion(&mut self, gap: Duration) -> Stretch {
        let seen = std::mem::take(&mut self.unsettled);
        Stretch::of(seen, gap)
    }
}
