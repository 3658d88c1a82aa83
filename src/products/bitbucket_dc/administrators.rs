//! The administrators of a Bitbucket.

use std::collections::BTreeSet;

use super::{BitbucketDc, MEMBERS, access::PermittedGroup, pages::List, user::Bean};
use crate::{
    domain::{GroupName, UserId},
    products::{Error, MemberPage, User, administrators::is_administrator, http::request::Operation, listing::Next},
};

impl BitbucketDc {
    /// The active people with an administrator's permission, by a group or their own, and those in the configured
    /// groups. If there is nobody at all, usher does not guess.
    ///
    /// # Errors
    /// [`Error`] if a call fails, or some of the records can't be read; [`Error::Refused`] if there is no administrator
    /// at all.
    pub(super) async fn find_administrators(&self) -> Result<BTreeSet<UserId>, Error> {
        let permitted = self.permitted_groups().await?;
        let administering = permitted.into_iter().filter(|one| one.permission.administers());
        let name = |one: PermittedGroup| GroupName::new(one.group.name);
        let groups: BTreeSet<GroupName> =
            administering.map(name).chain(self.admin_groups.get().iter().cloned()).collect();
        let mut found = BTreeSet::new();
        for group in &groups {
            found.extend(self.members(group).await?.into_iter().filter_map(administrator));
        }
        let holders = self.permitted_users().await?.into_iter().filter(|one| one.permission.administers());
        found.extend(holders.filter_map(|one| administrator(one.user)));
        if found.is_empty() {
            let names: Vec<&str> = groups.iter().map(GroupName::as_str).collect();
            let message = format!("nobody is in any of the administrators' groups: {}", names.join(", "));
            return Err(Error::Refused { status: 404, message });
        }
        Ok(found)
    }

    /// The administrators, if `user` is one of them by the present permissions; otherwise nobody. Then it takes two
    /// calls, whatever number of users has permissions.
    ///
    /// # Errors
    /// As [`BitbucketDc::find_administrators`].
    pub(super) async fn administrators_beside(&self, user: &User) -> Result<BTreeSet<UserId>, Error> {
        let administers = match self.administers_now(user).await {
            // Where usher's account may not know, it may change nothing either.
            Err(Error::Unauthorized { status: 401 | 403, .. }) => false,
            told => user.administers == Some(true) || told?,
        };
        if administers { self.find_administrators().await } else { Ok(BTreeSet::new()) }
    }

    /// The page of a group's members that begins at `start`. It is not documented whether it contains inactive members.
    ///
    /// # Errors
    /// [`Error`] if the call fails, or the list goes round in circles.
    pub(super) async fn member_page(&self, group: &GroupName, start: usize) -> Result<MemberPage, Error> {
        let list = List::of(Operation::ListMembers, MEMBERS).other("context", group.as_str());
        let start = start as u64;
        let (page, _) = list.page::<Bean>(self, start).await?;
        let next = page.next(start)?.and_then(|next| usize::try_from(next).ok());
        let all_readable = page.values.unreadable == 0 && page.says(start)? != Next::Silent;
        let users = page.values.read.into_iter().map(|bean| bean.into_user().id).collect();
        Ok(MemberPage { users, next, total: None, all_readable, inactive_too: false })
    }

    /// The members of a group; none if the group does not exist.
    async fn members(&self, group: &GroupName) -> Result<Vec<Bean>, Error> {
        let list = List::of(Operation::ListMembers, MEMBERS).other("context", group.as_str());
        match list.all(self).await {
            Err(Error::Refused { status: 404, .. }) => Ok(Vec::new()),
            // Nobody is taken for no administrator, or for the last one, by a list of which some can't be read.
            members => members?.whole(&format!("members of `{group}`")),
        }
    }
}

/// The id of a user who counts as an administrator.
fn administrator(bean: Bean) -> Option<UserId> {
    Some(bean.into_user()).filter(is_administrator).map(|user| user.id)
}
