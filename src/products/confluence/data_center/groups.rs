//! Groups of a Confluence: whether they are there, and who is in those that administer it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use reqwest::Method;

use super::{ConfluenceDc, user::Bean};
use crate::{
    domain::{Capability, GroupName, Product, UserId},
    products::{
        Error, MemberPage,
        administrators::{Administered, ENOUGH, is_administrator},
        confluence::pages::{self, LIMIT, Linked},
        http::{
            answer,
            request::{Call, Operation},
        },
        jira::picker::AT_MOST,
        listing::records::{NamedGroup, Records},
    },
};

pub(super) const GROUPS: &str = "rest/api/group";
const GROUP: &str = "rest/api/group/{groupName}";
const MEMBERS: &str = "rest/api/group/{groupName}/member";

/// There is no search for groups: more of them than these pages hold are not looked through.
const PAGES: usize = 25;

impl ConfluenceDc {
    /// Whether there is such a group.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or the list of groups does not end.
    pub(super) async fn has_group(&self, group: &GroupName) -> Result<bool, Error> {
        if Product::ConfluenceDc.takes_group(group) != Capability::Yes {
            return self.lists_group(group).await;
        }
        let call = Call::new(Operation::FindGroup, Method::GET, GROUP).segment(group.as_str());
        answer::is_there::<NamedGroup>(self.http.send(call).await)
    }

    /// Whether there is such a group, by reading all groups: its name can't be in a path.
    async fn lists_group(&self, group: &GroupName) -> Result<bool, Error> {
        let mut is_there = false;
        pages::walk(&self.http, all_groups, |groups: Records<NamedGroup>| {
            is_there = groups.read.iter().any(|one| GroupName::new(one.name.as_str()) == *group);
            !is_there
        })
        .await?;
        Ok(is_there)
    }

    /// Some of the groups with `part` in their names.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or the list does not end.
    pub(super) async fn some_groups(&self, part: &str) -> Result<Vec<GroupName>, Error> {
        let (part, mut found, mut pages) = (part.to_lowercase(), Vec::new(), 0);
        pages::walk(&self.http, all_groups, |groups: Records<NamedGroup>| {
            pages += 1;
            found
                .extend(groups.read.into_iter().map(|one| one.name).filter(|name| name.to_lowercase().contains(&part)));
            found.len() < AT_MOST && pages < PAGES
        })
        .await?;
        found.truncate(AT_MOST);
        Ok(found.into_iter().map(GroupName::new).collect())
    }

    /// The page of a group's members that begins at `start`.
    ///
    /// # Errors
    /// [`Error`] if the call fails, or the list goes round in circles.
    pub(super) async fn member_page(&self, group: &GroupName, start: usize) -> Result<MemberPage, Error> {
        let call = members(Operation::ListMembers, group, start, LIMIT).query("expand", "status");
        let page = self.http.send(call).await?.json::<Linked<Bean>>()?;
        pages::member_page(page, start, |bean| bean.into_user().ok().map(|user| user.id))
    }

    /// Whether usher's account administers this Confluence. It reads the members of a group, which only administrators
    /// may read; `None` if none of the administrators' groups exists, so that it is unknown.
    ///
    /// # Errors
    /// [`Error`] if a call fails for another reason than missing rights or a missing group.
    pub(super) async fn administers(&self) -> Result<Option<bool>, Error> {
        let groups = self.admin_groups.get();
        for group in groups.iter() {
            match self.http.send(members(Operation::ReadRights, group, 0, 1)).await {
                Ok(answer) => return answer.json::<Linked<Bean>>().map(|_| Some(true)),
                Err(Error::Unauthorized { status: 403, .. }) => return Ok(Some(false)),
                Err(Error::Refused { status: 404, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl Administered for ConfluenceDc {
    async fn add_administrators(&self, group: &GroupName, found: &mut BTreeSet<UserId>) -> Result<(), Error> {
        let page = |start: usize| members(Operation::ListMembers, group, start, LIMIT).query("expand", "status");
        let mut whole = Ok(());
        pages::walk(&self.http, page, |members: Records<Bean>| {
            match members.whole(&format!("members of `{group}`")) {
                Ok(members) => {
                    let members = members.into_iter().filter_map(|bean| bean.into_user().ok());
                    found.extend(members.filter(is_administrator).map(|member| member.id));
                }
                Err(error) => whole = Err(error),
            }
            whole.is_ok() && found.len() < ENOUGH
        })
        .await?;
        whole
    }
}

fn all_groups<'a>(start: usize) -> Call<'a> {
    Call::new(Operation::FindGroup, Method::GET, GROUPS)
        .query("start", start.to_string())
        .query("limit", LIMIT.to_string())
}

fn members(operation: Operation, group: &GroupName, start: usize, limit: usize) -> Call<'_> {
    Call::new(operation, Method::GET, MEMBERS)
        .segment(group.as_str())
        .query("start", start.to_string())
        .query("limit", limit.to_string())
}
