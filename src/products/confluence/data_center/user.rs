//! Reading one user of a Confluence, and the one that usher acts as.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::ConfluenceDc;
use crate::{
    domain::{AccountType, EmailAddress, Groups, Product, UserId, UserRef},
    products::{
        Error, User,
        confluence::{
            self,
            pages::{self, LIMIT},
        },
        http::request::{Call, Operation},
        listing::records::{NamedGroup, Record},
    },
};

const USER: &str = "rest/api/user";
const MEMBER_OF: &str = "rest/api/user/memberof";
const CURRENT: &str = "rest/api/user/current";

impl ConfluenceDc {
    /// The user with groups.
    ///
    /// # Errors
    /// As [`ConfluenceDc::who`]; or [`Error`] if the groups can't be read.
    pub(super) async fn read(&self, user: &UserRef) -> Result<User, Error> {
        let user = self.who(user).await?;
        let groups = self.groups_of(&user.id).await?;
        Ok(User { groups, ..user })
    }

    /// The user without groups.
    ///
    /// # Errors
    /// [`Error`] if the call fails; [`Error::NoSuchUser`] if there is no such user; [`Error::Intercepted`] if the
    /// answer is about another user, or does not say about whom.
    pub(super) async fn who(&self, user: &UserRef) -> Result<User, Error> {
        let call = Call::new(Operation::ReadUser, Method::GET, USER);
        let call = match user {
            UserRef::Id(key) => call.user_query("key", key.as_str()),
            UserRef::Name(name) => call.user_query("username", name),
        };
        let answer = self.http.send(call.query("expand", "status")).await.map_err(Error::of_user)?;
        confluence::somebody(&answer, Bean::into_user)?.asked_for_as(user, Product::ConfluenceDc)
    }

    /// Every group that the user is in; none if some can't be read.
    async fn groups_of(&self, user: &UserId) -> Result<Option<Groups>, Error> {
        let page = |start: usize| {
            Call::new(Operation::ReadUserGroups, Method::GET, MEMBER_OF)
                .user_query("key", user.as_str())
                .query("start", start.to_string())
                .query("limit", LIMIT.to_string())
        };
        Ok(pages::all::<NamedGroup>(&self.http, page).await.map_err(Error::of_user)?.all_groups())
    }

    /// The account that usher acts as.
    ///
    /// # Errors
    /// [`Error`] if the call fails; [`Error::Unauthorized`] if Confluence takes usher for an anonymous caller.
    pub(super) async fn current(&self, operation: Operation) -> Result<User, Error> {
        confluence::current(&self.http, operation, CURRENT, Bean::into_user).await
    }
}

/// A user in the form of the API. `status` is present if it is requested. `email` is in no reference, and is read if an
/// answer has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bean {
    #[serde(rename = "type")]
    kind: Option<String>,
    user_key: Option<String>,
    username: Option<String>,
    display_name: Option<String>,
    email: Option<String>,
    #[serde(default)]
    status: Value,
}

impl Record for Bean {
    const KIND: &'static str = "user";
    const NEEDED: &'static [&'static str] = &["userKey", "type"];

    /// Somebody who was there once has no id.
    fn is_of_use(&self) -> bool {
        self.kind.as_deref() == Some("unknown") || self.user_key.as_deref().is_some_and(|id| !id.is_empty())
    }
}

impl Bean {
    /// The user without groups, which have to be read separately.
    ///
    /// # Errors
    /// [`Error::NoSuchUser`] if the user is gone; [`Error::Unreadable`] if the record has no key.
    pub(super) fn into_user(self) -> Result<User, Error> {
        if self.kind.as_deref() == Some("unknown") {
            return Err(Error::NoSuchUser); // somebody who was there once
        }
        let key = self.user_key.filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| Error::Unreadable("it does not say which user".to_owned()))?;
        Ok(User {
            name: self.username,
            display_name: self.display_name,
            email: self.email.as_deref().and_then(EmailAddress::parse),
            active: self.status.as_str().and_then(active),
            account_type: Some(AccountType::Person), // there is no other sort of account
            ..User::new(UserId::new(key))
        })
    }
}

/// The meaning of an account's state. The reference lists none; these are from reports of users. Any other, such as one
/// for users without a licence, means neither.
fn active(status: &str) -> Option<bool> {
    match status.to_ascii_lowercase().as_str() {
        "current" | "active" => Some(true),
        "deactivated" | "disabled" | "inactive" => Some(false),
        _ => None,
    }
}

#[test]
fn a_word_that_is_not_known_says_nothing_of_an_accounts_state() {
    for (word, state) in [
        ("current", Some(true)),
        ("ACTIVE", Some(true)),
        ("Deactivated", Some(false)),
        ("disabled", Some(false)),
        ("unlicensed", None),
        ("externally-deleted", None),
        ("", None),
    ] {
        assert_eq!(active(word), state, "{word}");
    }
}
