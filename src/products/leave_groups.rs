//! Taking a user out of many groups, one call each.

use async_trait::async_trait;

use super::{Client, Error, Fault, User};
use crate::domain::{GroupName, Groups, UserRef};

/// A product that takes a user out of one group at a time.
#[async_trait]
pub(super) trait Leaving: Client {
    /// Whether the product refuses an impossible removal from a group. If it does not, the result is read again.
    const TELLS: bool = true;

    /// Takes the user out of the group.
    async fn leave(&self, user: &User, group: &GroupName) -> Result<(), Error>;
}

/// The groups of `user`, where all of them are known.
pub(super) fn own_groups(user: &User) -> Result<&Groups, Error> {
    user.groups.as_ref().ok_or_else(|| Error::Unreadable("it tells only some of the user's groups".to_owned()))
}

/// Takes the user out of each of `groups`, which the user was in when last read.
///
/// A refusal stops nothing: the group may be gone, somebody else may have been faster, or the user is only in it
/// through another group. After a refusal the user is read again: a group that the user is still in was really refused.
/// The same holds if the product refuses nothing.
pub(super) async fn leave_all<L: Leaving>(client: &L, user: &User, groups: &[&GroupName]) -> Result<(), Error> {
    let mut refused = Vec::new();
    for group in groups {
        match client.leave(user, group).await {
            Ok(()) => {}
            Err(error @ Error::Refused { .. }) => refused.push((*group, error)),
            // A web server that refuses the group's name in the path must not keep the user in the groups behind it.
            Err(error @ Error::Intercepted { .. }) if error.fault() == Fault::Request => refused.push((*group, error)),
            Err(error) => return Err(error),
        }
    }
    if groups.is_empty() || (L::TELLS && refused.is_empty()) {
        return Ok(());
    }
    let now = client.user(&UserRef::Id(user.id.clone())).await?;
    let left = own_groups(&now)?;
    if let Some((_, error)) = refused.into_iter().find(|(group, _)| left.contains(*group)) {
        return Err(error);
    }
    let stays = groups.iter().find(|group| !L::TELLS && left.contains(**group));
    stays.map_or(Ok(()), |group| {
        let message = format!("the user stays in `{group}`, perhaps by way of another group that is in it");
        Err(Error::Refused { status: 200, message })
    })
}
