//! Changing a user of a Data Center, and creating an issue about them.

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ISSUE, JiraDc, MEMBERSHIP, PASSWORD, USER};
use crate::{
    domain::{GroupName, Groups, Issue, Step},
    products::{
        Error, User,
        http::{
            answer::Answer,
            request::{Call, Operation},
            rights,
        },
        jira::{issue, user_json::truth},
        leave_groups::Leaving,
        password,
    },
};

impl JiraDc {
    /// Makes the calls for `step`, as far as the user, as read, does not fulfil it.
    ///
    /// # Errors
    /// [`Error`] if a call fails.
    pub(super) async fn take(&self, user: &User, step: &Step) -> Result<(), Error> {
        match step {
            Step::AddGroup(group) => {
                let call =
                    Call::new(Operation::AddToGroup, Method::POST, MEMBERSHIP).query("groupname", group.as_str());
                self.change(user, call.user_body("name", user.login_name()?)).await?.json::<Joined>().map(drop)
            }
            Step::RemoveGroup(group) => self.leave(user, group).await,
            Step::RemoveAllGroups => self.leave_all(user).await,
            Step::RemoveApplicationAccess(applications) => {
                let giving: Groups = self.access.groups(&self.http, applications).await?;
                self.leave_those_in(user, &giving).await
            }
            Step::Deactivate => self.set_active(user, false).await,
            Step::Reactivate => self.set_active(user, true).await,
            Step::Delete => self.delete(user).await,
            Step::Rename { suffix } if user.satisfies(step) != Some(true) => {
                self.rename(user, &format!("{}{suffix}", user.login_name()?)).await
            }
            Step::NameBack { to, .. } if user.satisfies(step) != Some(true) => self.rename(user, to).await,
            Step::Rename { .. } | Step::NameBack { .. } => Ok(()),
            Step::InvalidatePassword { .. } => self.invalidate_password(user).await,
            Step::CreateIssue(issue) => self.create_issue(user, issue).await,
        }
    }

    /// Makes a call that changes something. A refusal for missing rights is examined: the account may still have them.
    async fn change<'a>(&self, user: &'a User, call: Call<'a>) -> Result<Answer, Error> {
        match self.http.send(call.about_user(user)).await {
            Err(Error::Unauthorized { status: 403, message }) => Err(rights::weigh(message, self.administers().await)),
            answer => answer,
        }
    }

    async fn edit(&self, user: &User, fields: Value) -> Result<Edited, Error> {
        let call = Call::new(Operation::EditUser, Method::PUT, USER).user_query("key", user.id.as_str()).body(fields);
        self.change(user, call).await?.json()
    }

    /// Sends a boolean, as the reference has it. Where that is not heeded, or not read, sends text with the name, as clients
    /// in the wild do; a Jira before 8.3 heeds neither.
    async fn set_active(&self, user: &User, active: bool) -> Result<(), Error> {
        match self.edit(user, json!({ "active": active })).await {
            Ok(edited) if edited.active != Some(!active) => return Ok(()),
            Ok(_) | Err(Error::Refused { status: 400, .. }) => {}
            Err(error) => return Err(error),
        }
        let fields = json!({ "active": active.to_string(), "name": user.login_name()? });
        match self.edit(user, fields).await?.active {
            Some(state) if state != active => {
                let message =
                    "it took the change and left the account as it was; Jira can do this since 8.3".to_owned();
                Err(Error::Refused { status: 200, message })
            }
            _ => Ok(()),
        }
    }

    async fn rename(&self, user: &User, new_name: &str) -> Result<(), Error> {
        let call = Call::new(Operation::EditUser, Method::PUT, USER).user_query("key", user.id.as_str());
        self.change(user, call.body(json!({ "name": new_name })).about(new_name)).await?.json::<Edited>().map(drop)
    }

    async fn delete(&self, user: &User) -> Result<(), Error> {
        let call = Call::new(Operation::DeleteUser, Method::DELETE, USER).user_query("key", user.id.as_str());
        self.change(user, call).await?.done()
    }

    /// Sends no link to set a new one: there is no call for that.
    async fn invalidate_password(&self, user: &User) -> Result<(), Error> {
        let password = password::random()?;
        let call = Call::new(Operation::SetPassword, Method::PUT, PASSWORD)
            .user_query("key", user.id.as_str())
            .body(json!({ "password": password.reveal() }))
            .about(password.reveal()); // a policy's complaint may repeat it
        self.change(user, call).await?.done()
    }

    async fn create_issue(&self, user: &User, issue: &Issue) -> Result<(), Error> {
        let call = Call::new(Operation::CreateIssue, Method::POST, ISSUE).body(issue::body(issue, Value::String));
        self.change(user, call.about(&issue.summary)).await?.json::<issue::Created>().map(drop)
    }
}

#[async_trait]
impl Leaving for JiraDc {
    async fn leave(&self, user: &User, group: &GroupName) -> Result<(), Error> {
        let call = Call::new(Operation::RemoveFromGroup, Method::DELETE, MEMBERSHIP)
            .query("groupname", group.as_str())
            .user_query("username", user.login_name()?);
        self.change(user, call).await?.done()
    }
}

/// The group in the form of the API, after a user has joined it.
#[derive(Deserialize)]
struct Joined {
    #[serde(rename = "name")]
    _name: String,
}

/// The user as the API shows them after a change; older versions show less.
#[derive(Deserialize)]
struct Edited {
    #[serde(rename = "name")]
    _name: String,
    #[serde(default, deserialize_with = "truth")]
    active: Option<bool>,
}
