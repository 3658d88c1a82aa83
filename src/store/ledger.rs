//! The decided events, and the steps that began or ended, by stage, source and partition.

use std::sync::Arc;

use super::{
    Error, Forgotten, Reach,
    reach::{CLOCK_SET_BACK, Reaches},
    turns::{Turn, Turns},
};
use crate::{
    domain::{SourceId, Stage, Timestamp},
    log::{Partition, Stored, Stream},
};

/// The memory of one event or step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The product may have been asked for a change; with the state before.
    Attempted {
        /// The state before.
        before: String,
        /// The time of the attempt.
        at: Timestamp,
    },
    /// The work has ended: a repeated record is a duplicate.
    Done,
    /// Done with, and the user is gone.
    Gone,
    /// Done with: it was kept back.
    KeptBack,
}

impl Entry {
    /// Whether a repeated record is a duplicate.
    pub const fn is_done(&self) -> bool {
        match self {
            Self::Attempted { .. } => false,
            Self::Done | Self::Gone | Self::KeptBack => true,
        }
    }
}

/// The scope of a memory: one stage of one source in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(Vec<u8>);

impl Scope {
    /// The scope of `stage` for `source` in `partition`.
    pub fn new(stage: Stage, source: &SourceId, partition: Partition) -> Self {
        Self(format!("{}/{source}/{partition}/", stage.as_str()).into_bytes())
    }

    /// The scope for the checkpoint of a `stream` that is read back besides the stage's output.
    pub fn reading(&self, stream: Stream) -> Self {
        Self([&self.0, stream.as_str().as_bytes()].concat())
    }

    /// The scope of another `stage` for the same source in the same partition.
    pub fn of_stage(&self, stage: Stage) -> Self {
        let rest = self.0.iter().position(|byte| *byte == b'/').map_or(&self.0[..0], |at| &self.0[at..]);
        Self([stage.as_str().as_bytes(), rest].concat())
    }

    pub(super) fn key(&self, id: &str) -> Vec<u8> {
        [&self.0, id.as_bytes()].concat()
    }
}

/// The memory of planners and executors. Cheap to clone; all clones are one memory.
#[derive(Debug, Clone)]
pub struct Ledger {
    entries: sled::Tree,
    checkpoints: sled::Tree,
    reaches: Reaches,
    turns: Turns,
}

const ATTEMPTED: u8 = 1;
const DONE: u8 = 2;
const GONE: u8 = 3;
const HELD_BACK: u8 = 4;

impl Ledger {
    pub(super) fn new(entries: sled::Tree, checkpoints: sled::Tree) -> Self {
        Self { entries, checkpoints, reaches: Reaches::default(), turns: Turns::default() }
    }

    /// Waits until a partition may be read back: only some are at once.
    pub async fn turn(&self) -> Turn {
        self.turns.wait().await
    }

    /// The entry of `id`.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read.
    pub fn get(&self, scope: &Scope, id: &str) -> Result<Option<Entry>, Error> {
        let Some(value) = self.entries.get(scope.key(id))? else { return Ok(None) };
        Ok(Some(match value.first() {
            Some(&ATTEMPTED) => Entry::Attempted {
                before: String::from_utf8_lossy(value.get(9..).unwrap_or_default()).into_owned(),
                at: Timestamp::from_millis(millis(&value).unwrap_or(0)),
            },
            Some(&GONE) => Entry::Gone,
            Some(&HELD_BACK) => Entry::KeptBack,
            _ => Entry::Done,
        }))
    }

    /// Remembers `entry` of `id`, as of `at`; an attempt as of its own time. A finished entry stays finished.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write.
    pub fn put(&self, scope: &Scope, id: &str, entry: &Entry, at: Timestamp) -> Result<(), Error> {
        let (tag, before, at) = match entry {
            Entry::Attempted { before, at } => (ATTEMPTED, before.as_str(), *at),
            Entry::Done => (DONE, "", at),
            Entry::Gone => (GONE, "", at),
            Entry::KeptBack => (HELD_BACK, "", at),
        };
        let is_done = self.get(scope, id)?.is_some_and(|known| known.is_done());
        if !entry.is_done() && is_done {
            return Ok(());
        }
        let value = [&[tag][..], &at.as_millis().to_be_bytes(), before.as_bytes()].concat();
        self.entries.insert(scope.key(id), value)?;
        Ok(())
    }

