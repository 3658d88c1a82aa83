//! Forgets what is old, unless somebody still needs it. In compacted streams that is more than age: see [`compact`](super::compaction).

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    database::format::{self, Header},
    groups::Groups,
    part::{Part, Parts},
    reader::batch_at,
};
use crate::domain::Timestamp;

/// How often old records are looked for.
pub(super) const EVERY: Duration = Duration::from_secs(60 * 60);

/// How many batches go at a time, so that appends don't wait long.
const AT_ONCE: usize = 256;

/// A record that tells of another one was appended after it, but perhaps by a clock that had been set back since.
const CLOCK_SET_BACK: Duration = Duration::from_hours(24);

/// What of a part has to stay, however old it is.
#[derive(Debug, Clone, Copy)]
struct Needed {
    /// What ends behind this offset: some group has not consumed it.
    from: u64,
    /// What was appended since then: it may tell of what some group has not consumed of another stream.
    since: Option<Timestamp>,
}

impl Needed {
    fn has(self, base: u64, header: Header) -> bool {
        base + u64::from(header.count) > self.from || self.since.is_some_and(|since| header.appended >= since)
    }
}

/// Since when the records of `part` are needed for what they tell of another stream's; none where all of that is consumed.
fn needed_since(
    tree: &sled::Tree,
    groups: &Groups,
    bounds: &Parts<watch::Sender<Range<u64>>>,
    part: Part,
) -> Result<Option<Timestamp>, sled::Error> {
    let Some(stream) = part.stream.tells_of() else { return Ok(None) };
    let input = Part::new(stream, part.partition);
    let held = bounds[input].borrow().clone();
    let Some(next) = groups.consumed_by_all(input).filter(|next| *next < held.end) else { return Ok(None) };
    let batch = batch_at(tree, input, next.max(held.start))?;
    let header = batch.and_then(|(_, bytes)| Header::decode(&bytes));
    Ok(header.map(|header| header.appended.minus(CLOCK_SET_BACK)))
}

/// Decides what to remove.
pub(super) struct Trimmer {
    retention: Duration,
    due: Instant,
}

impl Trimmer {
    /// Keeps records for `retention`; the first look is due at once.
    pub fn new(retention: Duration) -> Self {
        Self { retention, due: Instant::now() }
    }

    /// Whether there is something to do now.
    pub fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }

    /// The next batches to remove; none when all is done for the hour. Readers are told first, through `bounds`, so
    /// that they don't look for what is about to go.
    pub fn next(
        &mut self,
        tree: &sled::Tree,
        groups: &Groups,
        bounds: &Parts<watch::Sender<Range<u64>>>,
        now: Timestamp,
    ) -> Result<Option<sled::Batch>, sled::Error> {
        // Also where this fails: it is tried again in an hour.
        self.due = Instant::now() + EVERY;
        let mut removed = sled::Batch::default();
        let mut room = AT_ONCE;
        let bounds_of = bounds;
        for (part, bounds) in bounds.iter().filter(|(part, _)| !part.stream.is_compacted()) {
            let end = bounds.borrow().end;
            let needed_from = groups.consumed_by_all(part).unwrap_or(u64::MAX);
            let needed_since = needed_since(tree, groups, bounds_of, part)?;
            let needed = Needed { from: needed_from.min(end), since: needed_since };
            let old = self.old_batches(tree, part, needed, now, room)?;
            room -= old.len();
            for (base, header) in &old {
                (0..header.pieces()).for_each(|piece| removed.remove(&format::batch_key(part, *base, piece)));
            }
            if let Some((base, header)) = old.last() {
                bounds.send_modify(|bounds| bounds.start = base + u64::from(header.count));
            }
        }
        let found = room < AT_ONCE;
        if found {
            self.due = Instant::now(); // there may be more
        }
        Ok(found.then_some(removed))
    }

    /// The oldest batches of `part`, at most `limit`, that are older than the retention and not `needed`. The newest batch is never among them: it is how the part's end is known when the log is opened.
    fn old_batches(
        &self,
        tree: &sled::Tree,
        part: Part,
        needed: Needed,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(u64, Header)>, sled::Error> {
        let mut old: Vec<(u64, Header)> = Vec::new();
        let mut candidate = None;
        for entry in tree.scan_prefix(format::part_prefix(part)) {
            let (key, value) = entry?;
            let (Some((base, 0)), Some(header)) = (format::base_and_piece(&key), Header::decode(&value)) else {
                continue; // a further piece of the batch before
            };
            old.extend(candidate.take()); // one has come after it, so it is not the newest
            if needed.has(base, header) || header.appended.until(now) <= self.retention || old.len() >= limit {
                break;
            }
            candidate = Some((base, header));
        }
        Ok(old)
    }
}
