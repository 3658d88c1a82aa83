//! Records of the input whose work may be forgotten: whether it was done is in doubt.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Ledger, Scope, checkpoints::lost_key};
use crate::{
    log::Stored,
    store::{Error, Forgotten},
};

/// The doubt about each scope, as it is in the store: it is asked for each record of the input.
#[derive(Debug, Clone, Default)]
pub(super) struct Doubts(Arc<Mutex<HashMap<Vec<u8>, Doubt>>>);

#[derive(Debug, Clone, Copy)]
struct Doubt {
    forgotten: Forgotten,
    /// Of records before this offset the output may be lost.
    lost_until: u64,
}

impl Doubts {
    /// The doubt about `scope`; `read` asks the store, the first time and after each change.
    fn of(&self, scope: &[u8], read: impl FnOnce() -> Result<Doubt, Error>) -> Result<Doubt, Error> {
        // The lock is held while the store is read: a change cannot fall between the reading and the remembering.
        let mut known = self.lock();
        if let Some(doubt) = known.get(scope) {
            return Ok(*doubt);
        }
        let doubt = read()?;
        known.insert(scope.to_vec(), doubt);
        Ok(doubt)
    }

    /// Makes a change in the store, which is read again then.
    pub(super) fn changing<T>(&self, scope: &[u8], change: impl FnOnce() -> T) -> T {
        let mut known = self.lock();
        let changed = change();
        known.remove(scope);
        changed
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Doubt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ledger {
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

    /// Records that nothing is forgotten about records from `end` on, if no end was recorded. Earlier versions recorded
    /// none.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write.
    pub fn end_forgotten(&self, scope: &Scope, end: u64) -> Result<(), Error> {
        if let Some(known) = self.forgotten(scope)?.filter(|known| known.until == u64::MAX) {
            let row = Forgotten { until: end, ..known }.write().to_vec();
            self.doubts.changing(&scope.0, || self.checkpoints.put(forgotten_key(&scope.0), row))?;
        }
        Ok(())
    }

    /// Whether what follows from `record` of the input may be done without being remembered.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read.
    pub fn is_in_doubt(&self, scope: &Scope, record: &Stored) -> Result<bool, Error> {
        let offset = record.position.offset;
        let read = || {
            let forgotten = self.forgotten(scope)?.unwrap_or(Forgotten::NOTHING);
            Ok(Doubt { forgotten, lost_until: self.lost_until(scope)? })
        };
        let Doubt { forgotten, lost_until } = self.doubts.of(&scope.0, read)?;
        // Only the offset counts for a lost topic: a clock may have been wrong.
        Ok(offset < lost_until || forgotten.covers(offset, record.appended))
    }

    fn lost_until(&self, scope: &Scope) -> Result<u64, Error> {
        let row = self.checkpoints.get(lost_key(&scope.0))?;
        Ok(row.and_then(|row| row.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes))
    }

    /// Adds `forgotten` to the earlier record of the `scope`, which is given as the start of its keys.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read or write.
    pub(super) fn record_forgotten_in(&self, scope: &[u8], forgotten: Forgotten) -> Result<(), Error> {
        let key = forgotten_key(scope);
        let known = self.checkpoints.get(&key)?.and_then(|row| Forgotten::read(&row));
        let all = known.map_or(forgotten, |known| known.with(forgotten));
        if known != Some(all) {
            self.doubts.changing(scope, || self.checkpoints.put(key, all.write().to_vec()))?;
        }
        Ok(())
    }
}

fn forgotten_key(scope: &[u8]) -> Vec<u8> {
    [scope, b"forgotten"].concat() // no stream has this name
}
