//! Steps of decisions that have not ended, by user, as planners keep them beside the ledger.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use super::{Error, table::Table};
use crate::domain::{RunId, StepKey, Timestamp, UserKey};

/// A step that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingStep {
    /// The run.
    pub run: RunId,
    /// The step.
    pub key: StepKey,
    /// The time of its decision.
    pub decided: Timestamp,
}

/// The durable copy of the pending steps of each user. Each call may wait for the disk.
pub trait PendingRows: Debug + Send + Sync {
    /// The pending steps of `user`.
    ///
    /// # Errors
    /// [`Error::Sled`] if the row can't be read.
    fn of(&self, user: &UserKey) -> Result<Vec<PendingStep>, Error>;

    /// Replaces the pending steps of `user` by `steps`.
    ///
    /// # Errors
    /// [`Error::Sled`] if the row can't be written.
    fn put(&self, user: &UserKey, steps: &[PendingStep]) -> Result<(), Error>;

    /// Calls `each` with every user that has pending steps.
    ///
    /// # Errors
    /// [`Error::Sled`] if a row can't be read; the first error of `each`.
    fn walk(&self, each: &mut dyn FnMut(UserKey, Vec<PendingStep>) -> Result<(), Error>) -> Result<(), Error>;
}

/// The pending steps of each user. Cheap to clone; all clones are one memory.
#[derive(Debug, Clone)]
pub struct PendingStore(Table);

impl PendingStore {
    pub(super) fn new(table: Table) -> Self {
        Self(table)
    }
}

impl PendingRows for PendingStore {
    fn of(&self, user: &UserKey) -> Result<Vec<PendingStep>, Error> {
        Ok(self.0.get(user.as_str())?.map(|row| read(&row)).unwrap_or_default())
    }

    fn put(&self, user: &UserKey, steps: &[PendingStep]) -> Result<(), Error> {
        match write(steps) {
            Some(row) => self.0.put(user.as_str(), row),
            None => self.0.remove(user.as_str()),
        }
    }

    fn walk(&self, each: &mut dyn FnMut(UserKey, Vec<PendingStep>) -> Result<(), Error>) -> Result<(), Error> {
        for item in self.0.rows([]) {
            let (key, row) = item?;
            let user = std::str::from_utf8(&key).ok().and_then(UserKey::parse);
            let steps = read(&row);
            match user {
                Some(user) if !steps.is_empty() => each(user, steps)?,
                Some(_) | None => self.0.remove(key)?, // a row of another version
            }
        }
        Ok(())
    }
}

/// Reads a row; nothing if it is not of this version: then no event waits for its steps.
fn read(row: impl AsRef<[u8]>) -> Vec<PendingStep> {
    serde_json::from_slice(row.as_ref()).unwrap_or_default()
}

/// Writes a row; none if there are no steps: then no row is kept.
fn write(steps: &[PendingStep]) -> Option<Vec<u8>> {
    (!steps.is_empty()).then(|| serde_json::to_vec(steps).expect("text and numbers are JSON"))
}
