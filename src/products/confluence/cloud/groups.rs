//! Groups of a Confluence Cloud site: they are changed by id, which is looked up by the name.

use std::collections::BTreeSet;

use async_trait::async_trait;
use reqwest::Method;

use super::{
    ConfluenceCloud,
    user::{Bean, Group},
};
use crate::{
    domain::{GroupName, UserId},
    products::{
        Error, MemberPage, User,
        administrators::{Administered, is_administrator},
        confluence::pages::{self, LIMIT, Linked},
        group_ids::Way,
        http::request::{Call, Operation},
        jira::picker::AT_MOST,
        leave_groups::Leaving,
        listing::records::Records,
    },
};

pub(super) const GROUPS: &str = "wiki/rest/api/group";
const PICKER: &str = "wiki/rest/api/group/picker";
const MEMBERSHIP: &str = "wiki/rest/api/group/userByGroupId";
const MEMBERS: &str = "wiki/rest/api/group/{groupId}/membersByGroupId";

impl ConfluenceCloud {
    /// Adds the user to the group or removes them. Confluence accepts it if that is so already.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Refused`] if there is no such group.
    pub(super) async fn move_member(&self, user: &User, group: &GroupName, way: Way) -> Result<(), Error> {
        let ask = |id: String| async move { self.ask_to_move(user, &id, way).await };
        self.group_ids.ask_by_id(group, self.find_group(group), ask).await
    }

    async fn ask_to_move(&self, user: &User, group_id: &str, way: Way) -> Result<(), Error> {
        let call = |operation, method| Call::new(operation, method, MEMBERSHIP).query("groupId", group_id.to_owned());
        match way {
            Way::In => {
                let call = call(Operation::AddToGroup, Method::POST).user_body("accountId", user.id.as_str());
                self.change(user, call).await.map_err(perhaps_full)?.done()
            }
            Way::Out => {
                let call = call(Operation::RemoveFromGroup, Method::DELETE).user_query("accountId", user.id.as_str());
                self.change(user, call).await?.done()
            }
        }
    }

    /// The id of the group, if there is one.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or the list does not end.
    pub(super) async fn find_group(&self, name: &GroupName) -> Result<Option<String>, Error> {
        let mut found = None;
        pages::walk(&self.http, like(name.as_str()), |groups: Records<Group>| {
            found = groups.read.into_iter().find(|group| GroupName::new(group.name.as_str()) == *name);
            found.is_none()
        })
        .await?;
        Ok(found.map(|group| group.id))
    }

    /// Some of the groups with `part` in their names.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or the list does not end.
    pub(super) async fn some_groups(&self, part: &str) -> Result<Vec<GroupName>, Error> {
        let mut found = Vec::new();
        pages::walk(&self.http, like(part), |groups: Records<Group>| {
            found.extend(groups.read.into_iter().map(|group| GroupName::new(group.name)));
            found.len() < AT_MOST
        })
        .await?;
        found.truncate(AT_MOST);
        Ok(found)
    }

    /// The id of the group; refused with 404 if there is none.
    async fn id_of(&self, group: &GroupName) -> Result<String, Error> {
        self.find_group(group).await?.ok_or_else(|| Error::no_such_group(group))
    }

    /// The page of a group's members that begins at `start`.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or the list goes round in circles; [`Error::Refused`] if there is no such group.
    pub(super) async fn member_page(&self, group: &GroupName, start: usize) -> Result<MemberPage, Error> {
        let id = self.id_of(group).await?;
        let page = self.http.send(members(&id)(start)).await?.json::<Linked<Bean>>()?;
        pages::member_page(page, start, |bean| bean.into_user().ok().map(|user| user.id))
    }

    /// Whether usher's account is in a group that may change users and groups.
    ///
    /// # Errors
    /// [`Error`] if a call fails.
    pub(super) async fn administers(&self) -> Result<bool, Error> {
        let myself = self.current(Operation::ReadMyself).await?.id;
        let own = self.groups_of(Operation::ReadRights, &myself).await?;
        let page = |start: usize| {
            Call::new(Operation::ReadRights, Method::GET, GROUPS)
                .query("accessType", "site-admin")
                .query("start", start.to_string())
                .query("limit", LIMIT.to_string())
        };
        let administering = pages::all::<Group>(&self.http, page).await?;
        Ok(administering.read.iter().any(|group| own.read.iter().any(|one| one.id == group.id)))
    }
}

#[async_trait]
impl Administered for ConfluenceCloud {
    /// The members who may do anything here, since Confluence does not report whether an account is active.
    async fn add_administrators(&self, group: &GroupName, found: &mut BTreeSet<UserId>) -> Result<(), Error> {
        // Only a search that succeeds shows that there is no such group. Who is in a group that is skipped counts as no administrator.
        let id = match self.find_group(group).await {
            Err(Error::Refused { status: 404, message }) => return Err(Error::Unreadable(message)),
            found => found?.ok_or_else(|| Error::no_such_group(group))?,
        };
        let beans = pages::all::<Bean>(&self.http, members(&id)).await?.whole(&format!("members of `{group}`"))?;
        let active = beans.into_iter().filter(|bean| !bean.may_do_nothing());
        let users = active.filter_map(|bean| bean.into_user().ok());
        found.extend(users.filter(is_administrator).map(|user| user.id));
        Ok(())
    }
}

fn like<'a>(part: &'a str) -> impl Fn(usize) -> Call<'a> {
    move |start| {
        Call::new(Operation::FindGroup, Method::GET, PICKER)
            .query("query", part)
            .query("start", start.to_string())
            .query("limit", LIMIT.to_string())
    }
}

fn members<'a>(group_id: &'a str) -> impl Fn(usize) -> Call<'a> {
    move |start| {
        Call::new(Operation::ListMembers, Method::GET, MEMBERS)
            .segment(group_id)
            .query("start", start.to_string())
            .query("limit", LIMIT.to_string())
            .query("expand", "operations")
    }
}

/// Adds a hint to the error: without a free licence, Confluence Cloud answers 500 as for any other trouble
/// (CONFCLOUD-84635). The call is repeated as usual, so the reader of the last error should know.
fn perhaps_full(error: Error) -> Error {
    match error {
        Error::Unavailable { status: status @ 500, message, retry_after } => {
            let message = format!("{message}; it answers so, too, where no licence is free");
            Error::Unavailable { status, message, retry_after }
        }
        other => other,
    }
}

#[async_trait]
impl Leaving for ConfluenceCloud {
    const TELLS: bool = false;

    async fn leave(&self, user: &User, group: &GroupName) -> Result<(), Error> {
        self.move_member(user, group, Way::Out).await
    }
}
