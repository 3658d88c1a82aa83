//! Jira Cloud, platform REST API v3.
//!
//! Source: developer.atlassian.com/cloud/jira/platform/rest/v3 and its OpenAPI document.

mod list;

use async_trait::async_trait;
use reqwest::Method;
use serde::{Deserialize, de::IgnoredAny};

use super::{
    Client, Error, User, UserPage,
    bean::{Group, GroupList, names, truth},
    group_ids::GroupIds,
    http::Http,
    listing::{Cursor, Form},
    request::{Call, Operation},
};
use crate::domain::{AccountType, EmailAddress, GroupName, Groups, Step, UserId, UserRef};

const USER: &str = "rest/api/3/user";
const USER_GROUPS: &str = "rest/api/3/user/groups";
const GROUPS: &str = "rest/api/3/group/bulk";
const MEMBERSHIP: &str = "rest/api/3/group/user";
const MYSELF: &str = "rest/api/3/myself";

/// A Jira Cloud site.
pub(super) struct JiraCloud {
    http: Http,
    group_ids: GroupIds,
}

impl JiraCloud {
    pub fn new(http: Http) -> Self {
        Self { http, group_ids: GroupIds::default() }
    }

    /// Every group of a user with more than the user's own bean lists.
    async fn all_groups(&self, id: &UserId) -> Result<Groups, Error> {
        let call = Call::new(Operation::ReadUserGroups, Method::GET, USER_GROUPS).user_query("accountId", id.as_str());
        Ok(names(self.http.send(call).await.map_err(missing_user)?.json::<Vec<Group>>()?))
    }

    async fn find_group(&self, name: &GroupName) -> Result<String, Error> {
        let call = Call::new(Operation::FindGroup, Method::GET, GROUPS).query("groupName", name.as_str());
        let page = self.http.send(call).await?.json::<GroupPage>()?;
        let found = page.values.into_iter().find(|group| GroupName::new(group.name.as_str()) == *name);
        let id = found.and_then(|group| group.group_id);
        id.ok_or_else(|| Error::Refused { status: 404, message: format!("there is no group `{name}`") })
    }

    async fn change(&self, user: &UserId, step: &Step, group_id: &str) -> Result<(), Error> {
        let call = match step {
            Step::AddGroup(_) => Call::new(Operation::AddToGroup, Method::POST, MEMBERSHIP)
                .query("groupId", group_id)
                .user_body("accountId", user.as_str()),
            Step::RemoveGroup(_) => Call::new(Operation::RemoveFromGroup, Method::DELETE, MEMBERSHIP)
                .query("groupId", group_id)
                .user_query("accountId", user.as_str()),
            _ => return Err(Error::Unreadable("this step is not built yet".into())),
        };
        self.http.send(call).await?.done()
    }
}

#[async_trait]
impl Client for JiraCloud {
    async fn user(&self, user: &UserRef) -> Result<User, Error> {
        let UserRef::Id(id) = user else {
            return Err(Error::NoSuchUser); // Cloud has no login names to look up
        };
        let call = Call::new(Operation::ReadUser, Method::GET, USER)
            .user_query("accountId", id.as_str())
            .query("expand", "groups");
        let bean = self.http.send(call).await.map_err(missing_user)?.json::<Bean>()?;
        if bean.account_id != id.as_str() {
            // In an outage Jira answers with placeholders: `unknown`, and no groups.
            return Err(Error::Unreadable("it is about another account".to_owned()));
        }
        let mut user = bean.into_user();
        if user.groups.is_none() {
            user.groups = Some(self.all_groups(id).await?);
        }
        Ok(user)
    }

    async fn users(&self, cursor: Option<&str>) -> Result<UserPage, Error> {
        self.page(Cursor::read(cursor, Form::Offset)).await
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
        let (Step::AddGroup(group) | Step::RemoveGroup(group)) = step else {
            return Err(Error::Unreadable("this step is not built yet".into()));
        };
        if let Some(known) = self.group_ids.get(group) {
            match self.change(&user.id, step, &known).await {
                // Not carried out: the group may have been deleted and made anew since.
                Err(Error::Refused { status: 404, .. }) => self.group_ids.forget(group),
                done => return done,
            }
        }
        let id = self.find_group(group).await?;
        self.group_ids.keep(group, &id);
        self.change(&user.id, step, &id).await
    }

    async fn probe(&self) -> Result<(), Error> {
        let answer = self.http.send(Call::new(Operation::Probe, Method::GET, MYSELF)).await?;
        answer.json::<IgnoredAny>().map(drop)
    }
}

fn missing_user(error: Error) -> Error {
    if matches!(error, Error::Refused { status: 404, .. }) { Error::NoSuchUser } else { error }
}

#[derive(Deserialize)]
struct GroupPage {
    values: Vec<Group>,
}

/// A user as the API writes them; privacy settings make `emailAddress` null or leave it out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bean {
    account_id: String,
    account_type: Option<String>,
    email_address: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    active: Option<bool>,
    groups: Option<GroupList>,
}

impl Bean {
    fn into_user(self) -> User {
        User {
            name: None,
            email: self.email_address.as_deref().and_then(EmailAddress::parse),
            active: self.active,
            account_type: self.account_type.as_deref().map(AccountType::from_cloud),
            groups: self.groups.and_then(GroupList::complete),
            ..User::new(UserId::new(self.account_id))
        }
    }
}
