//! The ledger: the decided events, and the steps that began or ended, by stage, source and partition.
//!
//! The entries are here, by their [`scope`]. Beside them are the [`checkpoints`] of what is read back from the log,
//! and what may be forgotten ([`doubt`]) since old entries are removed ([`prune`]).

mod checkpoints;
mod doubt;
mod entry;
mod prune;
mod scope;

use std::sync::Arc;

use super::{
    Error, Reach,
    reach::Reaches,
    table::Table,
    turns::{Turn, Turns},
};
use crate::domain::Timestamp;
use doubt::Doubts;
pub use entry::Entry;
pub use scope::Scope;

/// The memory of planners and executors. Cheap to clone; all clones are one memory.
#[derive(Debug, Clone)]
pub struct Ledger {
    entries: Table,
    checkpoints: Table,
    reaches: Reaches,
    turns: Turns,
    doubts: Doubts,
}

const ATTEMPTED: u8 = 1;
const DONE: u8 = 2;
const GONE: u8 = 3;
const HELD_BACK: u8 = 4;

impl Ledger {
    pub(super) fn new(entries: Table, checkpoints: Table) -> Self {
        let (reaches, turns, doubts) = (Reaches::default(), Turns::default(), Doubts::default());
        Self { entries, checkpoints, reaches, turns, doubts }
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
        if !entry.is_done() && self.get(scope, id)?.is_some_and(|known| known.is_done()) {
            return Ok(());
        }
        let value = [&[tag][..], &at.as_millis().to_be_bytes(), before.as_bytes()].concat();
        self.entries.put(scope.key(id), value)
    }

    /// Removes a scope, so that it is read back from the start.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write. The checkpoint goes first, so what is left does no harm.
    pub fn forget(&self, scope: &Scope) -> Result<(), Error> {
        self.checkpoints.remove(&scope.0)?;
        for row in self.entries.rows(&scope.0) {
            self.entries.remove(row?.0)?;
        }
        Ok(())
    }

    /// The age of the input of `scope` that may be given to it again. Its consumers set it.
    pub fn reach(&self, scope: &Scope) -> Arc<Reach> {
        self.reaches.of(&scope.0)
    }
}

fn millis(value: &[u8]) -> Option<i64> {
    value.get(1..9).and_then(|bytes| bytes.try_into().ok()).map(i64::from_be_bytes)
}
