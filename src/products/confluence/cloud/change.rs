//! Changes a user of a Confluence Cloud site: only the memberships can be changed.

use super::ConfluenceCloud;
use crate::{
    domain::{Product, Step},
    products::{
        Error, User,
        group_ids::Way,
        http::{answer::Answer, request::Call, rights},
        leave_groups::Leaving,
    },
};

impl ConfluenceCloud {
    /// Makes the calls for `step`, as far as the user, as read, does not fulfil it.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::NotSupported`] if the product has no call for `step`.
    pub(super) async fn take(&self, user: &User, step: &Step) -> Result<(), Error> {
        match step {
            Step::AddGroup(group) => self.move_member(user, group, Way::In).await,
            Step::RemoveGroup(group) => self.leave_each(user, &[group]).await,
            Step::RemoveAllGroups => self.leave_all(user).await,
            Step::RemoveApplicationAccess(_)
            | Step::Deactivate
            | Step::Reactivate
            | Step::Delete
            | Step::Rename { .. }
            | Step::NameBack { .. }
            | Step::InvalidatePassword { .. }
            | Step::CreateIssue(_) => Err(Error::not_supported(Product::ConfluenceCloud, step)),
        }
    }

    /// Makes a call that changes something. A refusal for missing rights is examined: the account may still have them.
    ///
    /// # Errors
    /// [`Error`] if the call fails. A refusal (403) is [`Error::Refused`] if usher's account still has its rights, and
    /// [`Error::Unauthorized`] otherwise.
    pub(super) async fn change<'a>(&self, user: &'a User, call: Call<'a>) -> Result<Answer, Error> {
        match self.http.send(call.about_user(user)).await {
            Err(Error::Unauthorized { status: 403, message }) => Err(rights::weigh(message, self.administers().await)),
            answer => answer,
        }
    }
}
