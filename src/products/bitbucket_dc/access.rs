//! The users who may use Bitbucket: those with a global permission, by a group or their own. Each global permission
//! includes a licence.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde::Deserialize;
use tokio::time::Instant;

use super::{BitbucketDc, PERMITTED_GROUPS, PERMITTED_USERS, names::number, pages::List, user::Bean};
use crate::{
    domain::{GroupName, Groups},
    products::{
        Error, User,
        http::request::Operation,
        lately::Lately,
        listing::records::{NamedGroup, Record},
    },
};

/// A sweep asks about each user, and administrators change this seldom.
const GROUPS_TRUSTED_FOR: Duration = Duration::from_mins(1);

/// The time for which the holders are kept: this may be a long list, if users have their own permissions.
const HOLDERS_TRUSTED_FOR: Duration = Duration::from_mins(10);

/// The one application there is, as a scheme may name it.
pub(super) const APPLICATION: &str = "bitbucket";

/// The recently read holders of global permissions.
pub(super) struct Access {
    groups: Lately<(), Arc<Vec<(GroupName, Permission)>>>,
    /// The users who administer Bitbucket by a permission of their own.
    holders: Lately<(), Arc<BTreeSet<u64>>>,
}

impl Default for Access {
    fn default() -> Self {
        Self { groups: Lately::new(GROUPS_TRUSTED_FOR), holders: Lately::new(HOLDERS_TRUSTED_FOR) }
    }
}

/// A group with its highest global permission.
#[derive(Deserialize)]
pub(super) struct PermittedGroup {
    pub group: NamedGroup,
    pub permission: Permission,
}

/// A user with their own highest global permission.
#[derive(Deserialize)]
pub(super) struct PermittedUser {
    pub user: Bean,
    pub permission: Permission,
}

impl Record for PermittedGroup {
    const KIND: &'static str = "permission";
    const NEEDED: &'static [&'static str] = &["group", "permission"];
}

impl Record for PermittedUser {
    const KIND: &'static str = "permission";
    const NEEDED: &'static [&'static str] = &["user", "permission"];
}

/// A global permission; there may be others than those distinguished here.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Permission {
    Admin,
    SysAdmin,
    #[serde(other)]
    Other,
}

impl Permission {
    /// Whether it lets administer Bitbucket.
    pub fn administers(self) -> bool {
        self != Self::Other
    }
}

impl BitbucketDc {
    /// Whether neither a group nor a permission of their own lets `user` in; `None` if their groups are not known.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Refused`] if one of the `applications` is not Bitbucket.
    pub(super) async fn is_kept_out(&self, user: &User, applications: &[String]) -> Result<Option<bool>, Error> {
        let giving = self.access_groups(applications).await?;
        match user.groups.as_ref().map(|own| own.is_disjoint(&giving)) {
            Some(true) => Ok(Some(!self.has_permission(user).await?)),
            known => Ok(known),
        }
    }

    /// The groups that let their members in. There is one application; another one is refused: mostly it is misspelt.
    ///
    /// # Errors
    /// [`Error`] if the call fails; [`Error::Refused`] if one of the `applications` is not Bitbucket, or a permission
    /// can't be read.
    pub(super) async fn access_groups(&self, applications: &[String]) -> Result<Groups, Error> {
        if let Some(other) = applications.iter().find(|key| *key != APPLICATION) {
            return Err(Error::Refused { status: 404, message: format!("there is no application `{other}`") });
        }
        Ok(self.groups_lately().await?.iter().map(|(group, _)| group.clone()).collect())
    }

    /// Whether a user in `groups`, with `id`, administers Bitbucket. Never `Some(false)`: they may have become an
    /// administrator since the permissions were read. If usher's account may not read permissions, it may change
    /// nothing either.
    ///
    /// # Errors
    /// [`Error`] if a call fails for another reason than missing rights.
    pub(super) async fn makes_administrator(&self, id: u64, groups: &Groups) -> Result<Option<bool>, Error> {
        match self.is_administrator(id, groups).await {
            Err(Error::Unauthorized { status: 401 | 403, .. }) => Ok(None),
            // Some of the permissions can't be read: whether there is one that makes an administrator can't be told.
            Err(Error::Refused { status: 200, .. }) => Ok(None),
            known => Ok(known?.then_some(true)),
        }
    }

    /// Whether `user`, in the groups that were read, administers Bitbucket by the permissions of now.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or some of the records can't be read.
    pub(super) async fn administers_now(&self, user: &User) -> Result<bool, Error> {
        let Some(groups) = &user.groups else { return Ok(true) };
        if self.admin_groups.get().iter().any(|group| groups.contains(group)) {
            return Ok(true);
        }
        let permitted = self.permitted_groups().await?;
        let administers =
            |one: PermittedGroup| one.permission.administers() && groups.contains(&GroupName::new(one.group.name));
        Ok(permitted.into_iter().any(administers) || self.has_own(user, Permission::administers).await?)
    }

    async fn is_administrator(&self, id: u64, groups: &Groups) -> Result<bool, Error> {
        let permitted = self.groups_lately().await?;
        let by_group = permitted.iter().any(|(group, permission)| permission.administers() && groups.contains(group));
        Ok(by_group || self.holders_lately().await?.contains(&id))
    }

    async fn groups_lately(&self) -> Result<Arc<Vec<(GroupName, Permission)>>, Error> {
        if let Some(groups) = self.access.groups.get(&()) {
            return Ok(groups);
        }
        let asked = Instant::now();
        let groups = self.permitted_groups().await?;
        let groups = groups.into_iter().map(|one| (GroupName::new(one.group.name), one.permission));
        let groups = Arc::new(groups.collect());
        self.access.groups.keep((), Arc::clone(&groups), asked);
        Ok(groups)
    }

    async fn holders_lately(&self) -> Result<Arc<BTreeSet<u64>>, Error> {
        if let Some(holders) = self.access.holders.get(&()) {
            return Ok(holders);
        }
        let asked = Instant::now();
        let holders = self.permitted_users().await?;
        let administering = holders.into_iter().filter(|one| one.permission.administers());
        let holders = Arc::new(administering.map(|one| one.user.id).collect());
        self.access.holders.keep((), Arc::clone(&holders), asked);
        Ok(holders)
    }

    /// Whether `user` has a global permission of their own.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or the list does not end.
    pub(super) async fn has_permission(&self, user: &User) -> Result<bool, Error> {
        self.has_own(user, |_| true).await
    }

    async fn has_own(&self, user: &User, such: fn(Permission) -> bool) -> Result<bool, Error> {
        let (Some(id), Some(name)) = (number(&user.id), &user.name) else { return Ok(false) };
        let is_among = |page: Vec<PermittedUser>| page.iter().any(|one| one.user.id == id && such(one.permission));
        let list = List::of(Operation::ReadPermissions, PERMITTED_USERS).user("filter", name);
        list.until(self, is_among).await
    }

    /// All users with a global permission of their own.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or some of the records can't be read.
    pub(super) async fn permitted_users(&self) -> Result<Vec<PermittedUser>, Error> {
        List::of(Operation::ReadPermissions, PERMITTED_USERS).all(self).await?.whole("permissions of users")
    }

    /// All groups with a global permission.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or some of the records can't be read.
    pub(super) async fn permitted_groups(&self) -> Result<Vec<PermittedGroup>, Error> {
        List::of(Operation::ReadPermissions, PERMITTED_GROUPS).all(self).await?.whole("permissions of groups")
    }
}
