//! Filters of users that people keep under a name, in bounded number.

use std::sync::Arc;

use super::{Error, Settings};
use crate::{
    domain::{Actor, SavedFilter, Setting},
    log::Record,
};

/// The highest number of filters of one owner.
const MAX_OF_OWNER: usize = 50;
/// The highest number of all filters.
const MAX_FILTERS: usize = 200;

impl Settings {
    /// The saved filters of `owner`, by name.
    pub fn filters(&self, owner: &Actor) -> Vec<Arc<SavedFilter>> {
        let mut filters: Vec<_> =
            self.state().filters().filter(|filter| filter.owner == *owner).map(Arc::clone).collect();
        filters.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        filters
    }

    /// Saves the filter `text` of `owner` under `name`.
    ///
    /// # Errors
    /// [`Error::FilterExists`] if the owner has one of this name, [`Error::TooManyFilters`] if there are as many as are
    /// kept, [`Error::Busy`] if another change takes too long, [`Error::Log`] and [`Error::Unseen`] if it is not known
    /// that it is saved, [`Error::NoFilter`] if it was deleted in the same moment.
    pub async fn save_filter(&self, owner: Actor, name: String, text: String) -> Result<Arc<SavedFilter>, Error> {
        let _turn = self.turn().await?;
        let of_owner = self.filters(&owner);
        if of_owner.iter().any(|filter| filter.name == name) {
            return Err(Error::FilterExists(name));
        }
        if of_owner.len() >= MAX_OF_OWNER || self.state().filters().count() >= MAX_FILTERS {
            return Err(Error::TooManyFilters);
        }
        let id = hex::encode(rand::random::<[u8; 16]>());
        let filter = SavedFilter { id: id.clone(), owner: owner.clone(), name, text, at: self.now() };
        self.append(&Setting::Filter(filter)).await?;
        self.filter(&id, &owner).ok_or(Error::NoFilter(id))
    }

    /// Deletes a saved filter of `owner`.
    ///
    /// # Errors
    /// [`Error::NoFilter`] if `owner` has no such filter, [`Error::Busy`] if another change takes too long,
    /// [`Error::Log`] and [`Error::Unseen`] if it is not known that it is deleted.
    pub async fn delete_filter(&self, id: &str, owner: &Actor) -> Result<(), Error> {
        let _turn = self.turn().await?;
        self.filter(id, owner).ok_or_else(|| Error::NoFilter(id.to_owned()))?;
        self.append_record(Record { key: SavedFilter::key_of(id), payload: bytes::Bytes::new() }).await
    }

    fn filter(&self, id: &str, owner: &Actor) -> Option<Arc<SavedFilter>> {
        let state = self.state();
        let filter = state.filters().find(|filter| filter.id == id && filter.owner == *owner);
        filter.map(Arc::clone)
    }
}
