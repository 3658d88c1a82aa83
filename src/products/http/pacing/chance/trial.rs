//! Half the pace for some calls, to see whether fewer are refused there after all.

use tokio::time::Instant;

use super::{super::wall::Wall, Setting, share::Seen};

/// The number of calls before the first trial. Each trial that changes nothing doubles the wait for the next.
const FIRST: f64 = 300.0;
const LAST: f64 = 20_000.0;
/// The number of refusals, by the share known before, that a trial should last for.
const DUE: f64 = 12.0;
/// The factor by which a trial is slower.
const SLOWER: u32 = 2;

/// What comes next.
#[derive(Debug)]
pub(super) enum Turn {
    /// A trial begins.
    Slower(Setting),
    /// The trial made no difference: the earlier setting returns.
    Back(Setting),
    /// Fewer are refused: it was a limit.
    Fewer(Setting),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Trial {
    /// The calls at the usual pace.
    usual: Seen,
    /// The earlier setting, and the calls at the slower pace.
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

    /// Ends a trial early, and restarts the count; returns the earlier setting.
    pub fn give_up(&mut self) -> Option<Setting> {
        self.usual = Seen::default();
        self.slower.take().map(|(before, _)| before)
    }

    /// The change at the time `at`, with the present setting `now`.
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
