//! Groups of the directory and who is in them. Changed by the group's id, which is looked up by its name.

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    AtlassianOrg,
    users::pages::{MOST, body},
};
use crate::{
    domain::{GroupName, UserId},
    products::{
        Error, ManagedBy, PickedGroup, User,
        group_ids::Way,
        http::request::Operation,
        leave_groups::Leaving,
        listing::records::{Record, Records},
    },
};

pub(super) const GROUPS: &str = "admin/v2/orgs/{orgId}/directories/{directoryId}/groups/search";
const MEMBERS: &str = "admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships";
const MEMBER: &str = "admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships/{accountId}";

/// A group, as searches find it.
#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    pub id: String,
    name: String,
    managed_by: Option<String>,
    external_synced: Option<bool>,
}

impl Record for Group {
    const KIND: &'static str = "group";
    const NEEDED: &'static [&'static str] = &["id", "name"];
}

impl Group {
    pub(super) fn name(&self) -> GroupName {
        GroupName::new(self.name.as_str())
    }

    /// Whether the group comes from an identity provider, and can only be changed there.
    fn is_synced(&self) -> bool {
        self.external_synced == Some(true) || self.managed_by.as_deref() == Some("external")
    }
}

impl AtlassianOrg {
    /// All groups that a search finds; `user` is the user in it, if there is one.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Unreadable`] if the list does not end, or nothing on a page can be read.
    pub(super) async fn search_groups(
        &self,
        operation: Operation,
        asked: Value,
        user: Option<&UserId>,
    ) -> Result<Records<Group>, Error> {
        let directory = self.directory().await?;
        let call = |cursor: Option<&str>| {
            let call = self.call(operation, Method::POST, GROUPS).segment(&directory.id).body(body(&asked, cursor));
            match user {
                Some(user) => call.about(user.as_str()),
                None => call,
            }
        };
        self.all("groups", call).await
    }

    /// Every group of the directory that the user is in. They are searched separately, because the user's own record
    /// does not say whether its list is complete.
    ///
    /// # Errors
    /// As [`AtlassianOrg::search_groups`].
    pub(super) async fn groups_of(&self, id: &UserId) -> Result<Records<Group>, Error> {
        let asked = json!({ "accountIds": [id.as_str()], "limit": MOST });
        self.search_groups(Operation::ReadUserGroups, asked, Some(id)).await
    }

    /// The group of that name, if there is one.
    ///
    /// # Errors
    /// As [`AtlassianOrg::search_groups`].
    pub(super) async fn find_group(&self, name: &GroupName) -> Result<Option<Group>, Error> {
        let asked = json!({ "groupNames": [name.as_str()], "limit": MOST });
        let found = self.search_groups(Operation::FindGroup, asked, None).await?;
        Ok(found.read.into_iter().find(|group| group.name() == *name))
    }

    /// Puts the user into the group or takes them out of it.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Refused`] if there is no such group, it comes from an identity provider, or
    /// the user is not in the directory.
    pub(super) async fn move_member(&self, user: &User, name: &GroupName, way: Way) -> Result<(), Error> {
        let known = self.group_ids.get(name);
        if let Some(id) = &known {
            match self.ask_to_move(user, id, way).await {
                // Not carried out: the group may have been deleted and made anew since, or comes from elsewhere.
                Err(Error::Refused { status: 403 | 404, .. }) => self.group_ids.forget(name),
                done => return done,
            }
        }
        let group = self.find_group(name).await?.ok_or_else(|| Error::no_such_group(name))?;
        if group.is_synced() {
            let message = format!("the group `{name}` comes from your identity provider; change its members there");
            return Err(Error::Refused { status: 403, message });
        }
        self.group_ids.keep(name, &group.id);
        match self.ask_to_move(user, &group.id, way).await {
            Err(Error::Refused { status: status @ 404, .. }) => {
                let message = "the group is there, but the user is not in the directory; invite them first".to_owned();
                Err(Error::Refused { status, message })
            }
            done => done,
        }
    }

    async fn ask_to_move(&self, user: &User, group_id: &str, way: Way) -> Result<(), Error> {
        let id = user.id.as_str();
        let call = match way {
            Way::In => self
                .within(Operation::AddToGroup, Method::POST, MEMBERS)
                .await?
                .segment(group_id)
                .user_body("accountId", id),
            Way::Out => self
                .within(Operation::RemoveFromGroup, Method::DELETE, MEMBER)
                .await?
                .segment(group_id)
                .user_segment(id),
        };
        self.change(user, call).await?.done()
    }

    /// Some groups that have `part` in their names.
    ///
    /// # Errors
    /// [`Error`] if a call fails.
    pub(super) async fn groups_with(&self, part: &str) -> Result<Vec<GroupName>, Error> {
        Ok(self.some_groups(part).await?.iter().map(Group::name).collect())
    }

    /// The same, with who manages them.
    ///
    /// # Errors
    /// As [`AtlassianOrg::groups_with`].
    pub(super) async fn pick(&self, part: &str) -> Result<Vec<PickedGroup>, Error> {
        let managed_by = |group: &Group| match group.is_synced() {
            true => ManagedBy::IdentityProvider,
            false => ManagedBy::Product,
        };
        let picked = |group: &Group| PickedGroup { name: group.name(), managed_by: Some(managed_by(group)) };
        Ok(self.some_groups(part).await?.iter().map(picked).collect())
    }

    async fn some_groups(&self, part: &str) -> Result<Vec<Group>, Error> {
        let asked = json!({ "searchTerm": part, "limit": MOST });
        let call = self.within(Operation::FindGroup, Method::POST, GROUPS).await?.body(asked);
        let page = self.http.send(call).await?.json::<super::users::pages::Page<Group>>()?;
        Ok(page.data.read)
    }
}

#[async_trait]
impl Leaving for AtlassianOrg {
    async fn leave(&self, user: &User, group: &GroupName) -> Result<(), Error> {
        self.move_member(user, group, Way::Out).await
    }
}
