//! The members of a group as either Jira lists them: by offset, with a word whether there are more.
//!
//! Source: `GET group/member` in the REST references; that members of nested groups stand in it is said for Data Center,
//! and a user's own groups, with which it is compared, are told by the same look-up there.

use reqwest::Method;
use serde::Deserialize;

use super::{
    Error, MemberPage,
    http::Http,
    records::{Record, Records},
    request::{Call, Operation},
};
use crate::domain::{GroupName, UserId};

/// As many as Cloud gives at once; Data Center gives no more either.
const PAGE: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "B: Record")]
struct Page<B> {
    values: Records<B>,
    is_last: Option<bool>,
    total: Option<u64>,
}

/// The page of the members of `group` that begins at `start`; `id` reads who a member is.
pub(super) async fn page<B: Record>(
    http: &Http,
    path: &'static str,
    group: &GroupName,
    start: usize,
    id: impl Fn(B) -> Option<UserId>,
) -> Result<MemberPage, Error> {
    let call = Call::new(Operation::ListMembers, Method::GET, path)
        .query("groupname", group.as_str())
        .query("includeInactiveUsers", "true")
        .query("startAt", start.to_string())
        .query("maxResults", PAGE.to_string());
    let page = http.send(call).await?.json::<Page<B>>()?;
    http.passed_over(B::KIND, page.values.unreadable);
    let given = page.values.given();
    let users: Vec<_> = page.values.read.into_iter().filter_map(id).collect();
    let is_last = given == 0 || page.is_last == Some(true);
    Ok(MemberPage {
        all_readable: users.len() == given && page.is_last.is_some(),
        users,
        next: (!is_last).then_some(start + given),
        total: page.total,
        inactive_too: true,
    })
}
