//! Taking a user out of many groups, one call each.

use async_trait::async_trait;

use super::{Client, Error, User};
use crate::domain::{GroupName, Groups, UserRef};

/// A product that takes a user out of one group at a time.
#[async_trait]
pub(super) trait Leaving: Client {
    /// Takes the user out of the group.
    async fn leave(&self, user: &User, group: &GroupName) -> Result<(), Error>;
}

/// The groups of `user`, where all of them are known.
pub(super) fn own_groups(user: &User) -> Result<&Groups, Error> {
    user.groups.as_ref().ok_or_else(|| Error::Unreadable("it tells only some of the user's groups".to_owned()))
}

/// Takes the user out of each of `groups`, which the user was in when last read.
///
/// A refusal stops nothing: the group may be gone, somebody else may have been faster, or the user is in it by way of
/// another group only. Where there was one, the user is read anew: what the user is still in was refused in earnest.
pub(super) async fn leave_all<L: Leaving + ?Sized>(
    client: &L,
    user: &User,
    groups: &[&GroupName],
) -> Result<(), Error> {
    let mut refused = Vec::new();
    for group in groups {
        match client.leave(user, group).await {
            Ok(()) => {}
            Err(error @ Error::Refused { .. }) => refused.push((*group, error)),
            Err(error) => return Err(error),
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    let now = client.user(&UserRef::Id(user.id.clone())).await?;
    let left = own_groups(&now)?;
    refused.into_iter().find(|(group, _)| left.contains(*group)).map_or(Ok(()), |(_, error)| Err(error))
}
