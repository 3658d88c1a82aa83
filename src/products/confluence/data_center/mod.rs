//! Confluence Data Center, REST API.
//!
//! Source: the REST reference on developer.atlassian.com/server/confluence/rest and its OpenAPI document. Listing all users
//! and changing passwords came with Confluence 8.4 (CONFSERVER-87290 and -87291 on jira.atlassian.com).

mod access;
mod change;
mod deletion;
mod groups;
mod list;
mod rights;
#[cfg(test)]
mod tests;
mod user;

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::pages::LIMIT;
use crate::{
    domain::{GroupName, Step, UserId, UserRef},
    live::Live,
    products::{
        Client, Error, MemberPage, Right, Standing, User, UserPage,
        administrators::Administered,
        audit::{AuditLog, DataCenter},
        http::{Http, request::Operation},
        lately::Lately,
        listing::{Cursor, Form, PageSize},
    },
};

/// A Confluence Data Center.
pub(in crate::products) struct ConfluenceDc {
    http: Http,
    /// The groups that give access to their members, each read at most once a minute.
    access: Lately<GroupName, bool>,
    deletions: deletion::Deletions,
    page_size: PageSize,
    admin_groups: Live<Vec<GroupName>>,
}

impl ConfluenceDc {
    /// The members of `admin_groups` administer it.
    pub fn new(http: Http, admin_groups: Live<Vec<GroupName>>) -> Self {
        let (access, deletions) = (Lately::new(access::TRUSTED_FOR), deletion::Deletions::default());
        Self { http, access, deletions, page_size: PageSize::new(LIMIT), admin_groups }
    }
}

#[async_trait]
impl Client for ConfluenceDc {
    async fn user(&self, user: &UserRef) -> Result<User, Error> {
        self.read(user).await
    }

    async fn users(&self, cursor: Option<&str>) -> Result<UserPage, Error> {
        self.page(Cursor::read(cursor, Form::CONFLUENCE)).await
    }

    async fn is_so(&self, user: &User, step: &Step) -> Result<Option<bool>, Error> {
        match step {
            Step::RemoveApplicationAccess(applications) => self.is_kept_out(user, applications).await,
            // The account's state may be told in a word that is not known; asked for once more it does no harm either.
            Step::Deactivate | Step::Reactivate => Ok(Some(user.satisfies(step).unwrap_or(false))),
            other => Ok(user.satisfies(other)),
        }
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
        self.some_groups(part).await
    }

    async fn applications(&self) -> Result<Option<BTreeSet<String>>, Error> {
        Ok(Some(BTreeSet::from([access::APPLICATION.to_owned()])))
    }

    async fn myself(&self) -> Result<Option<UserId>, Error> {
        Ok(Some(self.current(Operation::ReadMyself).await?.id))
    }

    async fn acting_as(&self) -> Result<Option<String>, Error> {
        let user = self.current(Operation::ReadMyself).await?;
        Ok(Some(user.name.unwrap_or_else(|| user.id.to_string())))
    }

    async fn may(&self, right: Right) -> Result<Standing, Error> {
        self.own_right(right).await
    }

    async fn administrators(&self) -> Result<BTreeSet<UserId>, Error> {
        self.administrators_in(&self.admin_groups.get()).await
    }

    async fn probe(&self) -> Result<(), Error> {
        self.current(Operation::Probe).await.map(drop)
    }

    fn audit_log(&self) -> Option<Box<dyn AuditLog + '_>> {
        Some(Box::new(DataCenter(&self.http)))
    }
}
