//! Reading one user of a Cloud site.

use reqwest::Method;
use serde::Deserialize;

use super::{JiraCloud, USER, USER_GROUPS};
use crate::{
    domain::{AccountType, EmailAddress, GroupName, Product, UserId},
    products::{
        Error, User,
        http::request::{Call, Operation},
        jira::user_json::{Group, Role, SizedList, keys, names, truth},
        listing::records::{Record, Records},
    },
};

/// The placeholder for an account that Jira can't read at the moment.
const PLACEHOLDER: &str = "unknown";

impl JiraCloud {
    /// The user with groups and applications.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::NoSuchUser`] if there is no such user; [`Error::Unreadable`] if Jira answers
    /// with its placeholder; [`Error::Intercepted`] if the answer is about another user.
    pub(super) async fn read(&self, id: &UserId) -> Result<User, Error> {
        let call = Call::new(Operation::ReadUser, Method::GET, USER)
            .user_query("accountId", id.as_str())
            .query("expand", "groups,applicationRoles");
        let answer = self.http.send(call).await.map_err(Error::of_user)?;
        // What tells of another account is judged below.
        let mut bean = answer.record(|bean: &Bean| bean.active.is_some() || bean.account_id != id.as_str())?;
        if bean.account_id != id.as_str() {
            // In an outage Jira answers with placeholders: `unknown`, and no groups.
            return Err(bean.known().err().unwrap_or(Error::about_another_user(Product::JiraCloud)));
        }
        let groups = match bean.groups.take().and_then(SizedList::complete) {
            Some(read) => Records { read, unreadable: 0 },
            None => self.all_groups(id).await?,
        };
        for group in &groups.read {
            if let Some(id) = &group.group_id {
                self.group_ids.keep(&GroupName::new(group.name.as_str()), id);
            }
        }
        let all = groups.unreadable == 0;
        Ok(User { groups: all.then(|| names(groups.read)), ..bean.into_user() })
    }

    /// Every group of a user with more than the user's own bean lists.
    async fn all_groups(&self, id: &UserId) -> Result<Records<Group>, Error> {
        let call = Call::new(Operation::ReadUserGroups, Method::GET, USER_GROUPS).user_query("accountId", id.as_str());
        let groups = self.http.send(call).await.map_err(Error::of_user)?.json::<Records<Group>>()?;
        self.http.passed_over(Group::KIND, groups.unreadable);
        Ok(groups)
    }
}

/// A user as the API writes them; privacy settings make `emailAddress` null or leave it out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bean {
    account_id: String,
    account_type: Option<String>,
    email_address: Option<String>,
    display_name: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    active: Option<bool>,
    groups: Option<SizedList<Group>>,
    application_roles: Option<SizedList<Role>>,
}

impl Record for Bean {
    const KIND: &'static str = "user";
    const NEEDED: &'static [&'static str] = &["accountId"];

    fn is_of_use(&self) -> bool {
        !self.account_id.is_empty()
    }
}

impl Bean {
    /// This user, unless it is the placeholder for an account that Jira can't read.
    ///
    /// # Errors
    /// [`Error::Unreadable`] if it is the placeholder.
    pub(super) fn known(self) -> Result<Self, Error> {
        if self.account_id == PLACEHOLDER {
            return Err(Error::Unreadable("it does not say which account".to_owned()));
        }
        Ok(self)
    }

    /// The user without groups, which may have to be read separately.
    pub(super) fn into_user(self) -> User {
        User {
            email: self.email_address.as_deref().and_then(EmailAddress::parse),
            display_name: self.display_name,
            active: self.active,
            account_type: self.account_type.as_deref().map(AccountType::from_cloud),
            applications: self.application_roles.and_then(SizedList::complete).and_then(keys),
            ..User::new(UserId::new(self.account_id))
        }
    }
}
