//! How the comparison of users stands in each source.

use super::Error;
use crate::{
    domain::{Comparison, SourceId, SweepProgress, SweepStep, Timestamp},
    store::Store,
};

/// The latest by source.
#[derive(Debug, Clone)]
pub(super) struct Comparisons(sled::Tree);

impl Comparisons {
    pub(super) fn new(store: &Store) -> Result<Self, Error> {
        Ok(Self(store.tree("view-comparisons")?))
    }

    pub(super) fn trees(&self) -> [&sled::Tree; 1] {
        [&self.0]
    }

    /// Takes in what is about comparisons. All records of a source are in one partition, in order.
    pub(super) fn apply(&self, progress: &SweepProgress) -> Result<(), Error> {
        if let SweepStep::Compared(comparison) = &progress.step {
            self.0.insert(progress.source.as_str(), serde_json::to_vec(&(progress.at, comparison))?)?;
        }
        Ok(())
    }

    pub(super) fn get(&self, source: &SourceId) -> Result<Option<(Timestamp, Comparison)>, Error> {
        Ok(self.0.get(source.as_str())?.map(|row| serde_json::from_slice(&row)).transpose()?)
    }
}
