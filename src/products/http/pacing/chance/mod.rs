//! Refusals by chance: a share of the calls is refused at any pace. Such a refusal costs its call a retry, and says
//! nothing about the pace.
//!
//! A refusal slows the pace down. If that was right, the refusals end. If they continue at slower and slower paces, a
//! [`Descent`] decides whether chance explains them better than any limit. Then the pace returns to its earlier value,
//! and only more refusals than the known [`Share`] slow it down again. From time to time a [`Trial`] at half the pace
//! checks whether they still do not depend on it.

mod descent;
mod share;
mod trial;

use std::time::Duration;

use tokio::time::Instant;

use self::{
    descent::{Descent, Stretch},
    share::Share,
    trial::{Trial, Turn},
};
use super::wall::Wall;

/// The number of consecutive refusals that count. More are no chance: the product is closed for a while.
const RUNNING: u32 = 4;

/// The setting of the pace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// Between two calls.
    pub gap: Duration,
    /// The knowledge about an unannounced limit.
    pub wall: Option<Wall>,
}

/// The knowledge and the suspicion about refusals by chance.
#[derive(Debug, Default)]
pub(super) struct Chance {
    known: Option<Observed>,
    descent: Option<Descent>,
    /// Refusals since the last call that passed.
    running: u32,
}

#[derive(Debug)]
struct Observed {
    share: Share,
    trial: Trial,
}

impl Chance {
    /// Notes a call that passed; `gap` is the present one where the call was made at it.
    pub fn passed(&mut self, gap: Option<Duration>) {
        self.running = 0;
        if let Some(known) = &mut self.known {
            known.share.note(false);
            if known.share.is_negligible() {
                self.known = None;
            }
        }
        self.seen(gap, false);
    }

    /// Notes a refusal, likewise; whether there are more of them than by chance.
    pub fn refused(&mut self, gap: Option<Duration>) -> bool {
        self.running = self.running.saturating_add(1);
        let too_many = self.known.as_mut().is_none_or(|known| known.share.note(true));
        self.seen(gap, true);
        too_many
    }

    fn seen(&mut self, gap: Option<Duration>, refused: bool) {
        let Some(gap) = gap else { return };
        match (&mut self.descent, &mut self.known) {
            (Some(descent), _) => descent.seen(gap, refused, self.running <= RUNNING),
            (None, Some(known)) => known.trial.seen(refused),
            (None, None) => {}
        }
    }

    /// Called when there are too many refusals and the pace is about to be slower than `now`. Returns the setting to
    /// return to instead, if slowing down does not help.
    pub fn slower(&mut self, now: Setting) -> Option<Setting> {
        let known =
            self.known.as_mut().map(|known| (known.share.now(), known.share.excursion(now.gap), known.trial.give_up()));
        let descent = self.descent.get_or_insert_with(|| match &known {
            Some((_, excursion, before)) => Descent::new(before.unwrap_or(now), Some(*excursion)),
            None => Descent::new(now, None),
        });
        let background = known.map_or(0.0, |(share, ..)| share);
        if descent.is_by_chance(background) {
            let (before, share) = (descent.before, descent.share());
            *self = Self { known: Some(Observed { share, trial: Trial::default() }), ..Self::default() };
            return Some(before);
        }
        descent.goes_on(now)
    }

    /// The pace has been held for a while. Where that was long enough for some refusals, slowing down was right.
    pub fn held(&mut self) {
        if self.descent.as_ref().is_some_and(Descent::has_ended) {
            self.descent = None;
        }
    }

    /// The setting from the time `at` on, if it is time for a trial at another pace.
    pub fn trial(&mut self, now: Setting, at: Instant) -> Option<Setting> {
        let known = self.known.as_mut().filter(|_| self.descent.is_none())?;
        Some(match known.trial.next(now, at)? {
            Turn::Slower(setting) | Turn::Back(setting) => setting,
            Turn::Fewer(setting) => {
                self.known = None;
                setting
            }
        })
    }
}
