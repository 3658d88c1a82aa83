//! The administrators of a source: the active people in its administrators' groups.

use std::collections::BTreeSet;

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;

use super::{
    Error, User,
    http::{
        Http,
        request::{Call, Operation},
    },
    listing::records::{Record, Records},
};
use crate::domain::{AccountType, GroupName, UserId};

/// The page size of Cloud; Data Center gives no more either.
const PAGE: usize = 50;

/// The number of administrators after which reading stops. It is several times the highest
/// `protect.last_administrators`. A group of all users may have a million members, on 20,000 pages.
pub(super) const ENOUGH: usize = 5_000;

/// A list with more pages is none of administrators: of each page less than one member in ten was an active person.
const MOST_PAGES: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "B: Record")]
struct Page<B> {
    values: Records<B>,
    is_last: Option<bool>,
}

/// A product that lists the members of one group at a time.
#[async_trait]
pub(super) trait Administered: Sync {
    /// Adds the active people in `group`; 404 if there is no such group.
    async fn add_administrators(&self, group: &GroupName, found: &mut BTreeSet<UserId>) -> Result<(), Error>;

    /// The active people in any of `groups`, or [`ENOUGH`] of them. A missing group is skipped, as long as one exists: usher
    /// does not guess.
    async fn administrators_in(&self, groups: &[GroupName]) -> Result<BTreeSet<UserId>, Error> {
        let (mut found, mut there) = (BTreeSet::new(), false);
        for group in groups {
            if found.len() >= ENOUGH {
                break;
            }
            match self.add_administrators(group, &mut found).await {
                Ok(()) => there = true,
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

/// The groups of a Jira, with nested ones: `path` lists their members, and `user` reads one.
pub(super) struct JiraGroups<'a, B> {
    pub http: &'a Http,
    pub path: &'static str,
    pub user: fn(B) -> Option<User>,
}

#[async_trait]
impl<B: Record + Send> Administered for JiraGroups<'_, B> {
    async fn add_administrators(&self, group: &GroupName, found: &mut BTreeSet<UserId>) -> Result<(), Error> {
        let (mut start, mut before) = (0, None);
        for _ in 0..MOST_PAGES {
            let call = Call::new(Operation::ListMembers, Method::GET, self.path)
                .query("groupname", group.as_str())
                .query("includeInactiveUsers", "false")
                .query("startAt", start.to_string())
                .query("maxResults", PAGE.to_string());
            let page = self.http.send(call).await?.json::<Page<B>>()?;
            let given = page.values.given();
            self.http.passed_over(B::KIND, page.values.unreadable);
            // Nobody is taken for no administrator, or for the last one, by a list of which some can't be read.
            let members = page.values.whole(&format!("members of `{group}`"))?;
            let members: Vec<User> = members.into_iter().filter_map(self.user).collect();
            let ids: Vec<UserId> = members.iter().map(|member| member.id.clone()).collect();
            found.extend(members.into_iter().filter(is_administrator).map(|member| member.id));
            if given == 0 && page.is_last == Some(false) {
                return Err(Error::Unreadable(format!("the list of members of `{group}` does not go on")));
            }
            if given == 0 || page.is_last == Some(true) || found.len() >= ENOUGH {
                return Ok(());
            }
            if before.as_ref() == Some(&ids) {
                if page.is_last.is_none() && given < PAGE {
                    return Ok(()); // the offset is not heeded, and all members stand on one page
                }
                return Err(Error::Unreadable(format!("the list of members of `{group}` does not go on")));
            }
            (start, before) = (start + given, Some(ids));
        }
        Err(Error::Unreadable(format!("the list of members of `{group}` has more than {MOST_PAGES} pages")))
    }
}

/// `administrators`, and also `user` if there were too many to read them all. A user who may be an administrator is
/// treated as one, so that nothing is done to them that is never done to an administrator.
pub(super) fn and_in_doubt(mut administrators: BTreeSet<UserId>, user: &User) -> BTreeSet<UserId> {
    if administrators.len() >= ENOUGH {
        administrators.insert(user.id.clone());
    }
    administrators
}

/// Whether the user counts as an administrator. A user who can't log in, or is not a person, can't help when all others
/// are gone.
pub(super) fn is_administrator(user: &User) -> bool {
    user.active != Some(false) && !matches!(user.account_type, Some(AccountType::Other(_)))
}
