//! Bitbucket Data Center, REST API `latest`.
//!
//! Source: the REST reference on developer.atlassian.com/server/bitbucket/rest. No body contains the account of a
//! token. It is in the headers `X-AUSERID` and `X-AUSERNAME` of every answer, as Atlassian's developers say at
//! community.developer.atlassian.com/t/24422.
//!
//! The lasting id is the numeric user id, but every call needs a name: see [`names`].

mod access;
mod administrators;
mod change;
mod groups;
mod list;
mod names;
mod pages;
mod rights;
mod search;
#[cfg(test)]
mod tests;
mod user;

use std::collections::BTreeSet;

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;

use super::{
    Client, Error, MemberPage, Right, Seats, Standing, Told, User, UserDirectory, UserPage,
    audit::{AuditLog, DataCenter},
    http::{
        Http,
        request::{Call, Operation},
    },
    listing::{Cursor, Form, PageSize},
};
use crate::{
    domain::{GroupName, Step, UserId, UserRef},
    live::Live,
};
use access::Access;
use names::Names;

const USERS: &str = "rest/api/latest/admin/users";
const USER_GROUPS: &str = "rest/api/latest/admin/users/more-members";
const ADD_GROUPS: &str = "rest/api/latest/admin/users/add-groups";
const REMOVE_GROUP: &str = "rest/api/latest/admin/users/remove-group";
const RENAME: &str = "rest/api/latest/admin/users/rename";
const PASSWORD: &str = "rest/api/latest/admin/users/credentials";
const GROUPS: &str = "rest/api/latest/admin/groups";
const MEMBERS: &str = "rest/api/latest/admin/groups/more-members";
const PERMITTED_GROUPS: &str = "rest/api/latest/admin/permissions/groups";
const PERMITTED_USERS: &str = "rest/api/latest/admin/permissions/users";
const PROPERTIES: &str = "rest/api/latest/application-properties";
const LICENCE: &str = "rest/api/latest/admin/license";
const DIRECTORIES: &str = "rest/api/latest/admin/user-directories";

/// A Bitbucket Data Center.
pub(super) struct BitbucketDc {
    http: Http,
    access: Access,
    names: Names,
    page_size: PageSize,
    admin_groups: Live<Vec<GroupName>>,
}

impl BitbucketDc {
    /// The members of `admin_groups` administer it, and whoever else Bitbucket says does.
    pub fn new(http: Http, admin_groups: Live<Vec<GroupName>>) -> Self {
        let (access, names) = (Access::default(), Names::default());
        Self { http, access, names, page_size: PageSize::new(pages::PAGE), admin_groups }
    }
}

/// What Bitbucket tells everybody of itself.
#[derive(Deserialize)]
struct Properties {
    #[serde(rename = "version")]
    _version: String,
}

#[async_trait]
impl Client for BitbucketDc {
    async fn user(&self, user: &UserRef) -> Result<User, Error> {
        self.read(user).await
    }

    async fn users(&self, cursor: Option<&str>) -> Result<UserPage, Error> {
        self.page(Cursor::read(cursor, Form::BITBUCKET)).await
    }

    async fn is_so(&self, user: &User, step: &Step) -> Result<Option<bool>, Error> {
        match step {
            Step::RemoveApplicationAccess(applications) => self.is_kept_out(user, applications).await,
            other => Ok(user.satisfies(other)),
        }
    }

    async fn make_so(&self, user: &User, step: &Step) -> Result<(), Error> {
        self.take(user, step).await
    }

    fn joins_many_groups(&self) -> bool {
        true
    }

    async fn join_groups(&self, user: &User, groups: &[&GroupName]) -> Result<(), Error> {
        self.join(user, groups).await
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

    async fn find_users(&self, text: &str) -> Result<Vec<User>, Error> {
        self.search_users(text).await
    }

    async fn applications(&self) -> Result<Option<BTreeSet<String>>, Error> {
        Ok(Some(BTreeSet::from([access::APPLICATION.to_owned()])))
    }

    /// By a call that anybody may make, for the sake of its headers. A proxy may take the id away, or both.
    async fn myself(&self) -> Result<Option<UserId>, Error> {
        let answer = self.http.send(Call::new(Operation::ReadMyself, Method::GET, PROPERTIES)).await?;
        answer.json::<Properties>()?;
        if let Some(id) = answer.header("x-auserid").filter(|id| id.parse::<u64>().is_ok()) {
            return Ok(Some(UserId::new(id)));
        }
        let given = || self.http.user_name();
        let name = answer.name("x-ausername").or_else(given).ok_or_else(|| {
            let message = "it does not tell whom the token belongs to, in `X-AUSERID` or `X-AUSERNAME`, or a proxy takes them away";
            Error::Unreadable(message.to_owned())
        })?;
        Ok(Some(self.by_name(&name).await?.id()))
    }

    async fn acting_as(&self) -> Result<Option<String>, Error> {
        let answer = self.http.send(Call::new(Operation::ReadMyself, Method::GET, PROPERTIES)).await?;
        answer.json::<Properties>()?;
        Ok(answer.name("x-ausername").or_else(|| self.http.user_name()))
    }

    async fn may(&self, right: Right) -> Result<Standing, Error> {
        self.own_right(right).await
    }

    async fn seats(&self) -> Result<Told<Vec<Seats>>, Error> {
        self.licensed().await
    }

    async fn user_directories(&self) -> Result<Told<Vec<UserDirectory>>, Error> {
        self.directories().await
    }

    async fn administrators(&self) -> Result<BTreeSet<UserId>, Error> {
        self.find_administrators().await
    }

    async fn administrators_like(&self, user: &User) -> Result<BTreeSet<UserId>, Error> {
        self.administrators_beside(user).await
    }

    /// By a list of one user: without credentials, and without a licence, there is none.
    async fn probe(&self) -> Result<(), Error> {
        let call = Call::new(Operation::Probe, Method::GET, USERS).query("limit", "1");
        self.http.send(call).await?.json::<pages::Page<user::Bean>>().map(drop)
    }

    fn audit_log(&self) -> Option<Box<dyn AuditLog + '_>> {
        Some(Box::new(DataCenter(&self.http)))
    }
}
