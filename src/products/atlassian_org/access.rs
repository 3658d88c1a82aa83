//! Access to applications: by roles that groups give, and by roles given to one user alone.

use std::{collections::BTreeSet, time::Duration};

use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use super::{
    AtlassianOrg,
    groups::{GROUPS, Group},
    roles::{Assigned, Assignment, Way},
    users::pages::{MOST, Page},
};
use crate::{
    domain::Groups,
    products::{Error, User, http::request::Operation, leave_groups::Leaving},
};

/// A search takes no more resources at once.
const RESOURCES_AT_ONCE: usize = 20;
/// The time for which a reading is used: a sweep asks about each user, and applications seldom change.
pub(super) const TRUSTED_FOR: Duration = Duration::from_mins(1);

impl AtlassianOrg {
    /// Whether the user has access to none of `applications`, by key; to none at all where none is named.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Refused`] if no group gives access to one of the `applications`.
    pub(super) async fn is_without(&self, user: &User, applications: &[String]) -> Result<bool, Error> {
        Ok(self.access(user, applications).await?.is_empty())
    }

    /// Takes the user out of the groups that give access, and then the roles that are the user's own.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Refused`] if access stays that follows from another role, or no group gives
    /// access to one of the `applications`.
    pub(super) async fn take_access(&self, user: &User, applications: &[String]) -> Result<(), Error> {
        let access = self.access(user, applications).await?;
        let giving = self.giving(user, &access).await?;
        self.leave_each(user, &giving.iter().collect::<Vec<_>>()).await?;
        for assignment in &access {
            for assigned in assignment.access().filter(|one| one.is_by(Way::Direct)) {
                self.revoke(user, &assigned.role, &assignment.resource_id).await?;
            }
        }
        if access.iter().flat_map(Assignment::access).any(|one| one.is_by(Way::Inferred)) {
            return self.check_taken(user, applications).await;
        }
        Ok(())
    }

    /// Roles that follow from others should have gone with them.
    async fn check_taken(&self, user: &User, applications: &[String]) -> Result<(), Error> {
        let left = self.access(user, applications).await?;
        let stays = left.iter().find(|one| one.access().any(Assigned::is_out_of_reach));
        stays.map_or(Ok(()), |one| {
            let message = format!("access to {} stays: it follows from another role of the user", one.resource_id);
            Err(Error::Refused { status: 409, message })
        })
    }

    /// The groups and roles that give the user access to `applications`. An application that is nowhere in the
    /// directory is refused, because it is probably misspelt.
    async fn access(&self, user: &User, applications: &[String]) -> Result<Vec<Assignment>, Error> {
        let mut all = self.roles(user.id.as_str()).await?;
        let owners: BTreeSet<&str> = all.iter().filter_map(|one| one.resource_owner.as_deref()).collect();
        for key in applications.iter().filter(|key| !owners.contains(key.as_str())) {
            self.check_application(key).await?;
        }
        let named = |key: &str| applications.iter().any(|one| one == key);
        // All access is meant where none is named, also to what is not told to be an application's.
        let meant = |one: &Assignment| applications.is_empty() || one.resource_owner.as_deref().is_some_and(named);
        all.retain(|one| meant(one) && one.access().next().is_some());
        Ok(all)
    }

    async fn check_application(&self, key: &str) -> Result<(), Error> {
        if self.applications.get(key).is_some() {
            return Ok(());
        }
        let asked = json!({ "resourceOwners": [key], "limit": 1 });
        let call = self.within(Operation::ReadApplications, Method::POST, GROUPS).await?.body(asked);
        if self.http.send(call).await?.json::<Page<Group>>()?.data.given() == 0 {
            let message = format!("no group of the directory gives access to an application `{key}`; is it misspelt?");
            return Err(Error::Refused { status: 404, message });
        }
        self.applications.keep(key.to_owned(), (), Instant::now());
        Ok(())
    }

    /// The user's groups that give the roles in `access`.
    async fn giving(&self, user: &User, access: &[Assignment]) -> Result<Groups, Error> {
        let by_groups = |one: &&Assigned| one.is_by(Way::GroupDirect);
        let roles: BTreeSet<&str> =
            access.iter().flat_map(Assignment::access).filter(by_groups).map(|one| one.role.as_str()).collect();
        let given = access.iter().filter(|one| one.access().any(|role| by_groups(&role)));
        let resources: Vec<&str> = given.map(|one| one.resource_id.as_str()).collect();
        let mut giving = Groups::new();
        for resources in resources.chunks(RESOURCES_AT_ONCE) {
            let asked = json!({
                "accountIds": [user.id.as_str()], "resourceIds": resources, "roleIds": roles, "limit": MOST,
            });
            let found =
                self.search_groups(Operation::ReadApplications, asked, Some(&user.id)).await?.whole("groups")?;
            giving.extend(found.iter().map(Group::name));
        }
        Ok(giving)
    }
}
