//! Finding groups by a part of their names: alike in Data Center and Cloud.
//!
//! Source: `groups/picker` in the REST references on developer.atlassian.com.

use reqwest::Method;
use serde::Deserialize;

use crate::{
    domain::GroupName,
    products::{
        Error, Standing,
        http::{
            Http,
            request::{Call, Operation},
        },
        listing::records::{NamedGroup, Record, Records},
    },
};

/// The highest number of groups in an answer.
pub(in crate::products) const AT_MOST: usize = 100;

#[derive(Deserialize)]
struct Picked {
    groups: Records<NamedGroup>,
}

/// Some groups that have `part` in their names; `path` finds them.
///
/// # Errors
/// [`Error`] if the call fails.
pub(in crate::products) async fn groups_like(
    http: &Http,
    path: &'static str,
    part: &str,
) -> Result<Vec<GroupName>, Error> {
    let call = Call::new(Operation::FindGroup, Method::GET, path)
        .query("query", part)
        .query("maxResults", AT_MOST.to_string());
    let picked = http.send(call).await?.json::<Picked>()?;
    http.passed_over(NamedGroup::KIND, picked.groups.unreadable);
    Ok(picked.groups.read.into_iter().map(|group| GroupName::new(group.name)).collect())
}

/// Whether usher's account may find groups; `path` finds them. Jira answers an account without the right with an empty list.
///
/// # Errors
/// [`Error`] if the call fails.
pub(in crate::products) async fn standing(http: &Http, path: &'static str) -> Result<Standing, Error> {
    let call = Call::new(Operation::FindGroup, Method::GET, path).query("query", "").query("maxResults", "1");
    let picked = http.send(call).await?.json::<Picked>()?;
    Ok(match picked.groups.given() {
        0 => Standing::NotTold("it shows no group: either there is none, or the account may not see groups"),
        _ => Standing::Yes,
    })
}
