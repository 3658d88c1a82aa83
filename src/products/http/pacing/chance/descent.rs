//! Refusals at ever slower paces: by a limit, or by chance?

use std::time::Duration;

use super::{
    Setting,
    share::{Seen, Share},
};

/// The factor by which chance must be likelier than any limit, as a natural logarithm: 55 to 1.
const CONVINCED: f64 = 4.0;
/// The least number of stretches for a verdict.
const LEAST: usize = 3;
/// No more are kept.
const MOST: usize = 16;
/// The number of stretches without a verdict after which a faster pace is tried. At the slowest pace alone, a limit
/// just below it looks like chance.
const UNDECIDED: usize = 5;
/// A pace slower than this many times the first is slow enough to do so.
const SLOW: u32 = 4;
/// The number of expected refusals that must have been absent at a pace before it counts as one without refusals.
const DUE: f64 = 5.0;
/// The assumed share before there is any evidence.
const SUPPOSED: f64 = 0.05;
/// The share of calls slower than its limit that a product may still refuse.
const STRAY: f64 = 1e-5;

/// Calls since a refusal first made the pace slower.
#[derive(Debug)]
pub(super) struct Descent {
    /// The earlier setting of the pace.
    pub before: Setting,
    /// The stretches at slower and slower paces; the last one is still going on.
    stretches: Vec<Stretch>,
    /// Refusals too that came right after others.
    seen: Seen,
}

/// Calls between two times that the pace was made slower, with the sums of their gaps in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stretch {
    passed: f64,
    passed_gaps: f64,
    refused: f64,
    refused_gaps: f64,
}

impl Descent {
    /// A descent from the setting `before`, at which `first` was seen.
    pub fn new(before: Setting, first: Option<Stretch>) -> Self {
        let seen = first.map(|first| Seen { calls: first.passed + first.refused, refused: first.refused });
        Self { before, stretches: first.into_iter().collect(), seen: seen.unwrap_or_default() }
    }

    /// Notes a call at this `gap`. Where it is not `evidence`, it still counts in the share.
    pub fn seen(&mut self, gap: Duration, refused: bool, evidence: bool) {
        self.seen.note(refused);
        if let Some(stretch) = self.stretches.last_mut().filter(|_| evidence) {
            stretch.note(gap, refused);
        }
    }

    /// The share refused since it began.
    pub fn share(&self) -> Share {
        Share::new(self.seen)
    }

    /// Whether chance, refusing the same share in every stretch, explains them better than any limit does; `background` is
    /// refused at any rate.
    pub fn is_by_chance(&self, background: f64) -> bool {
        if self.stretches.len() < LEAST || self.is_shut() {
            return false;
        }
        let Seen { calls, refused } = totals(&self.stretches);
        let share = refused / calls;
        let by_chance = refused * share.ln() + (calls - refused) * (1.0 - share).ln();
        let paces = self.stretches.iter().flat_map(Stretch::paces);
        let (slowest, fastest) = paces.fold((f64::MAX, 0.0_f64), |(low, high), pace| (low.min(pace), high.max(pace)));
        let by_limit = std::iter::successors(Some(slowest / 4.0), |limit| Some(limit * 1.1))
            .take_while(|limit| *limit < fastest * 1.1)
            .map(|limit| self.stretches.iter().map(|stretch| stretch.likely_by(limit, background)).sum())
            .fold(f64::NEG_INFINITY, f64::max);
        by_chance - by_limit > CONVINCED
    }

    /// Begins the next stretch at the pace `now`. Returns the setting to try instead of a slower one.
    pub fn goes_on(&mut self, now: Setting) -> Option<Setting> {
        if self.is_shut() {
            return None;
        }
        self.stretches.push(Stretch::default());
        if self.stretches.len() > MOST {
            self.stretches.remove(MOST / 2); // the first ones were the fastest
        }
        let (slow, fast) = (now.gap, self.before.gap);
        let undecided = self.stretches.len().is_multiple_of(UNDECIDED) && slow > fast * SLOW;
        undecided.then(|| {
            let halfway = (slow.as_secs_f64() / fast.as_secs_f64()).sqrt();
            Setting { gap: fast.mul_f64(halfway), wall: self.before.wall }
        })
    }

    /// Whether no call succeeded in the last stretch.
    fn is_shut(&self) -> bool {
        self.stretches.last().is_some_and(|last| last.passed == 0.0)
    }

    /// Whether the last stretch is so long that by chance there would have been refusals.
    pub fn has_ended(&self) -> bool {
        let Some((last, earlier)) = self.stretches.split_last() else { return true };
        let earlier = totals(earlier);
        let share = if earlier.refused > 0.0 { earlier.share() } else { SUPPOSED };
        last.passed * share > DUE
    }
}

impl Stretch {
    /// All at one gap.
    pub fn of(seen: Seen, gap: Duration) -> Self {
        let (passed, gap) = (seen.calls - seen.refused, gap.as_secs_f64());
        Self { passed, passed_gaps: passed * gap, refused: seen.refused, refused_gaps: seen.refused * gap }
    }

    fn note(&mut self, gap: Duration, refused: bool) {
        let (calls, gaps) = match refused {
            true => (&mut self.refused, &mut self.refused_gaps),
            false => (&mut self.passed, &mut self.passed_gaps),
        };
        *calls += 1.0;
        *gaps += gap.as_secs_f64();
    }

    /// Calls a second, of those that passed and those refused.
    fn paces(&self) -> [f64; 2] {
        let pace = |calls: f64, gaps: f64| (calls > 0.0).then(|| calls / gaps);
        let (passed, refused) = (pace(self.passed, self.passed_gaps), pace(self.refused, self.refused_gaps));
        let known = passed.or(refused).unwrap_or(1.0); // of nothing, whatever it is counts for nothing
        [passed.unwrap_or(known), refused.unwrap_or(known)]
    }

    /// The logarithm of how likely this is where calls beyond `limit` a second are refused, and `background` of the others.
    fn likely_by(&self, limit: f64, background: f64) -> f64 {
        let refused = |pace: f64| {
            let beyond = (1.0 - limit / pace).max(0.0);
            (background + (1.0 - background) * beyond).clamp(STRAY, 1.0 - STRAY)
        };
        let [passing, refusing] = self.paces();
        self.passed * (1.0 - refused(passing)).ln() + self.refused * refused(refusing).ln()
    }
}

fn totals(stretches: &[Stretch]) -> Seen {
    stretches.iter().fold(Seen::default(), |seen, one| Seen {
        calls: seen.calls + one.passed + one.refused,
        refused: seen.refused + one.refused,
    })
}
