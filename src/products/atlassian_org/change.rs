//! Changing a user of the organisation.

use super::AtlassianOrg;
use crate::{
    domain::{Product, Step},
    products::{
        Error, User,
        group_ids::Way,
        http::{
            answer::Answer,
            request::{Call, Operation},
            rights,
        },
        leave_groups::Leaving,
    },
};

impl AtlassianOrg {
    /// Makes the calls for `step`, as far as the user, as read, does not fulfil it.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::NotSupported`] if the product has no call for `step`.
    pub(super) async fn take(&self, user: &User, step: &Step) -> Result<(), Error> {
        match step {
            Step::AddGroup(group) => self.move_member(user, group, Way::In).await,
            Step::RemoveGroup(group) => self.leave(user, group).await,
            Step::RemoveAllGroups => self.leave_all(user).await,
            Step::RemoveApplicationAccess(applications) => self.take_access(user, applications).await,
            Step::Deactivate => self.deactivate(user).await,
            Step::Reactivate => self.reactivate(user).await,
            Step::Delete => self.delete(user).await,
            Step::Rename { .. } | Step::NameBack { .. } | Step::InvalidatePassword { .. } | Step::CreateIssue(_) => {
                Err(Error::not_supported(Product::AtlassianOrg, step))
            }
        }
    }

    /// Makes a call that changes something. A refusal for missing rights is examined: if the key is still valid for its
    /// organisation, the refusal is about this user.
    ///
    /// # Errors
    /// [`Error`] if the call fails. A refusal (403) is [`Error::Refused`] if the key still has its rights, and
    /// [`Error::Unauthorized`] otherwise.
    pub(super) async fn change<'a>(&self, user: &'a User, call: Call<'a>) -> Result<Answer, Error> {
        match self.http.send(call.about_user(user)).await {
            Err(Error::Unauthorized { status: 403, message }) => {
                let administers = self.read_organization(Operation::ReadRights).await.map(|()| true);
                Err(rights::weigh(message, administers))
            }
            answer => answer,
        }
    }
}
