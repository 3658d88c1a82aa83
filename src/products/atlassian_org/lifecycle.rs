//! Deactivating, reactivating and deleting users. For an account that the organisation owns, the account itself is
//! changed, as far as `manage` allows it; for any other account, its place in the directory.

use std::collections::HashMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::{AtlassianOrg, refusal, users::user::Standing};
use crate::products::{
    Error, User,
    http::request::{Call, Operation},
};

const SUSPEND: &str = "admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/suspend";
const RESTORE: &str = "admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/restore";
const REMOVE: &str = "admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}";
const MANAGE: &str = "users/{account_id}/manage";
const DISABLE: &str = "users/{account_id}/manage/lifecycle/disable";
const ENABLE: &str = "users/{account_id}/manage/lifecycle/enable";
const DELETE: &str = "users/{account_id}/manage/lifecycle/delete";

/// A permitted change of a managed account.
#[derive(Clone, Copy)]
enum Privilege {
    Enablement,
    Deletion,
}

impl Privilege {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Enablement => "lifecycle.enablement",
            Self::Deletion => "lifecycle.delete",
        }
    }
}

#[derive(Deserialize)]
struct Rule {
    allowed: bool,
    reason: Option<Reason>,
}

/// The answer to a deletion.
#[derive(Deserialize)]
struct Told {
    message: String,
}

#[derive(Deserialize)]
struct Reason {
    key: String,
}

impl AtlassianOrg {
    /// Deactivates the account if the organisation owns it, and otherwise suspends the user in the directory.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Refused`] if the organisation may not do this to the account.
    pub(super) async fn deactivate(&self, user: &User) -> Result<(), Error> {
        if self.standing(user).await?.managed {
            self.check(user, Privilege::Enablement).await?;
            let call = Call::new(Operation::EditUser, Method::POST, DISABLE).user_segment(user.id.as_str());
            return self.change(user, call.body(json!({}))).await?.done(); // without a body it is refused
        }
        self.in_directory(user, Operation::EditUser, Method::POST, SUSPEND).await
    }

    /// Reactivates the account, and ends a suspension in the directory, as far as the user has either.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Refused`] if the organisation may not do this to the account, or does not
    /// own it.
    pub(super) async fn reactivate(&self, user: &User) -> Result<(), Error> {
        let standing = self.standing(user).await?;
        if !standing.enabled {
            if !standing.managed {
                return Err(refusal::not_managed());
            }
            self.check(user, Privilege::Enablement).await?;
            let call = Call::new(Operation::EditUser, Method::POST, ENABLE).user_segment(user.id.as_str());
            self.change(user, call).await?.done()?;
        }
        if standing.suspended {
            self.in_directory(user, Operation::EditUser, Method::POST, RESTORE).await?;
        }
        Ok(())
    }

    /// The account is deleted after 14 days, and counts as gone from now on; or the user leaves the directory.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Refused`] if the organisation may not do this to the account.
    pub(super) async fn delete(&self, user: &User) -> Result<(), Error> {
        if self.standing(user).await?.managed {
            self.check(user, Privilege::Deletion).await?;
            let call = Call::new(Operation::DeleteUser, Method::POST, DELETE).user_segment(user.id.as_str());
            let answer = self.change(user, call).await?;
            // A gateway's message has the same form. Where it is another one, reading the user tells what became of it.
            let success = answer.json::<Told>()?.message.eq_ignore_ascii_case("success");
            return if success { Ok(()) } else { Err(answer.of_other_form()) };
        }
        self.in_directory(user, Operation::DeleteUser, Method::DELETE, REMOVE).await
    }

    async fn in_directory(
        &self,
        user: &User,
        operation: Operation,
        method: Method,
        path: &'static str,
    ) -> Result<(), Error> {
        let call = self.within(operation, method, path).await?.user_segment(user.id.as_str());
        self.change(user, call).await?.done()
    }

    /// The present state of the account.
    async fn standing(&self, user: &User) -> Result<Standing, Error> {
        let not_told = || Error::Unreadable("it does not tell whether the account is managed, and active".to_owned());
        self.bean(&user.id).await?.standing().ok_or_else(not_told)
    }

    /// Refuses, with the reason, where the organisation may not do it to this account.
    async fn check(&self, user: &User, privilege: Privilege) -> Result<(), Error> {
        let call = Call::new(Operation::ReadRights, Method::GET, MANAGE)
            .user_segment(user.id.as_str())
            .query("privileges", privilege.as_str());
        let rules = self.change(user, call).await?.json::<HashMap<String, Rule>>()?;
        match rules.get(privilege.as_str()) {
            Some(Rule { allowed: false, reason }) => {
                Err(refusal::not_allowed(reason.as_ref().map(|one| one.key.as_str())))
            }
            _ => Ok(()), // what is not told, is told by the call itself
        }
    }
}
