//! Changes a user of a Confluence Cloud site: only the memberships can be changed.

use super::ConfluenceCloud;
use crate::{
    domain::{Capability, Product, Step},
    products::{
        Error, User,
        group_ids::Way,
        http::{answer::Answer, request::Call, rights},
        leave_groups::{leave_all, own_groups},
    },
};

impl ConfluenceCloud {
    /// Makes the calls for `step`, as far as the user, as read, does not fulfil it.
    pub(super) async fn take(&self, user: &User, step: &Step) -> Result<(), Error> {
        match step {
            Step::AddGroup(group) => self.move_member(user, group, Way::In).await,
            Step::RemoveGroup(group) => leave_all(self, user, &[group]).await,
            Step::RemoveAllGroups => leave_all(self, user, &own_groups(user)?.iter().collect::<Vec<_>>()).await,
            Step::RemoveApplicationAccess(_)
            | Step::Deactivate
            | Step::Reactivate
            | Step::Delete
            | Step::Rename { .. }
            | Step::InvalidatePassword { .. }
            | Step::CreateIssue(_) => Err(Error::NotSupported(reason(step))),
        }
    }

    /// Makes a call that changes something. A refusal for missing rights is examined: the account may still have them.
    pub(super) async fn change<'a>(&self, user: &'a User, call: Call<'a>) -> Result<Answer, Error> {
        match self.http.send(call.about(user.id.as_str())).await {
            Err(Error::Unauthorized { status: 403, message }) => Err(rights::weigh(message, self.administers().await)),
            answer => answer,
        }
    }
}

fn reason(step: &Step) -> &'static str {
    match Product::ConfluenceCloud.capability(step.kind()) {
        Capability::No(reason) | Capability::Partly(reason) => reason,
        Capability::Yes => "there is no call for it",
    }
}
