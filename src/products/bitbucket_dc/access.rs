//! Who may use Bitbucket: whoever has a global permission, by a group or by themselves. Each of them is a licensed user's,
//! or more.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use tokio::time::Instant;

use super::{
    BitbucketDc, PERMITTED_GROUPS, PERMITTED_USERS,
    names::number,
    pages::List,
    user::{Bean, Group},
};
use crate::{
    domain::{GroupName, Groups},
    products::{Error, User, request::Operation},
};

/// A sweep asks about each user, and administrators change this seldom.
const TRUSTED_FOR: Duration = Duration::from_mins(1);

/// The one application there is, as a scheme may name it.
const APPLICATION: &str = "bitbucket";

/// The groups that have a global permission, read at most once a minute.
#[derive(Default)]
pub(super) struct Access(Mutex<Option<(Instant, Arc<Groups>)>>);

impl Access {
    fn known(&self) -> MutexGuard<'_, Option<(Instant, Arc<Groups>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}

/// A group with its highest global permission.
#[derive(Deserialize)]
pub(super) struct PermittedGroup {
    pub group: Group,
    pub permission: Permission,
}

/// A user with their own highest global permission.
#[derive(Deserialize)]
pub(super) struct PermittedUser {
    pub user: Bean,
    pub permission: Permission,
}

/// A global permission; there may be others than those told apart here.
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
    /// Whether neither a group nor a permission of their own lets `user` in; `None` where their groups are not known.
    pub(super) async fn is_kept_out(&self, user: &User, applications: &[String]) -> Result<Option<bool>, Error> {
        let giving = self.access_groups(applications).await?;
        match user.groups.as_ref().map(|own| own.is_disjoint(&giving)) {
            Some(true) => Ok(Some(!self.has_permission(user).await?)),
            known => Ok(known),
        }
    }

    /// The groups that let their members in. There is one application; another one is refused: mostly it is misspelt.
    pub(super) async fn access_groups(&self, applications: &[String]) -> Result<Arc<Groups>, Error> {
        if let Some(other) = applications.iter().find(|key| *key != APPLICATION) {
            return Err(Error::Refused { status: 404, message: format!("there is no application `{other}`") });
        }
        let lately =
            self.access.known().as_ref().filter(|(at, _)| at.elapsed() < TRUSTED_FOR).map(|(_, all)| all.clone());
        if let Some(groups) = lately {
            return Ok(groups);
        }
        let asked = Instant::now();
        let all = self.permitted_groups().await?;
        let groups: Arc<Groups> = Arc::new(all.into_iter().map(|one| GroupName::new(one.group.name)).collect());
        *self.access.known() = Some((asked, groups.clone()));
        Ok(groups)
    }

    /// Whether `user` has a global permission of their own.
    pub(super) async fn has_permission(&self, user: &User) -> Result<bool, Error> {
        let (Some(id), Some(name)) = (number(&user.id), &user.name) else { return Ok(false) };
        let is_among = |page: Vec<PermittedUser>| page.iter().any(|one| one.user.id == id);
        let list = List::of(Operation::ReadPermissions, PERMITTED_USERS).user("filter", name);
        list.until(&self.http, is_among).await
    }

    /// All groups with a global permission.
    pub(super) async fn permitted_groups(&self) -> Result<Vec<PermittedGroup>, Error> {
        List::of(Operation::ReadPermissions, PERMITTED_GROUPS).all(&self.http).await
    }
}
