//! How the comparison of users stands in each source, and what its last whole list was like.

use super::Error;
use crate::{
    domain::{Comparison, SourceId, SweepProgress, SweepStep, Timestamp, UserList},
    store::Store,
};

/// The latest by source.
#[derive(Debug, Clone)]
pub(super) struct Comparisons {
    stands: sled::Tree,
    lists: sled::Tree,
}

impl Comparisons {
    pub(super) fn new(store: &Store) -> Result<Self, Error> {
        Ok(Self { stands: store.tree("view-comparisons")?, lists: store.tree("view-lists")? })
    }

    pub(super) fn trees(&self) -> [&sled::Tree; 2] {
        [&self.stands, &self.lists]
    }

    /// Takes in what is about comparisons and lists. All records of a source are in one partition, in order.
    pub(super) fn apply(&self, progress: &SweepProgress) -> Result<(), Error> {
        match &progress.step {
            SweepStep::Compared(comparison) => {
                self.stands.insert(progress.source.as_str(), serde_json::to_vec(&(progress.at, comparison))?)?;
                // Where nothing is compared any more, the list is as old as the record that first told of it.
                comparison.list.as_ref().map_or(Ok(()), |list| self.keep(progress, list))
            }
            SweepStep::ListingEnded { incomplete: Some(why), .. } if why == UserList::GIVEN_UP => Ok(()),
            // A scheme named the users: nothing follows from that about the source's own list.
            SweepStep::ListingEnded { named: true, .. } => Ok(()),
            SweepStep::ListingEnded { seen, incomplete, named: false } => {
                let incomplete = incomplete.clone();
                self.keep(progress, &UserList { users: *seen, unreadable: 0, incomplete })
            }
            SweepStep::Started { .. }
            | SweepStep::Estimated(_)
            | SweepStep::Listed { .. }
            | SweepStep::Held { .. }
            | SweepStep::Released { .. }
            | SweepStep::Cancelled { .. }
            | SweepStep::Superseded { .. }
            | SweepStep::Failed { .. } => Ok(()),
        }
    }

    fn keep(&self, progress: &SweepProgress, list: &UserList) -> Result<(), Error> {
        self.lists.insert(progress.source.as_str(), serde_json::to_vec(&(progress.at, list))?)?;
        Ok(())
    }

    /// The last list of a source's users that was read to its end, and when.
    pub(super) fn list(&self, source: &SourceId) -> Result<Option<(Timestamp, UserList)>, Error> {
        Ok(self.lists.get(source.as_str())?.map(|row| serde_json::from_slice(&row)).transpose()?)
    }

    pub(super) fn get(&self, source: &SourceId) -> Result<Option<(Timestamp, Comparison)>, Error> {
        Ok(self.stands.get(source.as_str())?.map(|row| serde_json::from_slice(&row)).transpose()?)
    }
}
