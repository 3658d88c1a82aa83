//! Groups: those of a user, whether there is one, which have a part in their names, and who administers.

use std::collections::BTreeSet;

use async_trait::async_trait;
use reqwest::Method;

use super::{
    ALL_MEMBERS, Crowd, GROUP, SEARCH, USER_GROUPS,
    list::{self, List, Users},
    user::Bean,
};
use crate::{
    domain::{GroupName, Groups, UserId},
    products::{
        Error,
        administrators::{Administered, is_administrator},
        http::{
            answer,
            request::{Call, Operation},
        },
        listing::records::NamedGroup,
    },
};

/// The highest number of groups in an answer.
const AT_MOST: usize = 100;

impl Crowd {
    /// The groups that the user is a direct member of; none if some can't be read.
    ///
    /// # Errors
    /// As [`Crowd::whole`]; [`Error::NoSuchUser`] if the user is gone or renamed.
    pub(super) async fn groups_of(&self, name: &str) -> Result<Option<Groups>, Error> {
        let call = || Call::new(Operation::ReadUserGroups, Method::GET, USER_GROUPS).user_query("username", name);
        let groups = self.whole::<list::Groups>(call).await.map_err(Error::of_user)?; // gone or renamed meanwhile
        Ok(groups.all_groups())
    }

    /// Whether there is such a group.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    pub(super) async fn has_group(&self, group: &GroupName) -> Result<bool, Error> {
        let call = Call::new(Operation::FindGroup, Method::GET, GROUP).query("groupname", group.as_str());
        answer::is_there::<NamedGroup>(self.send(call).await)
    }

    /// Finds one group, whichever it is.
    ///
    /// # Errors
    /// [`Error`] if the call fails; [`Error::Intercepted`] if the answer has no list.
    pub(super) async fn finds_groups(&self) -> Result<(), Error> {
        let call = Call::new(Operation::ReadRights, Method::GET, SEARCH)
            .query("entity-type", "group")
            .query("restriction", named_with(""))
            .query("start-index", "0")
            .query("max-results", "1");
        let answer = self.send(call).await?;
        answer.json::<list::Groups>()?.all().map(drop).map_err(|_| answer.of_other_form())
    }

    /// Finds groups with `part` in their names.
    ///
    /// # Errors
    /// [`Error`] if the call fails; [`Error::Unreadable`] if the answer has no list.
    pub(super) async fn find_groups(&self, part: &str) -> Result<Vec<GroupName>, Error> {
        let call = Call::new(Operation::FindGroup, Method::GET, SEARCH)
            .query("entity-type", "group")
            .query("restriction", named_with(part))
            .query("start-index", "0")
            .query("max-results", AT_MOST.to_string());
        let found = self.send(call).await?.json::<list::Groups>()?.all()?;
        let wanted = part.to_lowercase();
        let names = found.read.into_iter().map(|group| group.name).filter(|name| name.to_lowercase().contains(&wanted));
        Ok(names.take(AT_MOST).map(GroupName::new).collect())
    }
}

/// The names with `part` in them, in Crowd's query language, in which an asterisk matches anything. Its quoting of quotes
/// and backslashes is not documented, so they are replaced by asterisks; the answer is checked.
fn named_with(part: &str) -> String {
    let open = part.replace(['"', '\\', '*'], "*");
    format!("name = \"*{open}*\"")
}

#[async_trait]
impl Administered for Crowd {
    /// Nested groups are included.
    async fn add_administrators(&self, group: &GroupName, found: &mut BTreeSet<UserId>) -> Result<(), Error> {
        let call = || {
            Call::new(Operation::ListMembers, Method::GET, ALL_MEMBERS)
                .query("groupname", group.as_str())
                .query("expand", "user")
        };
        // Nobody is taken for no administrator, or for the last one, by a list of which some can't be read.
        let members = self.whole::<Users>(call).await?.whole(&format!("members of `{group}`"))?;
        found.extend(members.into_iter().map(Bean::into_user).filter(is_administrator).map(|user| user.id));
        Ok(())
    }
}
