//! Reading one user of a Confluence Cloud site, and the one that usher acts as.

use reqwest::Method;
use serde::{Deserialize, de::IgnoredAny};

use super::ConfluenceCloud;
use crate::{
    domain::{AccountType, EmailAddress, GroupName, Product, UserId},
    products::{
        Error, User,
        confluence::{
            self,
            pages::{self, LIMIT},
        },
        http::request::{Call, Operation},
        listing::records::{Record, Records},
    },
};

const USER: &str = "wiki/rest/api/user";
const MEMBER_OF: &str = "wiki/rest/api/user/memberof";
const CURRENT: &str = "wiki/rest/api/user/current";

impl ConfluenceCloud {
    /// The user with groups.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::NoSuchUser`] if there is no such user; [`Error::Intercepted`] if the answer
    /// is about another user, or does not say about whom.
    pub(super) async fn read(&self, id: &UserId) -> Result<User, Error> {
        let call = Call::new(Operation::ReadUser, Method::GET, USER).user_query("accountId", id.as_str());
        let answer = self.http.send(call).await.map_err(Error::of_user)?;
        let user = confluence::somebody(&answer, Bean::into_user)?;
        if user.id != *id {
            return Err(Error::about_another_user(Product::ConfluenceCloud));
        }
        let groups = self.groups_of(Operation::ReadUserGroups, id).await.map_err(Error::of_user)?;
        for group in &groups.read {
            self.group_ids.keep(&GroupName::new(group.name.as_str()), &group.id);
        }
        let all = groups.unreadable == 0;
        let groups = all.then(|| groups.read.into_iter().map(|group| GroupName::new(group.name)).collect());
        Ok(User { groups, ..user })
    }

    /// Every group that an account is in.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or the list does not end.
    pub(super) async fn groups_of(&self, operation: Operation, id: &UserId) -> Result<Records<Group>, Error> {
        let page = |start: usize| {
            Call::new(operation, Method::GET, MEMBER_OF)
                .user_query("accountId", id.as_str())
                .query("start", start.to_string())
                .query("limit", LIMIT.to_string())
        };
        pages::all(&self.http, page).await
    }

    /// The account that usher acts as.
    ///
    /// # Errors
    /// [`Error`] if the call fails; [`Error::Unauthorized`] if Confluence takes usher for an anonymous caller.
    pub(super) async fn current(&self, operation: Operation) -> Result<User, Error> {
        confluence::current(&self.http, operation, CURRENT, Bean::into_user).await
    }
}

/// A group, as lists name it.
#[derive(Deserialize)]
pub(super) struct Group {
    pub id: String,
    pub name: String,
}

impl Record for Group {
    const KIND: &'static str = "group";
    const NEEDED: &'static [&'static str] = &["id", "name"];
}

/// A user in the form of the API. Privacy settings make `email` empty or leave it out. The API does not report whether
/// the account is active. `operations`, if requested, are the allowed operations of the user; it is empty for a user
/// without any.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bean {
    #[serde(rename = "type")]
    kind: Option<String>,
    account_id: Option<String>,
    account_type: Option<String>,
    email: Option<String>,
    display_name: Option<String>,
    operations: Option<Vec<IgnoredAny>>,
}

impl Record for Bean {
    const KIND: &'static str = "user";
    const NEEDED: &'static [&'static str] = &["accountId", "type"];

    /// Somebody who was there once has no id.
    fn is_of_use(&self) -> bool {
        self.kind.as_deref() == Some("unknown") || self.account_id.as_deref().is_some_and(|id| !id.is_empty())
    }
}

impl Bean {
    /// Whether the user has no allowed operation here.
    pub(super) fn may_do_nothing(&self) -> bool {
        self.operations.as_ref().is_some_and(Vec::is_empty)
    }

    /// The user without groups, which have to be read separately.
    ///
    /// # Errors
    /// [`Error::NoSuchUser`] if the account is gone; [`Error::Unreadable`] if the record has no account id.
    pub(super) fn into_user(self) -> Result<User, Error> {
        if self.kind.as_deref() == Some("unknown") {
            return Err(Error::NoSuchUser); // an account that was there once
        }
        let id = self.account_id.filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| Error::Unreadable("it does not say which account".to_owned()))?;
        Ok(User {
            display_name: self.display_name,
            email: self.email.as_deref().and_then(EmailAddress::parse),
            account_type: self.account_type.filter(|word| !word.is_empty()).as_deref().map(AccountType::from_cloud),
            ..User::new(UserId::new(id))
        })
    }
}
