//! The roster.

use crate::{
    app::{Error, Roles},
    config::Config,
    roster::Roster,
    store::Store,
};

/// Opens the roster in a process that answers administrators. Otherwise, and if it is `off`, it is removed: it holds
/// personal data.
///
/// # Errors
/// [`Error::Roster`] if the file of the roster can't be used.
pub(super) fn open(config: &Config, roles: Roles, store: &Store) -> Result<Option<Roster>, Error> {
    let Some(kept) = config.console.roster.filter(|_| roles.admin) else {
        Roster::remove(store.folder())?;
        return Ok(None);
    };
    let sources: Vec<_> = config.sources.iter().map(|source| source.id.clone()).collect();
    Ok(Some(Roster::open(store.folder(), kept.keep, &sources)?))
}
