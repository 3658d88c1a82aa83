//! Reading one user of a Data Center.

use reqwest::Method;
use serde::Deserialize;

use super::{JiraDc, USER};
use crate::{
    domain::{AccountType, EmailAddress, Product, UserId, UserRef, WrittenTime},
    products::{
        Error, User,
        http::request::{Call, Operation},
        jira::user_json::{Group, Role, SizedList, keys, names, truth},
        listing::records::Record,
    },
};

impl JiraDc {
    /// The user with groups and applications.
    ///
    /// # Errors
    /// [`Error`] if the call fails; [`Error::NoSuchUser`] if there is no such user, or they are deleted;
    /// [`Error::Intercepted`] if the answer is no record of a user, or is about another one.
    pub(super) async fn read(&self, user: &UserRef) -> Result<User, Error> {
        let call = Call::new(Operation::ReadUser, Method::GET, USER);
        let call = match user {
            UserRef::Id(key) => call.user_query("key", key.as_str()),
            UserRef::Name(name) => call.user_query("username", name),
        };
        let answer = self.http.send(call.query("expand", "groups,applicationRoles")).await.map_err(Error::of_user)?;
        let bean = answer.record(Bean::is_whole)?;
        let is_deleted = bean.is_deleted();
        let user = bean.described().asked_for_as(user, Product::JiraDc)?; // before another user's record says that nobody is there
        if is_deleted { Err(Error::NoSuchUser) } else { Ok(user) }
    }
}

/// A user in the form of the API. `emailAddress` may be missing, and `active` may be a string. A user who never logged
/// in has no `lastLoginTime`, and older versions have none at all.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bean {
    key: String,
    name: Option<String>,
    email_address: Option<String>,
    display_name: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    active: Option<bool>,
    #[serde(default, deserialize_with = "truth")]
    deleted: Option<bool>,
    #[serde(default, deserialize_with = "WrittenTime::lenient")]
    last_login_time: Option<WrittenTime>,
    groups: Option<SizedList<Group>>,
    application_roles: Option<SizedList<Role>>,
}

impl Record for Bean {
    const KIND: &'static str = "user";
    const NEEDED: &'static [&'static str] = &["key"];

    fn is_of_use(&self) -> bool {
        !self.key.is_empty()
    }
}

impl Bean {
    /// Whether it has all fields that Jira always gives for a requested user.
    fn is_whole(&self) -> bool {
        let known = !self.key.is_empty() && self.name.is_some();
        known && (self.active.is_some() || self.deleted == Some(true))
    }

    /// The user; an error if they are deleted.
    ///
    /// # Errors
    /// [`Error::NoSuchUser`] if the user is deleted.
    pub(super) fn into_user(self) -> Result<User, Error> {
        if self.is_deleted() { Err(Error::NoSuchUser) } else { Ok(self.described()) }
    }

    fn is_deleted(&self) -> bool {
        self.deleted == Some(true)
    }

    /// The user as described, deleted or not.
    fn described(self) -> User {
        let seen = self.last_login_time.map(|time| time.read_fact()).unwrap_or_default();
        User {
            name: self.name,
            display_name: self.display_name,
            email: self.email_address.as_deref().and_then(EmailAddress::parse),
            active: self.active,
            account_type: Some(AccountType::Person), // there is no other sort of account
            groups: self.groups.and_then(SizedList::complete).map(names),
            applications: self.application_roles.and_then(SizedList::complete).and_then(keys),
            last_login: seen.at,
            odd_time: seen.odd,
            ..User::new(UserId::new(self.key))
        }
    }
}
