//! Forgets what is old in compacted streams, but never the latest record of a key.
//!
//! A *round* over one part looks at its old batches, those beyond the retention. First it reads the part through and
//! learns which records of the old batches are still the latest of their keys. Those are appended anew, at the end, and
//! then the old batches go: so offsets stay contiguous, and who reads from the start finds every key. Each step of a
//! round is bounded, and appends are served in between; what they write over is learned before the next step.
//!
//! A crash between copying and removing leaves a record twice, the later one being a copy of the earlier one.

use std::{
    collections::HashMap,
    ops::Range,
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::{
    database::format::{self, Header},
    groups::Groups,
    part::{Part, Parts},
    reader::batch_at,
    retention::EVERY,
};
use crate::{
    domain::Timestamp,
    log::{Stored, Stream},
};

/// Who opens the log reads what it holds first. A record that is copied forward while they read would be behind them, and
/// its copy beyond the end that they saw.
const READERS_FIRST: Duration = Duration::from_secs(5);

/// How many batches are looked at in a step, and how many bytes of records, whichever comes first.
const BATCHES_AT_ONCE: usize = 256;
const BYTES_AT_ONCE: usize = 1024 * 1024;

/// Why a step was not done; the round is begun anew in an hour, and until then nothing is removed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The database.
    #[error("{}", crate::words::database(.0))]
    Sled(#[from] sled::Error),
    /// A batch that should be there.
    #[error("the batch with offset {offset} of partition {} of stream {} can't be read", part.partition, part.code())]
    Unreadable {
        /// Where.
        part: Part,
        /// Of which record.
        offset: u64,
    },
}

/// What the committer has to do for a step.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// Of which part; none: nothing is to be done until the next round is due.
    pub part: Option<Part>,
    /// To be appended to the part, durably, before anything is removed.
    pub copies: Vec<Stored>,
    /// The keys of the batches to remove.
    pub removed: Vec<[u8; 13]>,
    /// Where the part begins then.
    pub start: u64,
}

/// Decides what to copy and what to remove.
pub(super) struct Compactor {
    retention: Duration,
    due: Instant,
    /// Parts of this round that have not been looked at.
    waiting: Vec<Part>,
    round: Option<Round>,
}

impl Compactor {
    /// Keeps records for `retention`, and the latest of each key for ever; the first look is due in a moment.
    pub fn new(retention: Duration) -> Self {
        Self { retention, due: Instant::now() + READERS_FIRST, waiting: Vec::new(), round: None }
    }

    /// Whether there is something to do now.
    pub fn is_due(&self) -> bool {
        self.round.is_some() || Instant::now() >= self.due
    }

    /// Breaks off; it is begun anew in an hour.
    pub fn put_off(&mut self) {
        self.round = None;
        self.waiting.clear();
        self.due = Instant::now() + EVERY;
    }

    /// The next step.
    pub fn next(
        &mut self,
        tree: &sled::Tree,
        groups: &Groups,
        bounds: &Parts<watch::Sender<Range<u64>>>,
        now: Timestamp,
    ) -> Result<Step, Error> {
        if self.round.is_none() && self.waiting.is_empty() && Instant::now() >= self.due {
            self.waiting = bounds.iter().map(|(part, _)| part).filter(|part| part.stream.is_compacted()).collect();
        }
        let begun = self.round.take();
        let begun = match begun {
            Some(round) => Some(round),
            None => self.begin(tree, groups, bounds, now)?,
        };
        let Some(mut round) = begun else {
            self.put_off();
            return Ok(Step::default());
        };
        let step = round.step(tree, &bounds[round.part].borrow())?;
        if !round.is_over() {
            self.round = Some(round);
        } else if self.waiting.is_empty() {
            self.put_off();
        }
        Ok(step)
    }

    /// How long records of `stream` are kept at least.
    fn retention(&self, stream: Stream) -> Duration {
        stream.keeps_written_over().map_or(self.retention, |keeps| keeps.min(self.retention))
    }

    /// The round of the next part that has something old.
    fn begin(
        &mut self,
        tree: &sled::Tree,
        groups: &Groups,
        bounds: &Parts<watch::Sender<Range<u64>>>,
        now: Timestamp,
    ) -> Result<Option<Round>, Error> {
        while let Some(part) = self.waiting.pop() {
            let held = bounds[part].borrow().clone();
            let needed_from = groups.consumed_by_all(part).unwrap_or(u64::MAX);
            let retention = self.retention(part.stream);
            let round = Round::new(part, &held, needed_from, retention, now);
            if held.is_empty() {
                continue;
            }
            let oldest = round.header(tree, held.start)?;
            // A round reads all of its part: it waits until there is more to remove than an hour's worth.
            let slack = retention / 10;
            if round.is_old(held.start, &oldest) && oldest.appended.until(now) > retention + slack {
                return Ok(Some(round));
            }
        }
        Ok(None)
    }
}

