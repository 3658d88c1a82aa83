//! The administrators of the organisation: holders of an administrator's role, and members of the administrators'
//! groups.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    AtlassianOrg,
    groups::Group,
    users::{
        pages::{MOST, body},
        user::{ADMINISTERING, Bean, ORG_ADMIN, USERS},
    },
};
use crate::{
    domain::{GroupName, UserId},
    products::{Error, administrators::is_administrator, http::request::Operation},
};

/// A search takes no more groups at once.
const GROUPS_AT_ONCE: usize = 10;

impl AtlassianOrg {
    /// The active people among them. There may be no such groups: there always is an organisation admin.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or some of the records can't be read.
    pub(super) async fn all_administrators(&self) -> Result<BTreeSet<UserId>, Error> {
        let mut found = self.active_people(json!({ "roleIds": ADMINISTERING })).await?;
        let ids = self.admin_group_ids().await?;
        for ids in ids.chunks(GROUPS_AT_ONCE) {
            found.extend(self.active_people(json!({ "groupIds": ids })).await?);
        }
        Ok(found)
    }

    /// The administrators who can replace `user`: for an organisation admin only other organisation admins, because
    /// nobody else can give that role.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or some of the records can't be read.
    pub(super) async fn administrators_beside(&self, user: &UserId) -> Result<BTreeSet<UserId>, Error> {
        let org_admins = self.active_people(json!({ "roleIds": [ORG_ADMIN] })).await?;
        if org_admins.contains(user) { Ok(org_admins) } else { self.all_administrators().await }
    }

    async fn admin_group_ids(&self) -> Result<Vec<String>, Error> {
        let groups = self.admin_groups.get();
        let names: Vec<&str> = groups.iter().map(GroupName::as_str).collect();
        let mut ids = Vec::new();
        for names in names.chunks(MOST) {
            let asked = json!({ "groupNames": names, "limit": MOST });
            let found: Vec<Group> = self.search_groups(Operation::FindGroup, asked, None).await?.whole("groups")?;
            ids.extend(found.into_iter().map(|group| group.id));
        }
        Ok(ids)
    }

    async fn active_people(&self, mut asked: Value) -> Result<BTreeSet<UserId>, Error> {
        asked["limit"] = MOST.into();
        let directory = self.directory().await?;
        let call = |cursor: Option<&str>| {
            self.call(Operation::ListMembers, Method::POST, USERS).segment(&directory.id).body(body(&asked, cursor))
        };
        // Nobody is taken for no administrator, or for the last one, by a list of which some can't be read.
        let beans: Vec<Bean> = self.all("administrators", call).await?.whole("administrators")?;
        let users = beans.into_iter().filter(|bean| !bean.is_gone()).map(Bean::into_user);
        Ok(users.filter(is_administrator).map(|user| user.id).collect())
    }
}
