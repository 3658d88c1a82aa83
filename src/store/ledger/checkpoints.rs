//! Checkpoints: how far a stage's output, and the streams beside it, have been read back.

use super::{Ledger, Scope};
use crate::{log::Stream, store::Error};

impl Ledger {
    /// All records of the stage's output before this offset are remembered; the rest is to be read back.
    ///
    /// # Errors
    /// [`Error::Sled`] if sled can't read.
    pub fn checkpoint(&self, scope: &Scope) -> Result<u64, Error> {
        if self.checkpoints.contains(anew_key(scope))? {
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
        self.checkpoints.put(&scope.0, &next.to_be_bytes())?;
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
        self.checkpoints.put(anew_key(scope), &[])?;
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
            let insert = || self.checkpoints.put(lost_key(&scope.0), &until.to_be_bytes());
            self.doubts.changing(&scope.0, insert)?;
        }
        self.checkpoints.put(recreation_key(&scope.0), &number.to_be_bytes())?;
        Ok(())
    }
}

fn recreation_key(scope: &[u8]) -> Vec<u8> {
    [scope, b"recreation"].concat() // no stream has this name
}

pub(super) fn lost_key(scope: &[u8]) -> Vec<u8> {
    [scope, b"lost"].concat() // no stream has this name
}

fn anew_key(scope: &Scope) -> Vec<u8> {
    [&scope.0[..], b"anew"].concat() // no stream has this name
}
