//! Changes a user of a Confluence. The calls use the login name. An irreversible change is made only if the name is
//! still the user's, by one more reading just before.

use async_trait::async_trait;
use reqwest::Method;
use serde_json::json;

use super::ConfluenceDc;
use crate::{
    domain::{GroupName, Product, Step, UserRef},
    products::{
        Error, User,
        http::{
            answer::Answer,
            request::{Call, Operation},
            rights,
        },
        leave_groups::Leaving,
        password,
    },
};

const MEMBERSHIP: &str = "rest/api/user/{username}/group/{groupName}";
const DISABLE: &str = "rest/api/admin/user/{username}/disable";
const ENABLE: &str = "rest/api/admin/user/{username}/enable";
const PASSWORD: &str = "rest/api/admin/user/{username}/password";

impl ConfluenceDc {
    /// Makes the calls for `step`, as far as the user, as read, does not fulfil it.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::NotSupported`] if the product has no call for `step`.
    pub(super) async fn take(&self, user: &User, step: &Step) -> Result<(), Error> {
        match step {
            Step::AddGroup(group) => self.move_member(user, group, Operation::AddToGroup, Method::PUT).await,
            Step::RemoveGroup(group) => self.leave_each(user, &[group]).await,
            Step::RemoveAllGroups => self.leave_all(user).await,
            Step::RemoveApplicationAccess(applications) => self.keep_out(user, applications).await,
            Step::Deactivate => {
                self.check_name(user).await?;
                self.edit(user, DISABLE).await
            }
            Step::Reactivate => self.edit(user, ENABLE).await,
            Step::Delete => self.delete(user).await,
            Step::InvalidatePassword { .. } => self.invalidate_password(user).await,
            Step::Rename { .. } | Step::NameBack { .. } | Step::CreateIssue(_) => {
                Err(Error::not_supported(Product::ConfluenceDc, step))
            }
        }
    }

    /// Makes a call that changes something. A refusal for missing rights is examined: the account may still have them.
    ///
    /// # Errors
    /// [`Error`] if the call fails. A refusal (403) is [`Error::Refused`] if usher's account still has its rights, or
    /// none of the administrators' groups is there, and [`Error::Unauthorized`] otherwise.
    pub(super) async fn change<'a>(&self, user: &'a User, call: Call<'a>) -> Result<Answer, Error> {
        match self.http.send(call.about_user(user)).await {
            Err(Error::Unauthorized { status: status @ 403, message }) => {
                Err(match self.administers().await.transpose() {
                    Some(administers) => rights::weigh(message, administers),
                    // The credentials are still good for reading: it would stop for this one user again and again.
                    None => {
                        let message = format!("{message}; none of the administrators' groups is there to ask about");
                        Error::Refused { status, message }
                    }
                })
            }
            Err(Error::Refused { status: status @ 402, message }) => {
                Err(Error::Refused { status, message: format!("no licence is free: {message}") })
            }
            answer => answer,
        }
    }

    /// Makes the change. Confluence accepts it if that is so already.
    async fn move_member(
        &self,
        user: &User,
        group: &GroupName,
        operation: Operation,
        method: Method,
    ) -> Result<(), Error> {
        let call = Call::new(operation, method, MEMBERSHIP).user_segment(user.login_name()?).segment(group.as_str());
        self.change(user, call).await?.done()
    }

    /// Makes the change. Confluence accepts it if that is so already.
    async fn edit(&self, user: &User, path: &'static str) -> Result<(), Error> {
        let call = Call::new(Operation::EditUser, Method::PUT, path).user_segment(user.login_name()?);
        self.change(user, call).await?.done()
    }

    /// Checks the name. It refuses if the user was renamed meanwhile, because another user may have the name.
    ///
    /// # Errors
    /// [`Error`] if the call fails; [`Error::Refused`] if the user was renamed.
    pub(super) async fn check_name(&self, user: &User) -> Result<(), Error> {
        let now = self.who(&UserRef::Id(user.id.clone())).await?;
        if now.name.as_deref() == Some(user.login_name()?) { Ok(()) } else { Err(Error::not_so_called()) }
    }

    /// Sends no link to set a new one: there is no call for that.
    async fn invalidate_password(&self, user: &User) -> Result<(), Error> {
        self.check_name(user).await?;
        let password = password::random()?;
        let call = Call::new(Operation::SetPassword, Method::POST, PASSWORD)
            .user_segment(user.login_name()?)
            .body(json!({ "password": password.reveal() }))
            .about(password.reveal()); // a policy's complaint may repeat it
        self.change(user, call).await?.done()
    }
}

#[async_trait]
impl Leaving for ConfluenceDc {
    const TELLS: bool = false;

    async fn leave(&self, user: &User, group: &GroupName) -> Result<(), Error> {
        self.move_member(user, group, Operation::RemoveFromGroup, Method::DELETE).await
    }
}
