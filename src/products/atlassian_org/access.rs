//! Access to applications: by roles that groups give, and by roles given to one user alone.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;

use super::{AtlassianOrg, pages::MOST};
use crate::{
    domain::{GroupName, Groups},
    products::{
        Error, User,
        leaving::{leave_all, own_groups},
        request::Operation,
    },
};

const ROLES: &str = "admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/role-assignments";
const REVOKE: &str = "admin/v1/orgs/{orgId}/users/{userId}/roles/revoke";

/// Roles on an application that let nobody use it.
const WITHOUT_ACCESS: [&str; 4] =
    ["atlassian/user-access-admin", "atlassian/site-admin", "atlassian/org-admin", "atlassian/ai-access"];
/// A search takes no more resources at once.
const RESOURCES_AT_ONCE: usize = 20;
/// A sweep asks about each user, and applications come and go seldom.
const TRUSTED_FOR: Duration = Duration::from_mins(1);

/// The roles of a user on one resource: a product on a site.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assignment {
    resource_id: String,
    resource_owner: Option<String>,
    #[serde(default)]
    role_assignments: Vec<Assigned>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assigned {
    role: String,
    #[serde(default)]
    role_assignment_methods: Vec<String>,
}

impl Assigned {
    fn gives_access(&self) -> bool {
        !WITHOUT_ACCESS.contains(&self.role.as_str())
    }

    fn is_by(&self, method: &str) -> bool {
        self.role_assignment_methods.iter().any(|one| one == method)
    }
}

/// The keys of applications that were seen to be there lately.
#[derive(Default)]
pub(super) struct Applications(Mutex<HashMap<String, Instant>>);

impl Applications {
    fn is_known(&self, key: &str) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner); // a map is never half changed
        known.get(key).is_some_and(|at| at.elapsed() < TRUSTED_FOR)
    }

    fn keep(&self, key: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), Instant::now());
    }
}

impl AtlassianOrg {
    /// Whether the user has access to none of `applications`, by key; to none at all where none is named.
    pub(super) async fn is_without(&self, user: &User, applications: &[String]) -> Result<bool, Error> {
        Ok(self.access(user, applications).await?.is_empty())
    }

    /// Takes the user out of the groups that give access, and then the roles that are the user's own.
    pub(super) async fn take_access(&self, user: &User, applications: &[String]) -> Result<(), Error> {
        let giving = self.giving(user, &self.access(user, applications).await?).await?;
        leave_all(self, user, &own_groups(user)?.intersection(&giving).collect::<Vec<_>>()).await?;
        for assignment in self.access(user, applications).await? {
            for assigned in assignment.role_assignments.iter().filter(|one| one.gives_access() && one.is_by("direct")) {
                self.revoke(user, &assigned.role, &assignment.resource_id).await?;
            }
        }
        match self.access(user, applications).await?.first() {
            None => Ok(()),
            Some(left) => {
                let message = format!("access to {} stays, by a role that follows from another", left.resource_id);
                Err(Error::Refused { status: 409, message })
            }
        }
    }

    /// The user's roles that give access to `applications`. One that is nowhere in the directory is refused: mostly it is
    /// misspelt.
    async fn access(&self, user: &User, applications: &[String]) -> Result<Vec<Assignment>, Error> {
        let directory = self.directory().await?;
        let call = |cursor: Option<&str>| {
            let call = self.call(Operation::ReadApplications, Method::GET, ROLES);
            let call = call.segment(&directory.id).user_segment(user.id.as_str());
            match cursor {
                Some(cursor) => call.query("cursor", cursor.to_owned()),
                None => call.query("limit", MOST.to_string()),
            }
        };
        let mut all: Vec<Assignment> = self.all("roles", call).await.map_err(missing_user)?;
        let owners: BTreeSet<&str> = all.iter().filter_map(|one| one.resource_owner.as_deref()).collect();
        for key in applications.iter().filter(|key| !owners.contains(key.as_str())) {
            self.check_application(key).await?;
        }
        let named = |key: &str| applications.is_empty() || applications.iter().any(|one| one == key);
        all.retain(|one| {
            one.resource_owner.as_deref().is_some_and(named) && one.role_assignments.iter().any(Assigned::gives_access)
        });
        Ok(all)
    }

    async fn check_application(&self, key: &str) -> Result<(), Error> {
        if self.applications.is_known(key) {
            return Ok(());
        }
        let asked = json!({ "resourceOwners": [key], "limit": 1 });
        let call = self.within(Operation::ReadApplications, Method::POST, super::groups::GROUPS).await?.body(asked);
        let found = self.http.send(call).await?.json::<super::pages::Page<super::groups::Group>>()?;
        if found.data.is_empty() {
            let message = format!("no group of the directory gives access to an application `{key}`; is it misspelt?");
            return Err(Error::Refused { status: 404, message });
        }
        self.applications.keep(key);
        Ok(())
    }

    /// The user's groups that give roles on the resources of `assignments`.
    async fn giving(&self, user: &User, assignments: &[Assignment]) -> Result<Groups, Error> {
        let by_groups = |one: &&Assignment| one.role_assignments.iter().any(|one| one.is_by("group_direct"));
        let ids: Vec<&str> = assignments.iter().filter(by_groups).map(|one| one.resource_id.as_str()).collect();
        let mut giving: BTreeSet<GroupName> = BTreeSet::new();
        for ids in ids.chunks(RESOURCES_AT_ONCE) {
            let asked = json!({ "accountIds": [user.id.as_str()], "resourceIds": ids, "limit": MOST });
            let found = self.search_groups(Operation::ReadApplications, asked, Some(&user.id)).await?;
            giving.extend(found.iter().map(super::groups::Group::name));
        }
        Ok(giving)
    }

    async fn revoke(&self, user: &User, role: &str, resource: &str) -> Result<(), Error> {
        let call = self.call(Operation::EditUser, Method::POST, REVOKE).user_segment(user.id.as_str());
        self.change(user, call.body(json!({ "role": role, "resource": resource }))).await?.done()
    }
}

fn missing_user(error: Error) -> Error {
    if matches!(error, Error::Refused { status: 404, .. }) { Error::NoSuchUser } else { error }
}
