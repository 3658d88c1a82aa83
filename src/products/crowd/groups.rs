//! Groups: those of a user, whether there is one, which have a part in their names, and who administers.

use std::collections::BTreeSet;

use reqwest::Method;

use super::{
    ALL_MEMBERS, Crowd, GROUP, SEARCH, USER_GROUPS,
    list::{self, List, Users},
};
use crate::{
    domain::{GroupName, Groups, UserId},
    products::{
        Error,
        http::request::{Call, Operation},
    },
};

/// The highest number of groups in an answer.
const AT_MOST: usize = 100;

impl Crowd {
    /// The groups that the user is a direct member of; none if some can't be read.
    pub(super) async fn groups_of(&self, name: &str) -> Result<Option<Groups>, Error> {
        let call = || Call::new(Operation::ReadUserGroups, Method::GET, USER_GROUPS).user_query("username", name);
        match self.whole::<list::Groups>(call).await {
            Ok(groups) if groups.unreadable > 0 => Ok(None),
            Ok(groups) => Ok(Some(groups.read.into_iter().map(|group| GroupName::new(group.name)).collect())),
            Err(Error::Refused { status: 404, .. }) => Err(Error::NoSuchUser), // gone or renamed meanwhile
            Err(error) => Err(error),
        }
    }

    pub(super) async fn has_group(&self, group: &GroupName) -> Result<bool, Error> {
        let call = Call::new(Operation::FindGroup, Method::GET, GROUP).query("groupname", group.as_str());
        match self.send(call).await {
            Ok(answer) => answer.json::<list::Group>().map(|_| true),
            Err(Error::Refused { status: 404, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Finds groups by Crowd's query language, in which an asterisk matches anything. Its quoting of quotes and
    /// backslashes is not documented, so they are replaced by asterisks and checked here.
    pub(super) async fn find_groups(&self, part: &str) -> Result<Vec<GroupName>, Error> {
        let open = part.replace(['"', '\\', '*'], "*");
        let call = Call::new(Operation::FindGroup, Method::GET, SEARCH)
            .query("entity-type", "group")
            .query("restriction", format!("name = \"*{open}*\""))
            .query("start-index", "0")
            .query("max-results", AT_MOST.to_string());
        let found = self.send(call).await?.json::<list::Groups>()?.all()?;
        let wanted = part.to_lowercase();
        let names = found.read.into_iter().map(|group| group.name).filter(|name| name.to_lowercase().contains(&wanted));
        Ok(names.take(AT_MOST).map(GroupName::new).collect())
    }

    /// The active members of the administrators' groups, nested ones included. A missing group is skipped, as long as
    /// one exists.
    pub(super) async fn find_administrators(&self) -> Result<BTreeSet<UserId>, Error> {
        let (mut found, mut there) = (BTreeSet::new(), false);
        let groups = self.admin_groups.get();
        for group in groups.iter() {
            let call = || {
                Call::new(Operation::ListMembers, Method::GET, ALL_MEMBERS)
                    .query("groupname", group.as_str())
                    .query("expand", "user")
            };
            match self.whole::<Users>(call).await {
                Ok(members) => {
                    there = true;
                    // Nobody is taken for no administrator, or for the last one, by a list of which some can't be read.
                    let members = members.whole(&format!("members of `{group}`"))?;
                    let users = members.into_iter().map(super::user::Bean::into_user);
                    found.extend(users.filter(|user| user.active != Some(false)).map(|user| user.id));
                }
                Err(Error::Refused { status: 404, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if there {
            return Ok(found);
        }
        let names: Vec<&str> = groups.iter().map(GroupName::as_str).collect();
        let message = format!("none of the administrators' groups is there: {}", names.join(", "));
        Err(Error::Refused { status: 404, message })
    }
}
