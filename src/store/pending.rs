//! Steps that decisions have asked for and that have not ended, by user, as planners keep them beside the ledger.

use serde::{Deserialize, Serialize};

use super::Error;
use crate::domain::{RunId, StepKey, Timestamp, UserKey};

/// Steps kept of one user at most, the latest ones.
const MOST: usize = 1_000;

/// A step that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingStep {
    /// The run it belongs to.
    pub run: RunId,
    /// Which.
    pub key: StepKey,
    /// When its decision was made.
    pub decided: Timestamp,
}

/// The pending steps of each user. Cheap to clone; all clones are one memory.
#[derive(Debug, Clone)]
pub struct PendingStore(sled::Tree);

impl PendingStore {
    pub(super) fn new(tree: sled::Tree) -> Self {
        Self(tree)
    }

    /// The pending steps of `user`.
    pub fn of(&self, user: &UserKey) -> Result<Vec<PendingStep>, Error> {
        Ok(self.0.get(user.as_str())?.map(|row| read(&row)).unwrap_or_default())
    }

    /// Adds `steps` to those of `user`, once each.
    pub fn add(&self, user: &UserKey, steps: &[PendingStep]) -> Result<(), Error> {
        self.0.update_and_fetch(user.as_str(), |row| {
            let mut all = row.map(read).unwrap_or_default();
            all.retain(|known| steps.iter().all(|step| step.key != known.key));
            all.extend_from_slice(steps);
            all.drain(..all.len().saturating_sub(MOST));
            write(&all)
        })?;
        Ok(())
    }

    /// Takes away the steps of `user` that `have_ended`. Gives those that are left.
    pub fn take_away(
        &self,
        user: &UserKey,
        have_ended: impl Fn(&PendingStep) -> bool,
    ) -> Result<Vec<PendingStep>, Error> {
        if !self.0.contains_key(user.as_str())? {
            return Ok(Vec::new()); // as most have none: nothing is written
        }
        let row = self.0.update_and_fetch(user.as_str(), |row| {
            let mut all = row.map(read)?;
            all.retain(|step| !have_ended(step));
            write(&all)
        })?;
        Ok(row.map(|row| read(&row)).unwrap_or_default())
    }

    /// Forgets steps that were asked for before `horizon`. Returns of how many users.
    pub fn prune(&self, horizon: Timestamp) -> Result<usize, Error> {
        let mut dropped = 0;
        for item in &self.0 {
            let (key, row) = item?;
            if read(&row).iter().all(|step| step.decided < horizon) {
                self.0.remove(key)?;
                dropped += 1;
            }
        }
        Ok(dropped)
    }
}

/// Nothing where the row is not one of this version: then nobody waits for its steps.
fn read(row: impl AsRef<[u8]>) -> Vec<PendingStep> {
    serde_json::from_slice(row.as_ref()).unwrap_or_default()
}

/// None where there are no steps: no row is kept then.
fn write(steps: &[PendingStep]) -> Option<Vec<u8>> {
    (!steps.is_empty()).then(|| serde_json::to_vec(steps).expect("text and numbers are JSON"))
}
