//! Memberships in Cloud: changed by the group's id, which is looked up by its name.

use std::collections::BTreeSet;

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;

use super::{GROUPS, JiraCloud, MEMBERSHIP};
use crate::{
    domain::GroupName,
    products::{
        Error, User,
        group_ids::Way,
        http::request::{Call, Operation},
        jira::user_json::Group,
        leave_groups::Leaving,
        listing::records::Records,
    },
};

impl JiraCloud {
    /// Puts the user into the group or takes them out of it.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Refused`] if there is no such group.
    pub(super) async fn move_member(&self, user: &User, group: &GroupName, way: Way) -> Result<(), Error> {
        let ask = |id: String| async move { self.ask_to_move(user, &id, way).await };
        self.group_ids.ask_by_id(group, self.find_group(group), ask).await
    }

    async fn ask_to_move(&self, user: &User, group_id: &str, way: Way) -> Result<(), Error> {
        let (operation, method) = match way {
            Way::In => (Operation::AddToGroup, Method::POST),
            Way::Out => (Operation::RemoveFromGroup, Method::DELETE),
        };
        let call = Call::new(operation, method, MEMBERSHIP).query("groupId", group_id);
        let call = match way {
            Way::In => call.user_body("accountId", user.id.as_str()),
            Way::Out => call.user_query("accountId", user.id.as_str()),
        };
        let answer = self.change(user, call).await?;
        match way {
            Way::In => answer.json::<Group>().map(drop),
            Way::Out => answer.done(),
        }
    }

    /// The id of the group, if there is one.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    pub(super) async fn find_group(&self, name: &GroupName) -> Result<Option<String>, Error> {
        let call = Call::new(Operation::FindGroup, Method::GET, GROUPS).query("groupName", name.as_str());
        let page = self.http.send(call).await?.json::<GroupPage>()?;
        let found = page.values.read.into_iter().find(|group| GroupName::new(group.name.as_str()) == *name);
        Ok(found.and_then(|group| group.group_id))
    }

    /// The ids of the groups whose members may change users and groups.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    pub(super) async fn site_admin_groups(&self) -> Result<BTreeSet<String>, Error> {
        let call = Call::new(Operation::ReadRights, Method::GET, GROUPS).query("accessType", "site-admin");
        let page = self.http.send(call).await?.json::<GroupPage>()?;
        Ok(page.values.read.into_iter().filter_map(|group| group.group_id).collect())
    }
}

#[derive(Deserialize)]
struct GroupPage {
    values: Records<Group>,
}

#[async_trait]
impl Leaving for JiraCloud {
    async fn leave(&self, user: &User, group: &GroupName) -> Result<(), Error> {
        self.move_member(user, group, Way::Out).await
    }
}
