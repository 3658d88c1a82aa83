//! Changes a user. All calls use the name. An irreversible change is made only if the name is still the user's, by one
//! more reading just before.

use async_trait::async_trait;
use reqwest::Method;
use serde_json::json;

use super::{
    ADD_GROUPS, BitbucketDc, PASSWORD, PERMITTED_GROUPS, PERMITTED_USERS, REMOVE_GROUP, RENAME, USERS, names::number,
    pages::Page,
};
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
        listing::records::NamedGroup,
        password,
    },
};

impl BitbucketDc {
    /// Makes the calls for `step`, as far as the user, as read, does not fulfil it.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::NotSupported`] if the product has no call for `step`.
    pub(super) async fn take(&self, user: &User, step: &Step) -> Result<(), Error> {
        match step {
            Step::AddGroup(group) => self.join(user, &[group]).await,
            Step::RemoveGroup(group) => self.leave(user, group).await,
            Step::RemoveAllGroups => self.leave_all(user).await,
            Step::RemoveApplicationAccess(applications) => self.keep_out(user, applications).await,
            Step::Delete => self.delete(user).await,
            Step::Rename { suffix } if user.satisfies(step) != Some(true) => {
                self.rename(user, &format!("{}{suffix}", user.login_name()?)).await
            }
            Step::NameBack { to, .. } if user.satisfies(step) != Some(true) => self.rename(user, to).await,
            Step::Rename { .. } | Step::NameBack { .. } => Ok(()),
            Step::InvalidatePassword { .. } => self.invalidate_password(user).await,
            Step::Deactivate | Step::Reactivate | Step::CreateIssue(_) => {
                Err(Error::not_supported(Product::BitbucketDc, step))
            }
        }
    }

    /// Makes a call that changes something. A refusal for missing rights is examined, and a 401 is such a refusal, too:
    /// the account may still have its rights, and the user more.
    async fn change<'a>(&self, user: &'a User, call: Call<'a>) -> Result<Answer, Error> {
        match self.http.send(call.about_user(user)).await {
            Err(Error::Unauthorized { status: status @ (401 | 403), message }) => {
                Err(rights::weigh_as(status, message, self.administers().await))
            }
            answer => answer,
        }
    }

    /// Whether usher's account administers this Bitbucket: only then may it see who has which permission.
    ///
    /// # Errors
    /// [`Error`] if the call fails for another reason than missing rights.
    pub(super) async fn administers(&self) -> Result<bool, Error> {
        let call = Call::new(Operation::ReadRights, Method::GET, PERMITTED_GROUPS).query("limit", "1");
        match self.http.send(call).await {
            Ok(answer) => answer.json::<Page<NamedGroup>>().map(|_| true),
            Err(Error::Unauthorized { status: 401 | 403, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts `user` into all of `groups`. A 200 means that they are in all of them now, members before or not; the
    /// document does not tell what is left of the others if one is refused.
    ///
    /// # Errors
    /// [`Error`] if the call fails, or the directory of the user is read-only.
    pub(super) async fn join(&self, user: &User, groups: &[&GroupName]) -> Result<(), Error> {
        user.fixed.check_groups()?;
        let names: Vec<_> = groups.iter().map(|group| group.as_str()).collect();
        let body = json!({ "user": user.login_name()?, "groups": names });
        self.change(user, Call::new(Operation::AddToGroup, Method::POST, ADD_GROUPS).body(body)).await?.done()
    }

    /// Takes the user's own permissions away first: that is one call, whatever the directory of the user is.
    async fn keep_out(&self, user: &User, applications: &[String]) -> Result<(), Error> {
        let giving = self.access_groups(applications).await?;
        if self.has_permission(user).await? {
            let call = Call::new(Operation::RevokePermission, Method::DELETE, PERMITTED_USERS);
            self.change(user, call.user_query("name", user.login_name()?)).await?.done()?;
        }
        self.leave_those_in(user, &giving).await
    }

    /// Checks the name. It refuses if the user was renamed meanwhile, because another user may have the name.
    async fn check_name(&self, user: &User) -> Result<(), Error> {
        match self.by_name(user.login_name()?).await {
            Ok(now) if now.id() == user.id => Ok(()),
            Ok(_) | Err(Error::NoSuchUser) => Err(Error::not_so_called()),
            Err(error) => Err(error),
        }
    }

    async fn rename(&self, user: &User, new_name: &str) -> Result<(), Error> {
        user.fixed.check_details()?;
        self.check_name(user).await?;
        let body = json!({ "name": user.login_name()?, "newName": new_name });
        let call = Call::new(Operation::EditUser, Method::POST, RENAME).body(body).about(new_name);
        self.change(user, call).await?.done()?;
        if let Some(id) = number(&user.id) {
            self.names.keep(id, new_name);
        }
        Ok(())
    }

    async fn delete(&self, user: &User) -> Result<(), Error> {
        user.fixed.check_existence()?;
        self.check_name(user).await?;
        let call = Call::new(Operation::DeleteUser, Method::DELETE, USERS).user_query("name", user.login_name()?);
        self.change(user, call).await?.done()
    }

    /// Sends no link to set a new one: there is no call for that.
    async fn invalidate_password(&self, user: &User) -> Result<(), Error> {
        user.fixed.check_details()?;
        self.check_name(user).await?;
        let password = password::random()?;
        let (name, secret) = (user.login_name()?, password.reveal());
        let body = json!({ "name": name, "password": secret, "passwordConfirm": secret });
        let call = Call::new(Operation::SetPassword, Method::PUT, PASSWORD).body(body);
        self.change(user, call.about(secret)).await?.done() // a policy's complaint may repeat it
    }
}

#[async_trait]
impl Leaving for BitbucketDc {
    async fn leave(&self, user: &User, group: &GroupName) -> Result<(), Error> {
        user.fixed.check_groups()?;
        let body = json!({ "context": user.login_name()?, "itemName": group.as_str() });
        self.change(user, Call::new(Operation::RemoveFromGroup, Method::POST, REMOVE_GROUP).body(body)).await?.done()
    }
}
