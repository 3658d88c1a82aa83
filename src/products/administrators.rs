//! Who administers a source: the active people in its administrators' groups.

use std::collections::BTreeSet;

use reqwest::Method;
use serde::Deserialize;

use super::{
    Error, User,
    http::Http,
    records::{Record, Records},
    request::{Call, Operation},
};
use crate::domain::{AccountType, GroupName, UserId};

/// As many as Cloud gives; Data Center gives no more either.
const PAGE: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "B: Record")]
struct Page<B> {
    values: Records<B>,
    is_last: Option<bool>,
}

/// The active people in any of `groups`, nested ones included; `path` tells of them, and `user` reads one. A group that is
/// not there is passed over, as long as one is.
pub(super) async fn members<B: Record + Send>(
    http: &Http,
    path: &'static str,
    groups: &[GroupName],
    user: fn(B) -> Option<User>,
) -> Result<BTreeSet<UserId>, Error> {
    let mut found = BTreeSet::new();
    let mut there = false;
    for group in groups {
        match members_of(http, path, group, user, &mut found).await {
            Ok(()) => there = true,
            Err(Error::Refused { status: 404, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    if there { Ok(found) } else { Err(none_there(groups)) }
}

/// The source has none of its administrators' `groups`: nobody is guessed.
pub(super) fn none_there(groups: &[GroupName]) -> Error {
    let names: Vec<&str> = groups.iter().map(GroupName::as_str).collect();
    let message = format!("none of the administrators' groups is there: {}", names.join(", "));
    Error::Refused { status: 404, message }
}

async fn members_of<B: Record + Send>(
    http: &Http,
    path: &'static str,
    group: &GroupName,
    user: fn(B) -> Option<User>,
    found: &mut BTreeSet<UserId>,
) -> Result<(), Error> {
    let (mut start, mut seen) = (0, BTreeSet::new());
    loop {
        let call = Call::new(Operation::ListMembers, Method::GET, path)
            .query("groupname", group.as_str())
            .query("includeInactiveUsers", "false")
            .query("startAt", start.to_string())
            .query("maxResults", PAGE.to_string());
        let page = http.send(call).await?.json::<Page<B>>()?;
        let (given, before) = (page.values.given(), seen.len());
        http.passed_over(B::KIND, page.values.unreadable);
        // Nobody is taken for no administrator, or for the last one, by a list of which some can't be read.
        for member in page.values.whole(&format!("members of `{group}`"))?.into_iter().filter_map(user) {
            if is_administrator(&member) {
                found.insert(member.id.clone());
            }
            seen.insert(member.id);
        }
        if given == 0 || page.is_last == Some(true) {
            return Ok(());
        }
        if seen.len() == before {
            if page.is_last.is_none() && given < PAGE {
                return Ok(()); // the offset is not heeded, and all members stand on one page
            }
            return Err(Error::Unreadable(format!("the list of members of `{group}` does not go on")));
        }
        start += given;
    }
}

/// Whoever can't log in, or is no person, is of no help when all others are gone.
pub(super) fn is_administrator(user: &User) -> bool {
    user.active != Some(false) && !matches!(user.account_type, Some(AccountType::Other(_)))
}
