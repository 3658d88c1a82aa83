//! `group/bulk`, `group/user`, `group/member` and `groups/picker`.

use serde::Deserialize;
use serde_json::json;

use super::{group_json, users};
use crate::sandbox::{ADMIN_GROUP, api::Call, jira, reply::Reply, world::people::Group};

/// The group that `groupId` or `groupname` names; 400 for both or neither, 404 if it does not exist.
fn asked_for<'a>(call: &'a Call<'_>) -> Result<&'a Group, Reply> {
    let site = &call.editor.site;
    match (call.query.get("groupId"), call.query.get("groupname")) {
        (Some(id), None) => site.group_by_id(id).ok_or_else(|| jira::no_such_group(id)),
        (None, Some(name)) => site.group(name).ok_or_else(|| jira::no_such_group(name)),
        (None, None) => Err(jira::missing("groupId")),
        (Some(_), Some(_)) => {
            Err(jira::refused(400, "Nur einer von \"groupId\" und \"groupname\" darf angegeben werden."))
        }
    }
}

/// Groups by id, by name, or all of them; by access level those that administer the site.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn bulk(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let site = &call.editor.site;
    let mut groups: Vec<&Group> = call.query.all("groupId").filter_map(|id| site.group_by_id(id)).collect();
    groups.extend(call.query.all("groupName").filter_map(|name| site.group(name)));
    if call.query.all("groupId").chain(call.query.all("groupName")).next().is_none() {
        groups = site.groups().collect();
    }
    match call.query.get("accessType") {
        Some("site-admin" | "admin") => groups.retain(|group| group.name == ADMIN_GROUP),
        Some("user") => groups.retain(|group| group.name != ADMIN_GROUP),
        _ => {}
    }
    let url = format!("{}/rest/api/3/group/bulk?", call.base);
    jira::page(call, &groups, 50, &url, |group| json!({ "groupId": group.id, "name": group.name }))
}

#[derive(Deserialize)]
struct NewMember {
    #[serde(rename = "accountId", default)]
    account_id: String,
}

/// Adds a user to a group.
///
/// # Errors
/// A reply with 400 if not just one of `groupId` and `groupname` is given, the body is no JSON or names nobody, or the
/// user is a member already; with 404 if there is no such group or user; with 403 if the user's directory is read-only.
pub(super) fn add_member(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let group = asked_for(call)?.name.clone();
    let member: NewMember = call.json()?;
    if member.account_id.is_empty() {
        return Err(jira::missing("accountId"));
    }
    let user = call.editor.site.by_id(&member.account_id).ok_or_else(jira::no_such_user)?;
    call.writable(user)?;
    if !call.editor.add_member(user, &group) {
        return Err(jira::already_member(&member.account_id, &group));
    }
    let group = asked_for(call)?;
    let mut bean = group_json::group(group, call.base);
    bean["users"] = jira::member_summary(group);
    bean["expand"] = "users".into();
    Ok(Reply::json(201, bean))
}

/// Takes a user out of a group.
///
/// # Errors
/// A reply with 400 if not just one of `groupId` and `groupname` is given, or nobody is named; with 404 if there is no
/// such group or user, or the user is no member; with 403 if the user's directory is read-only.
pub(super) fn remove_member(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let group = asked_for(call)?.name.clone();
    let id = call.query.get("accountId").ok_or_else(|| jira::missing("accountId"))?;
    let user = call.editor.site.by_id(id).ok_or_else(jira::no_such_user)?;
    call.writable(user)?;
    if !call.editor.remove_member(user, &group) {
        return Err(jira::no_such_user());
    }
    Ok(Reply::empty(200))
}

/// The members of a group.
///
/// # Errors
/// A reply with 400 if not just one of `groupId` and `groupname` is given, or a number of the query is none; with 404
/// if there is no such group.
pub(super) fn members(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let group = asked_for(call)?;
    let url = format!("{}/rest/api/3/group/member?groupId={}", call.base, group.id);
    jira::member_page(call, group, &url, |resident| users::shown(resident, call.base))
}

/// The groups with `query` in their names.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn picker(call: &mut Call<'_>) -> Result<Reply, Reply> {
    jira::picker(call, |group| json!({ "name": group.name, "groupId": group.id, "html": group.name, "labels": [] }))
}
