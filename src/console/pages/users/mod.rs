//! `/users`: the users of all sources, and one of them.

mod facts;
pub(in crate::console) mod list;
pub(in crate::console) mod one;
pub(in crate::console) mod rosters;
mod schemes;
mod timeline;

use crate::{
    admin::{Problem, SourceRow},
    console::{Asked, addresses::Address},
    domain::SourceId,
    roster::UserStatus,
};

use super::super::frame::{Badge, Kind};

/// The page of one user.
pub(in crate::console) fn address(source: &SourceId, id: impl std::fmt::Display) -> Address {
    Address::of("/users", source).segment(id)
}

/// The sources that whoever asks may see; one of them if `wanted` names it.
///
/// # Errors
/// [`Problem::NotFound`] if `wanted` is not among them.
fn sources(asked: &Asked, wanted: &str) -> Result<Vec<SourceRow>, Problem> {
    let all = asked.state().sources();
    let seen = all.iter().filter(|source| asked.principal().sees(source.id()));
    let found: Vec<_> = seen.filter(|source| wanted.is_empty() || source.id().as_str() == wanted).cloned().collect();
    if found.is_empty() && !wanted.is_empty() {
        return Err(Problem::NotFound { kind: "source", id: wanted.to_owned() });
    }
    Ok(found)
}

/// The status of an account.
fn status_badge(status: Option<UserStatus>) -> Badge {
    match status {
        Some(UserStatus::Active) => Badge::new(Kind::Done, "Active"),
        Some(UserStatus::Inactive) => Badge::new(Kind::Off, "Inactive"),
        Some(UserStatus::Suspended) => Badge::new(Kind::Warn, "Suspended"),
        None => Badge::new(Kind::Info, "Not known"),
    }
}
