//! The roster, and the users of all sources.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{Error, Roles, stages::Parts},
    config::Config,
    roster::Roster,
    source::{Connection, ListRecorder},
    store::Store,
    users::Users,
};

/// The users of the sources of `connections`, and the roster beside `store`, which is told of each list from now on.
/// Lists that administrators ask for are read in `runtime` until `stop` is cancelled.
///
/// # Errors
/// [`Error::Roster`] if the file of the roster can't be used.
pub(super) fn users(
    parts: &Parts<'_>,
    roles: Roles,
    store: &Store,
    connections: &[Arc<Connection>],
    runtime: &Handle,
    stop: &CancellationToken,
) -> Result<(Option<Roster>, Users), Error> {
    let roster = open(parts.config, roles, store)?;
    if let Some(roster) = &roster {
        let recorder: Arc<dyn ListRecorder> = Arc::new(roster.clone());
        connections.iter().for_each(|connection| connection.record_lists(Arc::clone(&recorder)));
    }
    let protect = parts.live.sources.iter().map(|live| live.protect.clone());
    let sources = connections.iter().map(Arc::clone).zip(protect);
    let (views, clock) = (parts.views.clone(), Arc::clone(parts.clock));
    let users = Users::new(roster.clone(), views, clock, sources, runtime.clone(), stop.clone());
    Ok((roster, users))
}

/// Opens the roster in a process that answers administrators. Otherwise, and if it is `off`, it is removed: it holds
/// personal data.
fn open(config: &Config, roles: Roles, store: &Store) -> Result<Option<Roster>, Error> {
    let Some(kept) = config.console.roster.filter(|_| roles.admin) else {
        Roster::remove(store.folder())?;
        return Ok(None);
    };
    let sources: Vec<_> = config.sources.iter().map(|source| source.id.clone()).collect();
    Ok(Some(Roster::open(store.folder(), kept.keep, &sources)?))
}
