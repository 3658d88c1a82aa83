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

    /// Takes the user out of all groups.
    async fn leave_all(&self, user: &User) -> Result<(), Error> {
        self.leave_each(user, &user.all_groups()?.iter().collect::<Vec<_>>()).await
    }

    /// Takes the user out of those of their groups that are among `groups`.
    async fn leave_those_in(&self, user: &User, groups: &Groups) -> Result<(), Error> {
        self.leave_each(user, &user.all_groups()?.intersection(groups).collect::<Vec<_>>()).await
    }

    /// Takes the user out of each of `groups`, which the user was in when last read.
    ///
    /// A refusal stops nothing: the group may be gone, somebody else may have been faster, or the user is only in it
    /// through another group. After a refusal the user is read again: a group that the user is still in was really refused.
    /// The same holds if the product refuses nothing.
    async fn leave_each(&self, user: &User, groups: &[&GroupName]) -> Result<(), Error> {
        let mut refused = Vec::new();
        for group in groups {
            match self.leave(user, group).await {
                Ok(()) => {}
                Err(error @ Error::Refused { .. }) => refused.push((*group, error)),
                // A web server that refuses the group's name in the path must not keep the user in the groups behind it.
                Err(error @ Error::Intercepted { .. }) if error.fault() == Fault::Request => {
                    refused.push((*group, error));
                }
                Err(error) => return Err(error),
            }
        }
        if groups.is_empty() || (Self::TELLS && refused.is_empty()) {
            return Ok(());
        }
        let now = self.user(&UserRef::Id(user.id.clone())).await?;
        let left = now.all_groups()?;
        if let Some((_, error)) = refused.into_iter().find(|(group, _)| left.contains(*group)) {
            return Err(error);
        }
        let stays = groups.iter().find(|group| !Self::TELLS && left.contains(**group));
        stays.map_or(Ok(()), |group| {
            let message = format!("the user stays in `{group}`, perhaps by way of another group that is in it");
            Err(Error::Refused { status: 200, message })
        })
    }
}
