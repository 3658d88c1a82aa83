//! Jira Data Center, platform REST API v2.
//!
//! Source: the REST reference on developer.atlassian.com/server/jira/platform/rest. That `expand=groups` works on a
//! user is said in JRASERVER-33225 only.

mod list;

use async_trait::async_trait;
use reqwest::Method;
use serde::{Deserialize, de::IgnoredAny};

use super::{
    Client, Error, User, UserPage,
    bean::{GroupList, truth},
    http::Http,
    listing::{Cursor, Form},
    request::{Call, Operation},
};
use crate::domain::{AccountType, EmailAddress, Step, UserId, UserRef};

const USER: &str = "rest/api/2/user";
const MEMBERSHIP: &str = "rest/api/2/group/user";
const MYSELF: &str = "rest/api/2/myself";

/// A Jira Data Center.
pub(super) struct JiraDc {
    http: Http,
}

impl JiraDc {
    pub fn new(http: Http) -> Self {
        Self { http }
    }
}

#[async_trait]
impl Client for JiraDc {
    async fn user(&self, user: &UserRef) -> Result<User, Error> {
        let call = Call::new(Operation::ReadUser, Method::GET, USER);
        let call = match user {
            UserRef::Id(key) => call.user_query("key", key.as_str()),
            UserRef::Name(name) => call.user_query("username", name),
        };
        match self.http.send(call.query("expand", "groups")).await {
            Ok(answer) => answer.json::<Bean>()?.into_user(),
            Err(Error::Refused { status: 404, .. }) => Err(Error::NoSuchUser),
            Err(error) => Err(error),
        }
    }

    async fn users(&self, cursor: Option<&str>) -> Result<UserPage, Error> {
        self.page(Cursor::read(cursor, Form::Stream)).await
    }

    async fn is_so(&self, user: &User, step: &Step) -> Result<Option<bool>, Error> {
        Ok(user.satisfies(step))
    }

    async fn myself(&self) -> Result<UserId, Error> {
        Err(Error::Unreadable("not asked yet".into()))
    }

    async fn administrators(&self) -> Result<std::collections::BTreeSet<UserId>, Error> {
        Err(Error::Unreadable("not asked yet".into()))
    }

    async fn make_so(&self, user: &User, step: &Step) -> Result<(), Error> {
        let name = user.name.as_deref().ok_or_else(|| Error::Unreadable("the user has no login name".to_owned()))?;
        let call = match step {
            Step::AddGroup(group) => Call::new(Operation::AddToGroup, Method::POST, MEMBERSHIP)
                .query("groupname", group.as_str())
                .user_body("name", name),
            Step::RemoveGroup(group) => Call::new(Operation::RemoveFromGroup, Method::DELETE, MEMBERSHIP)
                .query("groupname", group.as_str())
                .user_query("username", name),
            _ => return Err(Error::Unreadable("this step is not built yet".into())),
        };
        self.http.send(call.about(user.id.as_str())).await?.done()
    }

    async fn probe(&self) -> Result<(), Error> {
        let answer = self.http.send(Call::new(Operation::Probe, Method::GET, MYSELF)).await?;
        answer.json::<IgnoredAny>().map(drop)
    }
}

/// A user as the API writes them; `emailAddress` may be missing, `active` be a string.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bean {
    key: String,
    name: String,
    email_address: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    active: Option<bool>,
    #[serde(default, deserialize_with = "truth")]
    deleted: Option<bool>,
    groups: Option<GroupList>,
}

impl Bean {
    fn into_user(self) -> Result<User, Error> {
        if self.deleted == Some(true) {
            return Err(Error::NoSuchUser);
        }
        Ok(User {
            name: Some(self.name),
            email: self.email_address.as_deref().and_then(EmailAddress::parse),
            active: self.active,
            account_type: Some(AccountType::Person), // there is no other sort of account
            groups: self.groups.and_then(GroupList::complete),
            ..User::new(UserId::new(self.key))
        })
    }
}
