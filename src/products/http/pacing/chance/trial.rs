//! Half the pace for some calls, to see whether fewer are refused there after all.

use tokio::time::Instant;

use super::{super::wall::Wall, Setting, share::Seen};

/// The first trial comes after so many calls; each one that changes nothing puts the next off for twice as long.
const FIRST: f64 = 300.0;
const LAST: f64 = 20_000.0;
/// A trial is as long as it takes to refuse so many by the share known until then.
const DUE: f64 = 12.0;
/// How much slower it is.
const SLOWER: u32 = 2;

/// What comes next.
#[derive(Debug)]
pub(super) enum Turn {
    /// A trial begins.
    Slower(Setting),
    /// It made no difference: all is as before.
    Back(Setting),
    /// Fewer are refused: it was a limit.
    Fewer(Setting),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Trial {
    /// At the pace as it is.
    usual: Seen,
    /// What set that pace, and what is seen at the slower one.
    slower: Option<(Setting, Seen)>,
    trials: i32,
}

impl Trial {
    /// Notes a call at the present pace.
    pub fn seen(&mut self, refused: bool) {
        match &mut self.slower {
            Some((_, seen)) => seen.note(refused),
            None => self.usual.note(refused),
        }
    }

    /// Ends a trial before its time, and begins to count anew; what set the pace before it.
    pub fn give_up(&mut self) -> Option<Setting> {
        self.usual = Seen::default();
        self.slower.take().map(|(before, _)| before)
    }

    /// What is to change at the time `at`, while `now` sets the pace.
    pub fn next(&mut self, now: Setting, at: Instant) -> Option<Turn> {
        let Some((before, slower)) = self.slower else {
            let due = (FIRST * 2_f64.powi(self.trials)).min(LAST);
            if self.usual.calls < due || self.usual.refused < DUE {
                return None;
            }
            self.slower = Some((now, Seen::default()));
            let gap = now.gap * SLOWER;
            return Some(Turn::Slower(Setting { gap, wall: Some(Wall::to_keep(gap, at)) }));
        };
        if slower.calls * self.usual.share() < DUE {
            return None;
        }
        if slower.share() * 2.0 < self.usual.share() {
            return Some(Turn::Fewer(Setting { gap: now.gap, wall: Some(Wall::met(None, before.gap, at)) }));
        }
        *self = Self { trials: self.trials.saturating_add(1).min(10), ..Self::default() };
        Some(Turn::Back(before))
    }
}
