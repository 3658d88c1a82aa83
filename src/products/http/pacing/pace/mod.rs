//! The pace of one source: when the next call may be made, and what an answer changes about that. No waiting here.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    bounds::{DAY, LONGEST_GAP},
    chance::{Chance, Setting},
    quota::Quota,
    throttle::Advice,
    wall::Wall,
};

/// How late a timer may ring. At 500 calls a second a millisecond lost at each is half of the rate.
const LATENESS: Duration = Duration::from_millis(5);

/// By how much usher stays below a rate that it is told: calls arrive less evenly than they are sent.
const MARGIN: f64 = 1.02;

/// The time for which a single refusal delays other calls, whatever it asks for.
const ALONE: Duration = Duration::from_secs(2);

/// The factor from which a gap is far away from any limit.
const FAR: u32 = 4;

/// The time for which an announced rate counts after the last announcement: one of the product's nodes, or a page in
/// front of it, may not know it.
const TOLD_FOR: Duration = Duration::from_mins(1);

/// The times at which calls may be made.
#[derive(Debug)]
pub(super) struct Pace {
    /// The configured rate, which is never exceeded.
    configured: Beat,
    /// As the answers teach.
    pub learned: Beat,
    /// The gap of the announced rate, and the time of the announcement.
    steady: Option<(Duration, Instant)>,
    wall: Option<Wall>,
    chance: Chance,
    /// Refusals since the last call that passed.
    running: u32,
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

    /// Sets another gap; a wait that has begun becomes shorter or longer in proportion.
    fn set_gap(&mut self, gap: Duration, now: Instant) {
        let wait = self.next.saturating_duration_since(now);
        if !wait.is_zero() && !self.gap.is_zero() {
            let wait = wait.as_secs_f64() * (gap.as_secs_f64() / self.gap.as_secs_f64());
            self.next = now + Duration::try_from_secs_f64(wait).unwrap_or(gap).min(DAY);
        }
        self.gap = gap;
    }

    fn take(&mut self, now: Instant) {
        self.next = self.next.max(now.checked_sub(self.made_up).unwrap_or(now)) + self.gap;
    }
}

impl Pace {
    /// At most `per_second` calls a second.
    pub fn new(per_second: f64, now: Instant) -> Self {
        let least = gap_of(per_second);
        Self {
            configured: Beat::new(least, now),
            learned: Beat::new(least, now),
            steady: None,
            wall: None,
            chance: Chance::default(),
            running: 0,
            not_before: now,
            slowed: now,
        }
    }

    /// Sets the rate to at most `per_second` calls a second. A slower learned pace stays.
    pub fn set_rate(&mut self, per_second: f64, now: Instant) {
        let (before, gap) = (self.configured.gap, gap_of(per_second));
        self.configured.set_gap(gap, now);
        let learned = if self.learned.gap <= before { gap } else { self.learned.gap };
        let least = self.least(now);
        self.learned.set_gap(learned.max(least), now);
        self.learned.next = self.learned.next.max(self.not_before);
    }

    /// The calls a second at most, as it is now.
    pub fn per_second(&self) -> f64 {
        let gap = self.configured.gap.max(self.learned.gap).as_secs_f64();
        if gap > 0.0 { 1.0 / gap } else { f64::MAX }
    }

    /// Takes the next slot, or says when to ask again.
    ///
    /// # Errors
    /// The moment at which the next slot is free.
    pub fn take(&mut self, now: Instant) -> Result<(), Instant> {
        let free = self.configured.next.max(self.learned.next).max(self.not_before);
        if free > now {
            return Err(free);
        }
        self.configured.take(now);
        self.learned.take(now);
        Ok(())
    }

