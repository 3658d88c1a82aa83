//! An Atlassian organisation: the Organizations API v2, and the User management API for the accounts that it owns.
//!
//! Source: developer.atlassian.com/cloud/admin/organization and …/user-management, and their OpenAPI documents. The listings
//! of users and groups by GET, v1 and v2, end in June 2027; users and groups are searched for by POST.

mod access;
mod administrators;
mod change;
mod directory;
mod groups;
mod lifecycle;
mod refusal;
mod rights;
mod roles;
mod users;

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use reqwest::Method;
use serde::{Deserialize, de::IgnoredAny};
use tokio::sync::OnceCell;

use self::directory::Directory;
use super::{
    Client, Error, PickedGroup, Right, Standing, Told, User, UserDirectory, UserPage,
    audit::{AuditLog, Stream},
    group_ids::GroupIds,
    http::{
        Http,
        request::{Call, Operation},
    },
    lately::Lately,
    listing::{Cursor, Form},
};
use crate::{
    config::Organization,
    domain::{GroupName, Step, UserId, UserRef},
    live::Live,
};

const ORGANIZATION: &str = "admin/v1/orgs/{orgId}";
const EVENTS: &str = "admin/v1/orgs/{orgId}/events-stream";

/// The organisation's record. None of its fields is used.
#[derive(Deserialize)]
struct Own {
    #[serde(rename = "data")]
    _data: HashMap<String, IgnoredAny>,
}

/// An organisation, and one directory of it.
pub(super) struct AtlassianOrg {
    http: Http,
    organization: Organization,
    directory: OnceCell<Directory>,
    group_ids: GroupIds,
    /// The keys of applications that were seen to be there lately.
    applications: Lately<String, ()>,
    admin_groups: Live<Vec<GroupName>>,
}

impl AtlassianOrg {
    /// A client. The administrators are the holders of an administrator's role, and the members of `admin_groups`.
    pub fn new(http: Http, organization: Organization, admin_groups: Live<Vec<GroupName>>) -> Self {
        Self {
            http,
            organization,
            directory: OnceCell::new(),
            group_ids: GroupIds::default(),
            applications: Lately::new(access::TRUSTED_FOR),
            admin_groups,
        }
    }

    /// A call of a path that begins with the organisation.
    fn call(&self, operation: Operation, method: Method, path: &'static str) -> Call<'_> {
        Call::new(operation, method, path).segment(&self.organization.id)
    }

    /// A call of a path that begins with the organisation and the directory.
    async fn within(&self, operation: Operation, method: Method, path: &'static str) -> Result<Call<'_>, Error> {
        Ok(self.call(operation, method, path).segment(&self.directory().await?.id))
    }

    /// Reads the organisation of the key. This needs no other rights in it.
    async fn read_organization(&self, operation: Operation) -> Result<(), Error> {
        let call = self.call(operation, Method::GET, ORGANIZATION);
        self.http.send(call).await?.json::<Own>().map(drop)
    }
}

#[async_trait]
impl Client for AtlassianOrg {
    async fn user(&self, user: &UserRef) -> Result<User, Error> {
        self.read(user.id().ok_or(Error::NoSuchUser)?).await // accounts have no login names
    }

    async fn users(&self, cursor: Option<&str>) -> Result<UserPage, Error> {
        self.page(Cursor::read(cursor, Form::ORGANIZATION)).await
    }

    async fn is_so(&self, user: &User, step: &Step) -> Result<Option<bool>, Error> {
        match step {
            Step::RemoveApplicationAccess(applications) => self.is_without(user, applications).await.map(Some),
            other => Ok(user.satisfies(other)),
        }
    }

    async fn make_so(&self, user: &User, step: &Step) -> Result<(), Error> {
        self.take(user, step).await
    }

    async fn group_exists(&self, group: &GroupName) -> Result<bool, Error> {
        Ok(self.find_group(group).await?.is_some())
    }

    async fn groups_like(&self, part: &str) -> Result<Vec<GroupName>, Error> {
        self.groups_with(part).await
    }

    async fn find_users(&self, text: &str) -> Result<Vec<User>, Error> {
        self.search_users(text).await
    }

    /// None, because an admin API key belongs to no account.
    async fn myself(&self) -> Result<Option<UserId>, Error> {
        Ok(None)
    }

    async fn may(&self, right: Right) -> Result<Standing, Error> {
        self.own_right(right).await
    }

    async fn user_directories(&self) -> Result<Told<Vec<UserDirectory>>, Error> {
        let all = self.list_directories().await?;
        Ok(Told::Known(all.into_iter().map(UserDirectory::from).collect()))
    }

    async fn pick_groups(&self, part: &str) -> Result<Vec<PickedGroup>, Error> {
        self.pick(part).await
    }

    async fn administrators(&self) -> Result<BTreeSet<UserId>, Error> {
        self.all_administrators().await
    }

    async fn administrators_like(&self, user: &User) -> Result<BTreeSet<UserId>, Error> {
        self.administrators_beside(&user.id).await
    }

    /// Also reads the directory, because nothing else can be read without it.
    async fn probe(&self) -> Result<(), Error> {
        self.read_organization(Operation::Probe).await?;
        self.directory().await.map(drop)
    }

    fn audit_log(&self) -> Option<Box<dyn AuditLog + '_>> {
        Some(Box::new(Stream { http: &self.http, path: EVENTS, organization: &self.organization.id }))
    }
}
