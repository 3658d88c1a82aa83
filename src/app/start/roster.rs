//! The roster, and the users of all sources.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{Error, Roles, reloading::LiveSource},
    clock::Clock,
    config::Config,
    roster::Roster,
    source::{Connection, ListRecorder},
    store::Store,
    users::Users,
    views::Views,
};

/// Opens the roster beside `store`, in a process that answers administrators. Otherwise, and if it is `off`, it is
/// removed: it holds personal data.
///
/// # Errors
/// [`Error::Roster`] if its file can't be used.
pub(super) fn open(config: &Config, roles: Roles, store: &Store) -> Result<Option<Roster>, Error> {
    let Some(kept) = config.console.roster.filter(|_| roles.admin) else {
        Roster::remove(store.folder())?;
        return Ok(None);
    };
    let sources: Vec<_> = config.sources.iter().map(|source| source.id.clone()).collect();
    Ok(Some(Roster::open(store.folder(), kept.keep, &sources)?))
}

/// The users of the sources of `connections`, which tell `roster` of each list from now on.
pub(super) fn users(
    roster: Option<Roster>,
    (connections, live): (&[Arc<Connection>], &[LiveSource]),
    (views, clock): (&Views, &Arc<dyn Clock>),
    (runtime, stop): (Handle, CancellationToken),
) -> Users {
    if let Some(roster) = &roster {
        let recorder: Arc<dyn ListRecorder> = Arc::new(roster.clone());
        connections.iter().for_each(|connection| connection.record_lists(Arc::clone(&recorder)));
    }
    let protect = live.iter().map(|live| live.protect.clone());
    let sources = connections.iter().map(Arc::clone).zip(protect);
    Users::new(roster, views.clone(), Arc::clone(clock), sources, runtime, stop)
}
