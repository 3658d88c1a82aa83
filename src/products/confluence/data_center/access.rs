//! The users who may use a Confluence: those with the global permission "can use", by a group or by name.
//!
//! Source: "Global Permissions" in the REST reference, in 9.2 and later; older versions answer 404 to the whole
//! resource.

use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::ConfluenceDc;
use crate::{
    domain::GroupName,
    products::{
        Error, User,
        http::request::{Call, Operation},
        leave_groups::Leaving,
    },
};

const OF_GROUP: &str = "rest/api/permissions/group/{groupName}";
const OF_USER: &str = "rest/api/permissions/user/{user}";
const REVOKE: &str = "rest/api/permissions/user/{user}/revoke";

/// The one application that there is, as the actions of schemes may name it.
pub(super) const APPLICATION: &str = "confluence";

/// A sweep asks about each user, and administrators change this seldom.
pub(super) const TRUSTED_FOR: Duration = Duration::from_mins(1);

impl ConfluenceDc {
    /// Whether neither a group nor a permission of their own lets the user in; `None` if not all groups are known.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Refused`] if one of the `applications` is not Confluence.
    pub(super) async fn is_kept_out(&self, user: &User, applications: &[String]) -> Result<Option<bool>, Error> {
        check(applications)?;
        let Some(groups) = &user.groups else { return Ok(None) };
        for group in groups {
            if self.lets_in(group).await? {
                return Ok(Some(false));
            }
        }
        self.is_let_in_by_name(user).await.map(|let_in| Some(!let_in))
    }

    /// Takes the user out of each group that lets them in, and their own permission away.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Refused`] if one of the `applications` is not Confluence;
    /// [`Error::Unreadable`] if not all groups of the user are known.
    pub(super) async fn keep_out(&self, user: &User, applications: &[String]) -> Result<(), Error> {
        check(applications)?;
        let mut giving = Vec::new();
        for group in user.all_groups()? {
            if self.lets_in(group).await? {
                giving.push(group);
            }
        }
        self.leave_each(user, &giving).await?;
        if !self.is_let_in_by_name(user).await? {
            return Ok(());
        }
        let call = Call::new(Operation::RevokeAccess, Method::PUT, REVOKE)
            .user_segment(user.id.as_str())
            .body(json!([{ "targetType": "application", "operationKey": "use" }]));
        self.change(user, call).await?.done()
    }

    async fn lets_in(&self, group: &GroupName) -> Result<bool, Error> {
        if let Some(known) = self.access.get(group) {
            return Ok(known);
        }
        let asked = Instant::now();
        let call = Call::new(Operation::ReadApplications, Method::GET, OF_GROUP).segment(group.as_str());
        let lets_in = match self.http.send(call).await {
            Ok(answer) => answer.json::<Vec<Grant>>()?.iter().any(Grant::is_to_use),
            // Said of a group that is gone, and of everything by a version that has no such call.
            Err(Error::Refused { status: 404, .. }) if self.has_group(group).await? => return Err(too_old()),
            Err(Error::Refused { status: 404, .. }) => false,
            Err(error) => return Err(error),
        };
        self.access.keep(group.clone(), lets_in, asked);
        Ok(lets_in)
    }

    async fn is_let_in_by_name(&self, user: &User) -> Result<bool, Error> {
        let call = Call::new(Operation::ReadApplications, Method::GET, OF_USER).user_segment(user.id.as_str());
        match self.http.send(call).await {
            Ok(answer) => Ok(answer.json::<Vec<Grant>>()?.iter().any(Grant::is_to_use)),
            // The user was read a moment ago.
            Err(Error::Refused { status: 404, .. }) => Err(too_old()),
            Err(error) => Err(error),
        }
    }
}

/// Refuses an unknown application: it is probably meant for another source.
fn check(applications: &[String]) -> Result<(), Error> {
    match applications.iter().find(|key| *key != APPLICATION) {
        None => Ok(()),
        Some(other) => {
            let message = format!("there is no application `{other}`; in Confluence it is `{APPLICATION}`");
            Err(Error::Refused { status: 404, message })
        }
    }
}

fn too_old() -> Error {
    let message = "it does not tell who may use it; Confluence does this since 9.2".to_owned();
    Error::Refused { status: 404, message }
}

/// A global permission.
#[derive(Deserialize)]
struct Grant {
    operation: What,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct What {
    target_type: String,
    operation_key: String,
}

impl Grant {
    fn is_to_use(&self) -> bool {
        self.operation.target_type == "application" && self.operation.operation_key == "use"
    }
}
