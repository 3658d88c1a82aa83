//! The users of all sources, as administrators see them: from the [roster](crate::roster), from the events that usher
//! has seen, and read from the product where that is asked for.

mod facts;
mod logins;
mod refresh;
mod row;
mod search;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

pub use facts::{ASKS_FRESH, ActivityRow, FactRow, FactsRow, SameEmail, UserView};
pub use refresh::{NotBegun, RefreshState, Refreshes};
pub use row::{RosterRow, UserRow};
pub use search::{UserFilter, UsersPage};

use crate::{
    clock::Clock,
    domain::{SourceId, UserId},
    engine::Register,
    roster::{self, Roster},
    views::{self, Views},
};

/// Why users can't be told of.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The roster failed.
    #[error(transparent)]
    Roster(#[from] roster::Error),
    /// The views failed.
    #[error(transparent)]
    Views(#[from] views::Error),
}

/// See the module. Cheap to clone; all clones are one. Calls may wait for the disk.
#[derive(Clone)]
pub struct Users {
    /// None: users are not kept.
    roster: Option<Roster>,
    views: Views,
    clock: Arc<dyn Clock>,
    register: Register,
    refreshes: Refreshes,
}

impl Users {
    /// The users of the sources in `register`, kept in `roster`, if there is one. Lists are read in `runtime` until
    /// `stop` is cancelled.
    pub fn new(
        roster: Option<Roster>,
        views: Views,
        clock: Arc<dyn Clock>,
        register: Register,
        runtime: Handle,
        stop: CancellationToken,
    ) -> Self {
        Self { roster, views, clock, register, refreshes: Refreshes::new(runtime, stop) }
    }

    /// Whether users are kept.
    pub fn are_kept(&self) -> bool {
        self.roster.is_some()
    }

    /// How the roster of `source` stands.
    ///
    /// # Errors
    /// [`Error::Roster`] if the roster fails.
    pub fn standing(&self, source: &SourceId) -> Result<RosterRow, Error> {
        let standing = match &self.roster {
            Some(roster) => roster.standing(source)?,
            None => None,
        };
        Ok(RosterRow::new(source, standing))
    }

    /// Whether the user is listed in the `protect.users` of `source`.
    fn is_protected(&self, source: &SourceId, id: &UserId, name: Option<&str>) -> bool {
        self.register.get(source).is_some_and(|running| running.live.protect.get().lists(id, name))
    }

    /// The result of the last [refresh](Users::refresh) of `source`; none if there was none since usher started.
    pub fn refresh_state(&self, source: &SourceId) -> Option<RefreshState> {
        self.refreshes.state(source)
    }

    /// Begins to list the users of `source` anew, in the background.
    ///
    /// # Errors
    /// [`NotBegun`] says why not.
    pub fn refresh(&self, source: &SourceId) -> Result<RefreshState, NotBegun> {
        if self.roster.is_none() {
            return Err(NotBegun::Off);
        }
        let running = self.register.get(source).ok_or_else(|| NotBegun::NoSuchSource(source.clone()))?;
        self.refreshes.begin(&running.connection)
    }
}
