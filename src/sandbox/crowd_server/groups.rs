//! Groups, their members, and the groups of a user.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{named, no_such_group, no_such_user, part, refused, users};
use crate::sandbox::{api::Call, jira, reply::Reply, world::people::Group};

fn shown(call: &Call<'_>, name: &str) -> Value {
    let url = format!("{}/rest/usermanagement/1/group?groupname={}", call.base, jira::escape(name));
    json!({ "name": name, "link": { "href": url, "rel": "self" } })
}

/// The group that `groupname` names, or 404.
fn group<'a>(call: &'a Call<'_>) -> Result<&'a Group, Reply> {
    call.query.get("groupname").and_then(|name| call.editor.site.group(name)).ok_or_else(no_such_group)
}

/// One group.
///
/// # Errors
/// A reply with 404 if there is no such group.
pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let mut bean = shown(call, &group(call)?.name);
    bean["type"] = "GROUP".into();
    bean["active"] = true.into();
    Ok(Reply::json(200, bean))
}

/// Crowd's query language, with one operator: the name contains a text.
///
/// # Errors
/// A reply with 400 if the query can't be understood, or a number of it is none.
pub(super) fn find(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let (skipped, most) = part(call)?;
    let query = call.query.get("restriction").unwrap_or_default();
    let wanted = query.strip_prefix("name = \"*").and_then(|rest| rest.strip_suffix("*\""));
    let wanted = wanted.ok_or_else(|| refused(400, "ILLEGAL_ARGUMENT", "Die Abfrage ist unverständlich."))?;
    let found = call.editor.site.groups().filter(|group| group.name.to_lowercase().contains(&wanted.to_lowercase()));
    let groups: Vec<Value> = found.skip(skipped).take(most).map(|group| shown(call, &group.name)).collect();
    Ok(Reply::json(200, json!({ "expand": "group", "groups": groups })))
}

/// The groups of a user.
///
/// # Errors
/// A reply with 400 if a number of the query is none; with 404 if there is no such user.
pub(super) fn of_user(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let (skipped, most) = part(call)?;
    let user = named(call)?;
    let resident = call.editor.site.resident(user).ok_or_else(|| no_such_user(404))?;
    let groups: Vec<Value> = resident.groups.iter().skip(skipped).take(most).map(|name| shown(call, name)).collect();
    Ok(Reply::json(200, json!({ "expand": "group", "groups": groups })))
}

/// Inactive ones too; no group is in another one here.
///
/// # Errors
/// A reply with 400 if a number of the query is none; with 404 if there is no such group.
pub(super) fn members(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let (skipped, most) = part(call)?;
    let members = group(call)?.members.iter().filter_map(|member| call.editor.site.resident(*member));
    let users: Vec<Value> = members.skip(skipped).take(most).map(|one| users::shown(call, one, false)).collect();
    Ok(Reply::json(200, json!({ "expand": "user", "users": users })))
}

#[derive(Deserialize)]
struct NewMember {
    #[serde(default)]
    name: String,
}

/// 400 if there is no such user, 409 if it is a member already.
///
/// # Errors
/// A reply with 404 if there is no such group; with 400 if there is no such user, or the body is no JSON; with 403 if
/// the application may not change the user; with 409 if the user is a member already.
pub(super) fn add_member(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let name = group(call)?.name.clone();
    let member: NewMember = call.json()?;
    let user = call.editor.site.by_name(&member.name).ok_or_else(|| no_such_user(400))?;
    call.writable(user)?;
    if !call.editor.add_member(user, &name) {
        return Err(refused(409, "MEMBERSHIP_ALREADY_EXISTS", "Der Benutzer gehört bereits zu dieser Gruppe."));
    }
    Ok(Reply::empty(201))
}

/// Takes a user out of a group.
///
/// # Errors
/// A reply with 404 if there is no such group or user, or the user is no member; with 403 if the application may not
/// change the user.
pub(super) fn remove_member(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let name = group(call)?.name.clone();
    let user = named(call)?;
    call.writable(user)?;
    if !call.editor.remove_member(user, &name) {
        return Err(refused(404, "MEMBERSHIP_NOT_FOUND", "Der Benutzer gehört nicht zu dieser Gruppe."));
    }
    Ok(Reply::empty(204))
}