    /// All records of the stage's output before this offset are remembered; the rest is to be read back.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read.
    pub fn checkpoint(&self, scope: &Scope) -> Result<u64, Error> {
        if self.checkpoints.contains_key(anew_key(scope))? {
            return Ok(0);
        }
        let value = self.checkpoints.get(&scope.0)?;
        Ok(value.and_then(|value| value.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes))
    }

    /// Moves the checkpoint. Call it only when all entries before it have been [`put`](Self::put): sled keeps the order
    /// of writes across a crash, so a checkpoint that survives guarantees the entries before it.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't write.
    pub fn set_checkpoint(&self, scope: &Scope, next: u64) -> Result<(), Error> {
        self.checkpoints.insert(&scope.0, &next.to_be_bytes())?;
        Ok(())
    }

    /// Has `scope` read back from the start of the stage's output and of the streams `beside` it, and keeps the present
    /// entries. The mark stays until it [was read back](Self::was_read_back), because work that continues meanwhile may
    /// move the checkpoint.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't write.
    pub fn read_back_anew(&self, scope: &Scope, beside: &[Stream]) -> Result<(), Error> {
        for stream in beside {
            self.checkpoints.remove(&scope.reading(*stream).0)?;
        }
        self.checkpoints.insert(anew_key(scope), &[])?;
        Ok(())
    }

    /// Moves the checkpoint to `next`, when all records before it have been read back.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't write.
    pub fn was_read_back(&self, scope: &Scope, next: u64) -> Result<(), Error> {
        self.set_checkpoint(scope, next)?;
        self.checkpoints.remove(anew_key(scope))?;
        Ok(())
    }

    /// Removes a scope, so that it is read back from the start.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write. The checkpoint goes first, so what is left does no harm.
    pub fn forget(&self, scope: &Scope) -> Result<(), Error> {
        self.checkpoints.remove(&scope.0)?;
        for key in self.entries.scan_prefix(&scope.0).keys() {
            self.entries.remove(key?)?;
        }
        Ok(())
    }

    /// The age of the input of `scope` that may be given to it again. Its consumers set it.
    pub fn reach(&self, scope: &Scope) -> Arc<Reach> {
        self.reaches.of(&scope.0)
    }

    /// The records of the input whose work may be forgotten. None if that was not determined yet.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read.
    pub fn forgotten(&self, scope: &Scope) -> Result<Option<Forgotten>, Error> {
        Ok(self.checkpoints.get(forgotten_key(&scope.0))?.and_then(|row| Forgotten::read(&row)))
    }

    /// Adds `forgotten` to the earlier record.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write.
    pub fn record_forgotten(&self, scope: &Scope, forgotten: Forgotten) -> Result<(), Error> {
        self.record_forgotten_in(&scope.0, forgotten)
    }

    /// The number of the creation of the output's topic that was read back. None if it was not checked yet; 0 for the
    /// first one.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read.
    pub fn recreation(&self, scope: &Scope) -> Result<Option<u64>, Error> {
        let row = self.checkpoints.get(recreation_key(&scope.0))?;
        Ok(row.and_then(|row| row.as_ref().try_into().ok()).map(u64::from_be_bytes))
    }

    /// Records which creation of the output's topic is read back from now on. Of records of the input before `lost_until`
    /// nothing may be remembered; none: as was noted before.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write.
    pub fn record_recreation(&self, scope: &Scope, number: u64, lost_until: Option<u64>) -> Result<(), Error> {
        // Before the number: sled keeps the order of writes across a crash.
        if let Some(until) = lost_until {
            self.checkpoints.insert(lost_key(&scope.0), &until.to_be_bytes())?;
        }
        self.checkpoints.insert(recreation_key(&scope.0), &number.to_be_bytes())?;
        Ok(())
    }

    fn lost_until(&self, scope: &Scope) -> Result<u64, Error> {
        let row = self.checkpoints.get(lost_key(&scope.0))?;
        Ok(row.and_then(|row| row.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes))
    }

    /// Whether what follows from `record` of the input may be done without being remembered.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read.
    pub fn is_in_doubt(&self, scope: &Scope, record: &Stored) -> Result<bool, Error> {
        let offset = record.position.offset;
        let forgotten = self.forgotten(scope)?.unwrap_or(Forgotten::NOTHING);
        // Only the offset counts for a lost topic: a clock may have been wrong.
        Ok(offset < self.lost_until(scope)? || forgotten.covers(offset, record.appended))
    }

