//! Crowd, as one of its applications: REST API `usermanagement` version 1.
//!
//! Sources: the REST reference on developer.atlassian.com/server/crowd/rest, which describes answers only in part;
//! Crowd's own Java client (`RestCrowdClient`), for the paths and bodies of changes; CWD-4069 on jira.atlassian.com, by
//! which a user has a `key` that survives renames, since Crowd 2.7. Earlier versions have no key; there usher uses the
//! name in lower case.
//!
//! An application is not a user: Crowd knows it by name and password, and by its address.

mod change;
mod groups;
mod list;
#[cfg(test)]
mod tests;
mod user;

use std::collections::BTreeSet;

use async_trait::async_trait;
use reqwest::Method;

use super::{
    Client, Error, MemberPage, Right, Standing, Told, User, UserDirectory, UserPage,
    administrators::Administered,
    http::{
        Http,
        answer::Answer,
        request::{Call, Operation},
    },
    listing::{Cursor, Form, PAGE, PageSize},
    told,
};
use crate::{
    domain::{GroupName, Step, UserId, UserRef},
    live::Live,
};
use list::List;
use list::Users;

const USER: &str = "rest/usermanagement/1/user";
const USER_GROUPS: &str = "rest/usermanagement/1/user/group/direct";
const RENAME: &str = "rest/usermanagement/1/user/rename";
const PASSWORD: &str = "rest/usermanagement/1/user/password";
const RESET_LINK: &str = "rest/usermanagement/1/user/mail/password";
const GROUP: &str = "rest/usermanagement/1/group";
const MEMBERSHIP: &str = "rest/usermanagement/1/group/user/direct";
const ALL_MEMBERS: &str = "rest/usermanagement/1/group/user/nested";
const SEARCH: &str = "rest/usermanagement/1/search";

/// A Crowd.
pub(super) struct Crowd {
    http: Http,
    page_size: PageSize,
    admin_groups: Live<Vec<GroupName>>,
}

impl Crowd {
    /// The members of `admin_groups` administer it.
    pub fn new(http: Http, admin_groups: Live<Vec<GroupName>>) -> Self {
        Self { http, page_size: PageSize::new(PAGE), admin_groups }
    }

    /// Makes a call. Refused credentials are told with where to look, as Crowd's own words for it are no JSON.
    async fn send(&self, call: Call<'_>) -> Result<Answer, Error> {
        self.http.send(call).await.map_err(|error| match error {
            Error::Unauthorized { status: 401, message } => {
                let message = format!("check the application's name and password, which are no user's: {message}");
                Error::Unauthorized { status: 401, message }
            }
            Error::Unauthorized { status: 403, message } => {
                let message = format!("check the application's remote addresses and permissions in Crowd: {message}");
                Error::Unauthorized { status: 403, message }
            }
            other => other,
        })
    }

    /// By a search for one user, as Crowd's own client tries a connection.
    async fn try_connection(&self, operation: Operation) -> Result<(), Error> {
        let call = Call::new(operation, Method::GET, SEARCH)
            .query("entity-type", "user")
            .query("start-index", "0")
            .query("max-results", "1");
        let answer = self.send(call).await?;
        answer.json::<Users>()?.all().map(drop).map_err(|_| answer.of_other_form())
    }
}

#[async_trait]
impl Client for Crowd {
    async fn user(&self, user: &UserRef) -> Result<User, Error> {
        self.read(user).await
    }

    async fn users(&self, cursor: Option<&str>) -> Result<UserPage, Error> {
        self.page(Cursor::read(cursor, Form::CROWD)).await
    }

    async fn make_so(&self, user: &User, step: &Step) -> Result<(), Error> {
        self.take(user, step).await
    }

    async fn group_exists(&self, group: &GroupName) -> Result<bool, Error> {
        self.has_group(group).await
    }

    async fn members(&self, group: &GroupName, start: usize) -> Result<Option<MemberPage>, Error> {
        self.member_page(group, start).await.map(Some)
    }

    async fn groups_like(&self, part: &str) -> Result<Vec<GroupName>, Error> {
        self.find_groups(part).await
    }

    async fn myself(&self) -> Result<Option<UserId>, Error> {
        Ok(None)
    }

    /// The name of the application.
    async fn acting_as(&self) -> Result<Option<String>, Error> {
        Ok(self.http.user_name())
    }

    async fn may(&self, right: Right) -> Result<Standing, Error> {
        match right {
            Right::ReadUsers => self.try_connection(Operation::ReadRights).await.map(|()| Standing::Yes),
            Right::ReadGroups => self.finds_groups().await.map(|()| Standing::Yes),
            Right::ReadAuditLog => told::by_audit_log(self.audit_log()).await,
            Right::ChangeUsers => Ok(Standing::NotTold(
                "Crowd does not tell an application of its permissions; they are on its page in Crowd, under Permissions",
            )),
        }
    }

    async fn user_directories(&self) -> Result<Told<Vec<UserDirectory>>, Error> {
        Ok(Told::Not(
            "Crowd shows all directories of an application as one; they are on its page in Crowd, under Directories",
        ))
    }

    async fn administrators(&self) -> Result<BTreeSet<UserId>, Error> {
        self.administrators_in(&self.admin_groups.get()).await
    }

    async fn probe(&self) -> Result<(), Error> {
        self.try_connection(Operation::Probe).await
    }
}