    /// Learns from the answer to a call that `began` then; `refused` where it was to come later.
    pub fn learn(&mut self, began: Instant, now: Instant, refused: bool, advice: &Advice) {
        if advice.narrow {
            return;
        }
        if let Quota::Steady { gap, burst } = advice.quota {
            self.steady = Some((gap.mul_f64(MARGIN), now));
            self.learned.made_up = LATENESS.max(gap * burst);
        }
        // A call begun before the pace was last made slower says nothing about the pace since.
        let gap = (began >= self.slowed).then_some(self.learned.gap);
        match refused {
            true => self.refused(gap, now, advice),
            false => self.passed(gap, now, advice),
        }
        if let Some(other) = self.chance.trial(Setting { gap: self.learned.gap, wall: self.wall }, now) {
            self.slowed = now;
            self.go_to(other, now);
        }
    }

    fn refused(&mut self, gap: Option<Duration>, now: Instant, advice: &Advice) {
        self.running = self.running.saturating_add(1);
        let untold = advice.quota == Quota::Untold;
        if untold && !self.chance.refused(gap) {
            return; // as many as chance makes: it is the call's own affair
        }
        if let Some(wait) = advice.wait {
            // One alone may be about that call, whatever it asks for; the next one will tell.
            self.leave_alone(
                now + if untold { wait.min(ALONE * 5_u32.saturating_pow(self.running - 1)) } else { wait },
            );
        }
        let Some(gap) = gap else { return };
        if untold {
            if let Some(before) = self.chance.slower(Setting { gap, wall: self.wall }) {
                return self.go_to(before, now);
            }
            self.wall = Some(Wall::met(self.wall, gap, now));
        }
        self.slow_down(now, LONGEST_GAP);
    }

    fn passed(&mut self, gap: Option<Duration>, now: Instant, advice: &Advice) {
        self.running = 0;
        if let Some(wait) = advice.wait {
            self.leave_alone(now + wait);
        }
        self.chance.passed(gap);
        if self.wall.as_mut().is_some_and(|wall| wall.good_answer(now)) {
            self.chance.held();
        }
        match advice.quota {
            Quota::Rest { scarce: true, gap: enough } => {
                self.make_it_last(gap.is_some(), now, enough.unwrap_or(LONGEST_GAP));
            }
            Quota::Rest { scarce: false, .. } | Quota::Steady { .. } | Quota::Untold => {
                self.speed_up(now);
            }
        }
    }

    /// Goes back towards the shortest gap: slowly, where a limit may be near; at once, where the product was shut.
    fn speed_up(&mut self, now: Instant) {
        let far = self.least(now) * FAR < self.learned.gap;
        let gap = self.learned.gap.mul_f64(if far { 0.5 } else { 0.9 });
        self.set_gap(gap, now);
    }

    fn leave_alone(&mut self, until: Instant) {
        self.not_before = self.not_before.max(until);
        self.learned.next = self.learned.next.max(self.not_before); // of this nothing is made up for
    }

    /// Sets the pace, whatever it was.
    fn go_to(&mut self, setting: Setting, now: Instant) {
        self.wall = setting.wall;
        self.set_gap(setting.gap, now);
        self.learned.next = self.learned.next.min(now + self.learned.gap).max(self.not_before);
    }

    /// Goes towards a gap at which the rest lasts, from either side.
    fn make_it_last(&mut self, at_this_pace: bool, now: Instant, enough: Duration) {
        if self.learned.gap >= enough {
            self.set_gap(self.learned.gap.mul_f64(0.9).max(enough), now);
        } else if at_this_pace {
            self.slow_down(now, enough);
        }
    }

    /// Doubles the gap, though not beyond `enough`.
    fn slow_down(&mut self, now: Instant, enough: Duration) {
        self.slowed = now;
        self.set_gap((self.learned.gap * 2).min(enough).max(self.learned.gap), now);
        self.learned.next = self.learned.next.max(now + self.learned.gap);
    }

    fn set_gap(&mut self, gap: Duration, now: Instant) {
        let least = self.least(now);
        self.learned.gap = gap.clamp(least, least.max(LONGEST_GAP));
    }

    /// The shortest gap with no evidence against it.
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

/// The time between two calls.
fn gap_of(per_second: f64) -> Duration {
    // A rate that is none is refused by the configuration; here it can only mean "slowly".
    Duration::try_from_secs_f64(per_second.recip()).unwrap_or(LONGEST_GAP).min(DAY)
}

#[cfg(test)]
mod tests;