    /// Records that nothing is forgotten about records from `end` on, if no end was recorded. Earlier versions recorded
    /// none.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write.
    pub fn end_forgotten(&self, scope: &Scope, end: u64) -> Result<(), Error> {
        if let Some(known) = self.forgotten(scope)?.filter(|known| known.until == u64::MAX) {
            self.checkpoints.insert(forgotten_key(&scope.0), Forgotten { until: end, ..known }.write().to_vec())?;
        }
        Ok(())
    }

    fn record_forgotten_in(&self, scope: &[u8], forgotten: Forgotten) -> Result<(), Error> {
        let key = forgotten_key(scope);
        let known = self.checkpoints.get(&key)?.and_then(|row| Forgotten::read(&row));
        let all = known.map_or(forgotten, |known| known.with(forgotten));
        if known != Some(all) {
            self.checkpoints.insert(key, all.write().to_vec())?;
        }
        Ok(())
    }

    /// Drops entries from before `over`, unless the record of the work may come again; and all entries from before
    /// `open`. A scope whose reach is not known yet keeps everything, because the clock may be ahead. Nothing is added
    /// to it meanwhile. Returns the number.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write; some entries may be dropped already.
    pub fn prune(&self, over: Timestamp, open: Timestamp) -> Result<usize, Error> {
        let mut dropped = 0;
        for Outlived { scope, newest, until } in self.outlived(over, open)? {
            // Not the horizon: that is in the future if the clock is ahead.
            let before = Timestamp::from_millis(newest).plus(CLOCK_SET_BACK);
            // Before anything goes: sled keeps the order of writes across a crash.
            self.record_forgotten_in(&scope, Forgotten { before, until })?;
            for item in self.entries.scan_prefix(&scope) {
                let (key, value) = item?;
                if millis(&value).is_none_or(|at| at <= newest) {
                    self.entries.remove(key)?;
                    dropped += 1;
                }
            }
        }
        Ok(dropped)
    }

    /// The scopes with entries to drop.
    fn outlived(&self, over: Timestamp, open: Timestamp) -> Result<Vec<Outlived>, Error> {
        let (mut all, mut scope, mut horizon) = (Vec::<Outlived>::new(), Vec::new(), None);
        let mut until = 0;
        for item in &self.entries {
            let (key, value) = item?;
            if scope.is_empty() || !key.starts_with(&scope) {
                scope = scope_of(&key).to_vec();
                let reach = self.reaches.known(&scope);
                horizon = reach.as_ref().and_then(|reach| reach.horizon(over)).map(|horizon| horizon.max(open));
                until = reach.map_or(0, |reach| reach.seen());
            }
            let at = millis(&value).unwrap_or(i64::MIN);
            if horizon.is_none_or(|horizon| at >= horizon.as_millis()) {
                continue;
            }
            match all.last_mut().filter(|last| last.scope == scope) {
                Some(last) => last.newest = last.newest.max(at),
                None => all.push(Outlived { scope: scope.clone(), newest: at, until }),
            }
        }
        Ok(all)
    }
}

/// A scope with entries to drop.
struct Outlived {
    scope: Vec<u8>,
    /// The time of the newest entry to drop.
    newest: i64,
    /// The offset after the last record of the input that the scope was given.
    until: u64,
}

/// The scope in an entry's key: neither a stage nor a source has a slash in its name.
fn scope_of(key: &[u8]) -> &[u8] {
    let end = key.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at + 1).nth(2);
    &key[..end.unwrap_or(key.len())]
}

fn forgotten_key(scope: &[u8]) -> Vec<u8> {
    [scope, b"forgotten"].concat() // no stream has this name
}

fn recreation_key(scope: &[u8]) -> Vec<u8> {
    [scope, b"recreation"].concat() // no stream has this name
}

fn lost_key(scope: &[u8]) -> Vec<u8> {
    [scope, b"lost"].concat() // no stream has this name
}

fn anew_key(scope: &Scope) -> Vec<u8> {
    [&scope.0[..], b"anew"].concat() // no stream has this name
}

fn millis(value: &[u8]) -> Option<i64> {
    value.get(1..9).and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes)
}
