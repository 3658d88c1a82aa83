//! Changing a user of a Cloud site, and creating an issue about them.

use reqwest::Method;
use serde::Deserialize;

use super::{ISSUE, JiraCloud, MYSELF, USER};
use crate::{
    domain::{Issue, Product, Step},
    products::{
        Error, User,
        group_ids::Way,
        http::{
            answer::Answer,
            request::{Call, Operation},
            rights,
        },
        jira::{
            document, issue,
            user_json::{Group, SizedList},
        },
        leave_groups::Leaving,
    },
};

impl JiraCloud {
    /// Makes the calls for `step`, as far as the user, as read, does not fulfil it.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::NotSupported`] if the product has no call for `step`.
    pub(super) async fn take(&self, user: &User, step: &Step) -> Result<(), Error> {
        match step {
            Step::AddGroup(group) => self.move_member(user, group, Way::In).await,
            Step::RemoveGroup(group) => self.leave(user, group).await,
            Step::RemoveAllGroups => self.leave_all(user).await,
            Step::RemoveApplicationAccess(applications) => {
                let giving = self.access.groups(&self.http, applications).await?;
                self.leave_those_in(user, &giving).await
            }
            Step::Delete => self.delete(user).await,
            Step::CreateIssue(issue) => self.create_issue(user, issue).await,
            Step::Deactivate
            | Step::Reactivate
            | Step::Rename { .. }
            | Step::NameBack { .. }
            | Step::InvalidatePassword { .. } => Err(Error::not_supported(Product::JiraCloud, step)),
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

    /// Whether usher's account is in a group that may change users and groups.
    ///
    /// # Errors
    /// [`Error`] if a call fails.
    pub(super) async fn administers(&self) -> Result<bool, Error> {
        let call = Call::new(Operation::ReadRights, Method::GET, MYSELF).query("expand", "groups");
        let myself = self.http.send(call).await?.json::<Myself>()?;
        let administering = self.site_admin_groups().await?;
        let mut own = myself.groups.into_iter().flat_map(SizedList::complete).flatten();
        Ok(own.any(|group| group.group_id.is_some_and(|id| administering.contains(&id))))
    }

    /// The user is taken from the site; the account itself is Atlassian's.
    async fn delete(&self, user: &User) -> Result<(), Error> {
        let call = Call::new(Operation::DeleteUser, Method::DELETE, USER).user_query("accountId", user.id.as_str());
        self.change(user, call).await?.done()
    }

    async fn create_issue(&self, user: &User, issue: &Issue) -> Result<(), Error> {
        let body = issue::body(issue, |text| document::plain(&text));
        let call = Call::new(Operation::CreateIssue, Method::POST, ISSUE).body(body);
        self.change(user, call.about(&issue.summary)).await?.json::<issue::Created>().map(drop)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Myself {
    #[serde(rename = "accountId")]
    _account_id: String,
    groups: Option<SizedList<Group>>,
}
