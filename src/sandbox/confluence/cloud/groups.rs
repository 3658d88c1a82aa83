//! `group`.

use serde::Deserialize;

use super::{group_json, users};
use crate::sandbox::{
    ADMIN_GROUP,
    api::Call,
    confluence,
    reply::Reply,
    world::people::{Group, Serial},
};

fn page<'a>(call: &Call<'_>, path: &str, groups: impl Iterator<Item = &'a Group>) -> Result<Reply, Reply> {
    Ok(Reply::json(200, confluence::page(call, path, groups, |group| group_json::group(call, group))?))
}

/// All groups; or by access level, those that administer the site or the others.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let level = call.query.get("accessType");
    let groups = call.editor.site.groups().filter(|group| match level {
        Some("site-admin" | "admin") => group.name == ADMIN_GROUP,
        Some(_) => group.name != ADMIN_GROUP,
        None => true,
    });
    page(call, "/rest/api/group?", groups)
}

/// The groups with `query` in their names.
///
/// # Errors
/// A reply with 400 if there is no `query`, or a number of the query is none.
pub(super) fn picker(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let wanted = call.query.get("query").ok_or_else(|| confluence::missing("query"))?.to_lowercase();
    let groups = call.editor.site.groups().filter(|group| group.name.to_lowercase().contains(&wanted));
    page(call, "/rest/api/group/picker?", groups)
}

/// The members of a group.
///
/// # Errors
/// A reply with 404 if there is no such group; with 400 if a number of the query is none.
pub(super) fn members(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let id = call.segment(0);
    let group = call.editor.site.group_by_id(id).ok_or_else(|| confluence::no_such_group(id))?;
    let path = format!("/rest/api/group/{id}/membersByGroupId?");
    let page = confluence::page(call, &path, confluence::members(call, group), |member| users::shown(call, member))?;
    Ok(Reply::json(200, page))
}

/// The group that `groupId` names.
fn asked_for(call: &Call<'_>) -> Result<String, Reply> {
    let id = call.query.get("groupId").ok_or_else(|| confluence::missing("groupId"))?;
    let group = call.editor.site.group_by_id(id).ok_or_else(|| confluence::no_such_group(id))?;
    Ok(group.name.clone())
}

fn member(call: &Call<'_>, id: &str) -> Result<Serial, Reply> {
    let serial = call.editor.site.by_id(id).ok_or_else(confluence::no_such_user)?;
    call.writable(serial)?;
    Ok(serial)
}

#[derive(Deserialize)]
struct NewMember {
    #[serde(rename = "accountId", default)]
    account_id: String,
}

/// Adds a user to a group.
///
/// # Errors
/// A reply with 400 if the group or the user is not named, or the body is no JSON; with 404 if there is no such group
/// or user; with 403 if the user's directory is read-only.
pub(super) fn add_member(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let group = asked_for(call)?;
    let NewMember { account_id } = call.json()?;
    if account_id.is_empty() {
        return Err(confluence::missing("accountId"));
    }
    let serial = member(call, &account_id)?;
    call.editor.add_member(serial, &group);
    Ok(Reply::empty(201))
}

/// The answer is 204 also if nothing changes.
///
/// # Errors
/// A reply with 400 if the group or the user is not named; with 404 if there is no such group or user; with 403 if the
/// user's directory is read-only.
pub(super) fn remove_member(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let group = asked_for(call)?;
    let id = call.query.get("accountId").ok_or_else(|| confluence::missing("accountId"))?;
    let serial = member(call, id)?;
    call.editor.remove_member(serial, &group);
    Ok(Reply::empty(204))
}
