//! The members of a group in the form of both Jiras: by offset, with a field that says whether there are more.
//!
//! Source: `GET group/member` in the REST references. For Data Center they say that it contains members of nested
//! groups; a user's own groups, with which it is compared, come from the same look-up there.

use reqwest::Method;
use serde::Deserialize;

use crate::{
    domain::{GroupName, UserId},
    products::{
        Error, MemberPage,
        http::{
            Http,
            request::{Call, Operation},
        },
        listing::records::{Record, Records},
    },
};

/// The page size of Cloud; Data Center gives no more either.
const PAGE: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "B: Record")]
struct Page<B> {
    values: Records<B>,
    is_last: Option<bool>,
    total: Option<u64>,
}

/// One page of members, in the form that the caller needs.
#[derive(Debug)]
pub(in crate::products) struct Members<T> {
    pub members: Vec<T>,
    /// The start of the next page; none on the last one.
    pub next: Option<usize>,
    /// The number of members, if it is reported.
    pub total: Option<u64>,
    /// Whether each record could be read, and it was said whether there are more, and where.
    pub all_readable: bool,
}

impl<T> Members<T> {
    /// The page of a group whose members can't be read.
    pub const fn unknown() -> Self {
        Self { members: Vec::new(), next: None, total: None, all_readable: false }
    }
}

/// The page of the members of `group` that begins at `start`; `id` reads who a member is.
///
/// # Errors
/// [`Error`] if the call fails.
pub(in crate::products) async fn page<B: Record>(
    http: &Http,
    path: &'static str,
    group: &GroupName,
    start: usize,
    id: impl Fn(B) -> Option<UserId>,
) -> Result<MemberPage, Error> {
    let Members { members: users, next, total, all_readable } = read(http, path, group, start, id).await?;
    Ok(MemberPage { users, next, total, all_readable, inactive_too: true })
}

/// The same, with what `listed` makes of each member.
///
/// # Errors
/// [`Error`] if the call fails.
pub(in crate::products) async fn read<B: Record, T>(
    http: &Http,
    path: &'static str,
    group: &GroupName,
    start: usize,
    listed: impl Fn(B) -> Option<T>,
) -> Result<Members<T>, Error> {
    let call = Call::new(Operation::ListMembers, Method::GET, path)
        .query("groupname", group.as_str())
        .query("includeInactiveUsers", "true")
        .query("startAt", start.to_string())
        .query("maxResults", PAGE.to_string());
    let page = http.send(call).await?.json::<Page<B>>()?;
    http.passed_over(B::KIND, page.values.unreadable);
    let given = page.values.given();
    let members: Vec<_> = page.values.read.into_iter().filter_map(listed).collect();
    let is_last = given == 0 || page.is_last == Some(true);
    // An empty page that is not the last one would be asked for again and again.
    let leads_nowhere = given == 0 && page.is_last == Some(false);
    Ok(Members {
        all_readable: members.len() == given && page.is_last.is_some() && !leads_nowhere,
        members,
        next: (!is_last).then_some(start + given),
        total: page.total,
    })
}
