//! Changes a user. All calls use the name. An irreversible change is made only if the name is still the user's, by one
//! more reading just before.

use async_trait::async_trait;
use reqwest::Method;
use serde_json::json;

use super::{Crowd, MEMBERSHIP, PASSWORD, RENAME, RESET_LINK, USER, user::Bean};
use crate::{
    domain::{GroupName, Product, Step},
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

impl Crowd {
    /// Makes the calls for `step`, as far as the user, as read, does not fulfil it.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::NotSupported`] if the product has no call for `step`.
    pub(super) async fn take(&self, user: &User, step: &Step) -> Result<(), Error> {
        match step {
            Step::AddGroup(group) => {
                let call =
                    Call::new(Operation::AddToGroup, Method::POST, MEMBERSHIP).query("groupname", group.as_str());
                self.change(user, call.user_body("name", user.login_name()?)).await?.done()
            }
            Step::RemoveGroup(group) => self.leave(user, group).await,
            Step::RemoveAllGroups => self.leave_all(user).await,
            Step::Deactivate => self.set_active(user, false).await,
            Step::Reactivate => self.set_active(user, true).await,
            Step::Delete => self.delete(user).await,
            Step::Rename { suffix } if user.satisfies(step) != Some(true) => {
                self.rename(user, &format!("{}{suffix}", user.login_name()?)).await
            }
            Step::NameBack { to, .. } if user.satisfies(step) != Some(true) => self.rename(user, to).await,
            Step::Rename { .. } | Step::NameBack { .. } => Ok(()),
            Step::InvalidatePassword { send_reset_link } => self.invalidate_password(user, *send_reset_link).await,
            Step::RemoveApplicationAccess(_) | Step::CreateIssue(_) => Err(Error::not_supported(Product::Crowd, step)),
        }
    }

    /// Makes a call that changes something. A refusal for missing rights is examined. An application has rights by
    /// directory, so one user may be unchangeable while another is not. If Crowd does not even answer a search, the
    /// application as a whole lacks rights.
    async fn change<'a>(&self, user: &'a User, call: Call<'a>) -> Result<Answer, Error> {
        match self.http.send(call.about_user(user)).await {
            Err(Error::Unauthorized { status: 403, message }) => {
                let lets_in = self.try_connection(Operation::ReadRights).await.map(|()| true);
                Err(rights::weigh(message, lets_in))
            }
            answer => answer,
        }
    }

    /// A change takes the place of the whole user, so that the whole user is read first.
    async fn set_active(&self, user: &User, active: bool) -> Result<(), Error> {
        let body = self.still_called(user).await?.with_active(active);
        let call = Call::new(Operation::EditUser, Method::PUT, USER).user_query("username", user.login_name()?);
        self.change(user, call.body(body)).await?.done()
    }

    /// The user's present record. It refuses if the user was renamed meanwhile, because another user may have the name.
    async fn still_called(&self, user: &User) -> Result<Bean, Error> {
        match self.ask("username", user.login_name()?).await {
            Ok(now) if now.id() == user.id => Ok(now),
            Ok(_) | Err(Error::NoSuchUser) => Err(Error::not_so_called()),
            Err(error) => Err(error),
        }
    }

    async fn rename(&self, user: &User, new_name: &str) -> Result<(), Error> {
        self.still_called(user).await?;
        let name = user.login_name()?;
        let call = Call::new(Operation::EditUser, Method::POST, RENAME).user_query("username", name);
        self.change(user, call.body(json!({ "new-name": new_name })).about(new_name)).await?.done()
    }

    async fn delete(&self, user: &User) -> Result<(), Error> {
        self.still_called(user).await?;
        let call = Call::new(Operation::DeleteUser, Method::DELETE, USER).user_query("username", user.login_name()?);
        self.change(user, call).await?.done()
    }

    /// Sets a random password first; then sends the link, which stays valid.
    async fn invalidate_password(&self, user: &User, send_reset_link: bool) -> Result<(), Error> {
        self.still_called(user).await?;
        let (name, password) = (user.login_name()?, password::random()?);
        let call = Call::new(Operation::SetPassword, Method::PUT, PASSWORD)
            .user_query("username", name)
            .body(json!({ "value": password.reveal() }))
            .about(password.reveal()); // a policy's complaint may repeat it
        self.change(user, call).await?.done()?;
        if send_reset_link {
            let call = Call::new(Operation::SendResetLink, Method::POST, RESET_LINK).user_query("username", name);
            self.change(user, call).await?.done()?;
        }
        Ok(())
    }
}

#[async_trait]
impl Leaving for Crowd {
    async fn leave(&self, user: &User, group: &GroupName) -> Result<(), Error> {
        let call = Call::new(Operation::RemoveFromGroup, Method::DELETE, MEMBERSHIP)
            .query("groupname", group.as_str())
            .user_query("username", user.login_name()?);
        self.change(user, call).await?.done()
    }
}