/// The old batches of one part, on their way out.
struct Round {
    part: Part,
    /// The first of the old records that is still there.
    start: u64,
    /// One past the last of the old records, as far as they are known.
    old_end: u64,
    /// No batch that ends behind this is old.
    limit: u64,
    /// The records before this one are reckoned with.
    seen: u64,
    /// All before this have to be, before anything goes.
    end: u64,
    /// Where the latest record of a key stands, where that is among the old ones.
    latest: HashMap<Key, u64>,
    retention: Duration,
    now: Timestamp,
}

/// A key's digest: there may be as many keys as users.
type Key = [u8; 16];

impl Round {
    fn new(part: Part, held: &Range<u64>, needed_from: u64, retention: Duration, now: Timestamp) -> Self {
        // The newest batch stays: it is how the part's end is known when the log is opened.
        let limit = needed_from.min(held.end.saturating_sub(1));
        let (start, end) = (held.start, held.end);
        Self { part, start, old_end: start, limit, seen: start, end, latest: HashMap::new(), retention, now }
    }

    /// Whether the batch at `base` goes, if all before it do.
    fn is_old(&self, base: u64, header: &Header) -> bool {
        base + u64::from(header.count) <= self.limit && header.appended.until(self.now) > self.retention
    }

    fn is_over(&self) -> bool {
        self.seen >= self.end && self.start >= self.old_end
    }

    /// Learns a part of what is there; or, when all of that is known, gives some old batches up.
    fn step(&mut self, tree: &sled::Tree, held: &Range<u64>) -> Result<Step, Error> {
        let mut step = Step { part: Some(self.part), start: self.start, ..Step::default() };
        if !self.learn(tree, held.end)? {
            return Ok(step);
        }
        let mut bytes = 0;
        for _ in 0..BATCHES_AT_ONCE {
            if self.start >= self.old_end || bytes >= BYTES_AT_ONCE {
                break;
            }
            let records = self.batch(tree, self.start)?;
            step.removed.extend(self.keys_of(tree, self.start)?);
            self.start += records.len() as u64;
            let latest = |record: &Stored| self.latest.get(&digest(&record.key)) == Some(&record.position.offset);
            let copies: Vec<_> = records.into_iter().filter(latest).collect();
            bytes += copies.iter().map(|record| record.key.len() + record.payload.len()).sum::<usize>();
            step.copies.extend(copies);
        }
        step.start = self.start;
        Ok(step)
    }

    /// Reckons with some further records; true when none are left before `end`.
    fn learn(&mut self, tree: &sled::Tree, end: u64) -> Result<bool, Error> {
        let mut bytes = 0;
        for _ in 0..BATCHES_AT_ONCE {
            if self.seen >= end || bytes >= BYTES_AT_ONCE {
                break;
            }
            if self.seen == self.old_end {
                let header = self.header(tree, self.seen)?;
                if self.is_old(self.seen, &header) {
                    self.old_end += u64::from(header.count);
                }
            }
            for record in self.batch(tree, self.seen)? {
                bytes += record.key.len() + record.payload.len();
                let offset = record.position.offset;
                self.seen = offset + 1;
                // Later ones stay where they are, and what was taken back is not kept.
                if offset < self.old_end && !record.payload.is_empty() {
                    self.latest.insert(digest(&record.key), offset);
                } else {
                    self.latest.remove(&digest(&record.key));
                }
            }
        }
        Ok(self.seen >= end)
    }

    /// The records of the batch that begins at `base`.
    fn batch(&self, tree: &sled::Tree, base: u64) -> Result<Vec<Stored>, Error> {
        let found = batch_at(tree, self.part, base)?.filter(|(found, _)| *found == base);
        let records = found.and_then(|(_, bytes)| format::decode(self.part, base, bytes));
        records.filter(|records| !records.is_empty()).ok_or(Error::Unreadable { part: self.part, offset: base })
    }

    /// The keys of all pieces of the batch that begins at `base`.
    fn keys_of(&self, tree: &sled::Tree, base: u64) -> Result<Vec<[u8; 13]>, Error> {
        let pieces = self.header(tree, base)?.pieces();
        Ok((0..pieces).map(|piece| format::batch_key(self.part, base, piece)).collect())
    }

    fn header(&self, tree: &sled::Tree, base: u64) -> Result<Header, Error> {
        let first = tree.get(format::batch_key(self.part, base, 0))?;
        let header = first.and_then(|value| Header::decode(&value));
        header.ok_or(Error::Unreadable { part: self.part, offset: base })
    }
}

fn digest(key: &str) -> Key {
    let digest = Sha256::digest(key);
    std::array::from_fn(|index| digest[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_only_the_latest_counts_the_rest_goes_soon_and_never_later_than_other_records() {
        let month = Compactor::new(Duration::from_hours(30 * 24));
        assert_eq!(month.retention(Stream::Activity), Duration::from_hours(30 * 24));
        assert_eq!(month.retention(Stream::Feeds), Duration::from_mins(10));
        assert_eq!(Compactor::new(Duration::from_secs(1)).retention(Stream::Feeds), Duration::from_secs(1));
    }
}
