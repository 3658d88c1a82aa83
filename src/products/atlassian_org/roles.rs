//! The roles of a user on products and sites, and how they came by them.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::{AtlassianOrg, users::pages::MOST};
use crate::products::{Error, User, http::request::Operation, listing::records::Record};

const ROLES: &str = "admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/role-assignments";
const REVOKE: &str = "admin/v1/orgs/{orgId}/users/{userId}/roles/revoke";

/// The roles on an application that don't give access to it.
const WITHOUT_ACCESS: [&str; 4] =
    ["atlassian/user-access-admin", "atlassian/site-admin", "atlassian/org-admin", "atlassian/ai-access"];

/// The roles of a user on one resource: a product on a site.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Assignment {
    pub resource_id: String,
    /// The key of the application.
    pub resource_owner: Option<String>,
    directory_id: Option<String>,
    user_directory_status: Option<String>,
    #[serde(default)]
    role_assignments: Vec<Assigned>,
}

/// One role, with its assignments.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Assigned {
    pub role: String,
    #[serde(default)]
    role_assignment_methods: Vec<Way>,
}

/// The kind of an assignment.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    /// The role was given to the user.
    Direct,
    /// The role was given to a group that the user is in.
    GroupDirect,
    /// The role follows from another role, or in a way that is not known here.
    #[serde(other)]
    Inferred,
}

impl Record for Assignment {
    const KIND: &'static str = "role";
    const NEEDED: &'static [&'static str] = &["resourceId", "roleAssignments", "resourceOwner"];
}

impl Assignment {
    /// The roles that let the user in.
    pub fn access(&self) -> impl Iterator<Item = &Assigned> {
        self.role_assignments.iter().filter(|one| !WITHOUT_ACCESS.contains(&one.role.as_str()))
    }
}

impl Assigned {
    /// Whether it was given in this way, perhaps among others.
    pub fn is_by(&self, way: Way) -> bool {
        self.role_assignment_methods.contains(&way)
    }

    /// Whether it can be taken neither from a group nor from the user.
    pub fn is_out_of_reach(&self) -> bool {
        !self.is_by(Way::Direct) && !self.is_by(Way::GroupDirect)
    }
}

impl AtlassianOrg {
    /// All roles of the user, given in whatever way.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or some roles can't be read; [`Error::NoSuchUser`] if there is no such user.
    pub(super) async fn roles(&self, user: &str) -> Result<Vec<Assignment>, Error> {
        let directory = self.directory().await?;
        let call = |cursor: Option<&str>| {
            let call = self.call(Operation::ReadApplications, Method::GET, ROLES);
            let call = call.segment(&directory.id).user_segment(user);
            match cursor {
                Some(cursor) => call.query("cursor", cursor.to_owned()),
                None => call.query("limit", MOST.to_string()),
            }
        };
        self.all("roles", call).await.map_err(Error::of_user)?.whole("roles")
    }

    /// Whether the user is active or suspended in this directory, by their roles; none if they have none.
    ///
    /// # Errors
    /// As [`AtlassianOrg::roles`].
    pub(super) async fn status_here(&self, user: &str) -> Result<Option<String>, Error> {
        let directory = self.directory().await?;
        let all = self.roles(user).await?;
        let here = all.into_iter().find(|one| one.directory_id.as_deref() == Some(directory.id.as_str()));
        Ok(here.and_then(|one| one.user_directory_status))
    }

    /// Takes a role that was given to the user alone.
    ///
    /// # Errors
    /// As [`AtlassianOrg::change`].
    pub(super) async fn revoke(&self, user: &User, role: &str, resource: &str) -> Result<(), Error> {
        let call = self.call(Operation::RevokeRole, Method::POST, REVOKE).user_segment(user.id.as_str());
        self.change(user, call.body(json!({ "role": role, "resource": resource }))).await?.done()
    }
}
