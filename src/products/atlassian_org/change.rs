//! Changing a user of the organisation.

use super::AtlassianOrg;
use crate::{
    domain::{Capability, Product, Step},
    products::{
        Error, User,
        group_ids::Way,
        http::{
            answer::Answer,
            request::{Call, Operation},
            rights,
        },
        leave_groups::{Leaving, leave_all, own_groups},
    },
};

impl AtlassianOrg {
    /// Makes the calls for `step`, as far as the user, as read, does not fulfil it.
    pub(super) async fn take(&self, user: &User, step: &Step) -> Result<(), Error> {
        match step {
            Step::AddGroup(group) => self.move_member(user, group, Way::In).await,
            Step::RemoveGroup(group) => self.leave(user, group).await,
            Step::RemoveAllGroups => leave_all(self, user, &own_groups(user)?.iter().collect::<Vec<_>>()).await,
            Step::RemoveApplicationAccess(applications) => self.take_access(user, applications).await,
            Step::Deactivate => self.deactivate(user).await,
            Step::Reactivate => self.reactivate(user).await,
            Step::Delete => self.delete(user).await,
            Step::Rename { .. } | Step::InvalidatePassword { .. } | Step::CreateIssue(_) => {
                Err(Error::NotSupported(reason(step)))
            }
        }
    }

    /// Makes a call that changes something. A refusal for missing rights is examined: if the key is still valid for its
    /// organisation, the refusal is about this user.
    pub(super) async fn change<'a>(&self, user: &'a User, call: Call<'a>) -> Result<Answer, Error> {
        match self.http.send(call.about(user.id.as_str())).await {
            Err(Error::Unauthorized { status: 403, message }) => {
                let administers = self.read_organization(Operation::ReadRights).await.map(|()| true);
                Err(rights::weigh(message, administers))
            }
            answer => answer,
        }
    }
}

fn reason(step: &Step) -> &'static str {
    match Product::AtlassianOrg.capability(step.kind()) {
        Capability::No(reason) | Capability::Partly(reason) => reason,
        Capability::Yes => "there is no call for it",
    }
}
