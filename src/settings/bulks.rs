//! Bulk actions: each is kept until its run is over, in bounded number.

use serde_json::Value;
use tracing::info;

use super::{Error, Settings, Wrong, state::checked_bulk};
use crate::{
    config::CheckedScheme,
    domain::{Bulk, Scheme, SchemeId, Setting, SourceId, UserId},
    log::Record,
};

/// The highest number of bulk actions whose runs are not over.
const MAX_BULKS: usize = 50;
/// The highest number of their users together. Every replica has them in memory.
const MAX_USERS_OF_ALL: usize = 1_000_000;

impl Settings {
    /// The scheme that does `actions`, a list as in a scheme, to `users`, checked for its source.
    ///
    /// # Errors
    /// [`Error::InvalidActions`] with all problems of the actions.
    pub fn check_bulk(&self, source: &SourceId, actions: &Value, users: &[UserId]) -> Result<CheckedScheme, Error> {
        let sources = self.state().sources();
        let id = Bulk::new_id([0; 8]);
        checked_bulk(&id, source, actions, true, users, &sources).map_err(|problems| {
            // The places are left out: they belong to a text that nobody wrote.
            Error::InvalidActions(problems.iter().map(|one| Wrong::whole(one.message().to_owned())).collect())
        })
    }

    /// Keeps a bulk action whose actions [`Settings::check_bulk`] has passed, and gives the scheme that it is carried out
    /// as. Those whose runs are over by `is_over` are dropped.
    ///
    /// # Errors
    /// [`Error::TooManyBulks`] if there are as many as are kept, [`Error::Busy`] if another change takes too long,
    /// [`Error::Log`] and [`Error::Unseen`] if it is not known that it is kept.
    pub async fn create_bulk(&self, bulk: Bulk, is_over: impl Fn(&SchemeId) -> bool) -> Result<Scheme, Error> {
        let _turn = self.turn().await?;
        let kept: Vec<_> = self.state().bulks().filter(|known| known.id != bulk.id).cloned().collect();
        // Outside the lock of the state: to ask may wait for the disk.
        let (over, others): (Vec<_>, Vec<_>) = kept.into_iter().partition(|known| is_over(&known.id));
        for known in over {
            self.append_record(Record { key: Bulk::key_of(&known.id), payload: bytes::Bytes::new() }).await?;
        }
        let users: usize = others.iter().map(|known| known.users.len()).sum();
        if others.len() >= MAX_BULKS || users + bulk.users.len() > MAX_USERS_OF_ALL {
            return Err(Error::TooManyBulks);
        }
        let id = bulk.id.clone();
        info!(bulk.id = %id, source.id = %bulk.source, users = bulk.users.len(), by = %bulk.by, "bulk action kept");
        self.append(&Setting::Bulk(bulk)).await?;
        let scheme = self.state().scheme_of_bulk(&id).map(|versioned| versioned.scheme.clone());
        scheme.ok_or(Error::Unseen)
    }
}
