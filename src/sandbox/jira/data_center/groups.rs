//! `group/user`, `group/member` and `groups/picker`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::users;
use crate::sandbox::{api::Call, jira, reply::Reply, world::people::Group};

/// The group that `groupname` names, or 400, or 404.
fn named<'a>(call: &'a Call<'_>) -> Result<&'a Group, Reply> {
    let name = call.query.get("groupname").ok_or_else(|| jira::missing("groupname"))?;
    call.editor.site.group(name).ok_or_else(|| jira::no_such_group(name))
}

fn own_url(call: &Call<'_>, group: &str) -> String {
    format!("{}/rest/api/2/group?groupname={}", call.base, jira::escape(group))
}

fn bean(call: &Call<'_>, group: &Group) -> Value {
    json!({
        "name": group.name, "self": own_url(call, &group.name), "users": jira::member_summary(group), "expand": "users",
    })
}

#[derive(Deserialize)]
struct NewMember {
    #[serde(default)]
    name: String,
}

/// Adds a user to a group.
///
/// # Errors
/// A reply with 400 if no group is named, the body is no JSON, or the user is a member already; with 404 if there is no
/// such group or user; with 403 if the user's directory is read-only.
pub(super) fn add_member(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let group = named(call)?.name.clone();
    let member: NewMember = call.json()?;
    let user = call.editor.site.by_name(&member.name).ok_or_else(jira::no_such_user)?;
    call.writable(user)?;
    if !call.editor.add_member(user, &group) {
        return Err(jira::already_member(&member.name, &group));
    }
    Ok(Reply::json(201, bean(call, named(call)?)))
}

/// Takes a user out of a group.
///
/// # Errors
/// A reply with 400 if no group or no user is named, or the user is no member; with 404 if there is no such group or
/// user; with 403 if the user's directory is read-only.
pub(super) fn remove_member(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let group = named(call)?.name.clone();
    let name = call.query.get("username").ok_or_else(|| jira::missing("username"))?;
    let user = call.editor.site.by_name(name).ok_or_else(jira::no_such_user)?;
    call.writable(user)?;
    if !call.editor.remove_member(user, &group) {
        return Err(jira::refused(400, "Der Benutzer gehört nicht zu dieser Gruppe."));
    }
    Ok(Reply::empty(200))
}

/// The members of a group.
///
/// # Errors
/// A reply with 400 if no group is named, or a number of the query is none; with 404 if there is no such group.
pub(super) fn members(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let group = named(call)?;
    let url = format!("{}/rest/api/2/group/member?groupname={}", call.base, jira::escape(&group.name));
    jira::member_page(call, group, &url, |resident| users::as_member(resident, call.base))
}

/// The groups with `query` in their names.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn picker(call: &mut Call<'_>) -> Result<Reply, Reply> {
    jira::picker(call, |group| json!({ "name": group.name, "html": group.name, "labels": [] }))
}
