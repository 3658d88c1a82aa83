//! Removes what is old, unless somebody still needs it.
//!
//! Of most streams the oldest records go, so that what is left has no gap. Of a compacted stream the latest record of each key
//! stays, and what stands before it goes.

use std::{
    collections::BTreeSet,
    ops::Range,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::watch;

use super::{
    database::records::{self, Old},
    groups::Groups,
    part::{Part, Parts},
};
use crate::{domain::Timestamp, log::Stream};

/// How often old records are looked for.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// A record that tells of another one was appended after it, but perhaps by a clock that had been set back since.
const CLOCK_SET_BACK: Duration = Duration::from_hours(24);

/// Records to be removed together: so few that appends don't wait long.
#[derive(Debug)]
pub(super) struct Removal {
    /// Of which part.
    pub part: Part,
    /// The milestone.
    pub offsets: Vec<u64>,
    /// The oldest offset that the part holds without them.
    pub start: u64,
}

/// Decides what to remove.
pub(super) struct Retention {
    keeps: Duration,
    due: Instant,
    /// Parts that have still to be looked at, the next one last, and from which offset on.
    waiting: Vec<(Part, u64)>,
    /// Parts of which nothing can be removed.
    left_out: BTreeSet<Part>,
}

impl Retention {
    /// Keeps records for `keeps`; the first look is due at once.
    pub fn new(keeps: Duration) -> Self {
        Self { keeps, due: Instant::now(), waiting: Vec::new(), left_out: BTreeSet::new() }
    }

    /// Whether there is something to look at now.
    pub fn is_due(&self) -> bool {
        !self.waiting.is_empty() || Instant::now() >= self.due
    }

    /// Breaks off; it is begun anew in an hour.
    pub fn put_off(&mut self) {
        self.waiting.clear();
        self.due = Instant::now() + EVERY;
    }

    /// Does not look at `part` any more.
    pub fn leave_out(&mut self, part: Part) {
        self.left_out.insert(part);
        self.waiting.retain(|(waiting, _)| *waiting != part);
    }

    /// Looks at some records; what of them is to be removed. None does not mean that nothing else is due.
    ///
    /// A record goes if it is older than the retention, and nobody needs it. The newest record of a part never goes: it is how
    /// the part's end is known when the log is opened.
    ///
    /// # Errors
    /// Those of SQLite. The part where they come up is not looked at any more this time.
    pub fn next(
        &mut self,
        db: &Connection,
        groups: &Groups,
        bounds: &Parts<watch::Sender<Range<u64>>>,
        now: Timestamp,
    ) -> rusqlite::Result<Option<Removal>> {
        if self.waiting.is_empty() {
            self.put_off();
            let parts = bounds.iter().map(|(part, _)| part).filter(|part| !self.left_out.contains(part));
            self.waiting = parts.map(|part| (part, 0)).collect();
            self.waiting.reverse();
        }
        let Some((part, from)) = self.waiting.pop() else { return Ok(None) };
        let held = bounds[part].borrow().clone();
        let from = from.max(held.start);
        let needed_from = groups.consumed_by_all(part).unwrap_or(u64::MAX).min(held.end.saturating_sub(1));
        let too_young = now.minus(self.keeps_of(part.stream));
        let limit = needed_since(db, groups, bounds, part)?.map_or(too_young, |since| since.min(too_young));
        let Old { offsets, next } = records::old(db, part, from..needed_from, limit)?;
        let start = match offsets.first() {
            Some(oldest) if *oldest == held.start => records::oldest_but(db, part, &offsets)?,
            _ => held.start,
        };
        // Only now: what follows must not go without these.
        self.waiting.extend(next.map(|next| (part, next)));
        Ok((!offsets.is_empty()).then_some(Removal { part, offsets, start }))
    }

    /// How long records of `stream` are kept at least.
    fn keeps_of(&self, stream: Stream) -> Duration {
        let keeps = stream.keeps_written_over().map_or(self.keeps, |keeps| keeps.min(self.keeps));
        stream.keeps_longer().map_or(keeps, |longer| longer.max(keeps))
    }
}

/// Since when the records of `part` are needed for what they tell of another stream's; none where all of that is consumed.
fn needed_since(
    db: &Connection,
    groups: &Groups,
    bounds: &Parts<watch::Sender<Range<u64>>>,
    part: Part,
) -> rusqlite::Result<Option<Timestamp>> {
    let Some(stream) = part.stream.tells_of() else { return Ok(None) };
    let input = Part::new(stream, part.partition);
    let held = bounds[input].borrow().clone();
    let Some(next) = groups.consumed_by_all(input).filter(|next| *next < held.end) else { return Ok(None) };
    // If it can't be read, nothing is removed.
    let appended = records::appended(db, input, next.max(held.start))?;
    Ok(Some(appended.map_or(Timestamp::from_millis(i64::MIN), |appended| appended.minus(CLOCK_SET_BACK))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_only_the_latest_counts_the_rest_goes_soon_and_never_later_than_other_records() {
        let month = Retention::new(Duration::from_hours(30 * 24));
        assert_eq!(month.keeps_of(Stream::Activity), Duration::from_hours(30 * 24));
        assert_eq!(month.keeps_of(Stream::Feeds), Duration::from_mins(10));
        assert_eq!(Retention::new(Duration::from_secs(1)).keeps_of(Stream::Feeds), Duration::from_secs(1));
    }

    #[test]
    fn what_administrators_did_is_kept_for_longer_than_a_year() {
        let month = Retention::new(Duration::from_hours(30 * 24));
        assert_eq!(month.keeps_of(Stream::AdminActions), Duration::from_hours(400 * 24));
    }
}
