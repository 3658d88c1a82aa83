//! Groups, their members, and the groups of a user.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{administrators_only, named, no_such_group, page, refused, users, writable};
use crate::sandbox::{ADMIN_GROUP, api::Call, reply::Reply};

fn shown(name: &str) -> Value {
    json!({ "name": name, "deletable": name != ADMIN_GROUP })
}

/// All groups, or those with `filter` in their names.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let wanted = call.query.get("filter").unwrap_or_default().to_lowercase();
    let found = call.editor.site.groups().filter(|group| group.name.to_lowercase().contains(&wanted));
    page(call, &found.map(|group| shown(&group.name)).collect::<Vec<_>>())
}

/// None if there is no such user: no refusal is in the document.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn of_user(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let site = &call.editor.site;
    let user = call.query.get("context").and_then(|name| site.by_name(name)).and_then(|user| site.resident(user));
    let groups = user.into_iter().flat_map(|user| &user.groups).map(|name| shown(name));
    page(call, &groups.collect::<Vec<_>>())
}

/// Inactive ones too; none if there is no such group.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn members(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let site = &call.editor.site;
    let group = call.query.get("context").and_then(|name| site.group(name));
    let members = group.into_iter().flat_map(|group| &group.members).filter_map(|member| site.resident(*member));
    page(call, &members.map(users::detailed).collect::<Vec<_>>())
}

#[derive(Deserialize)]
struct UserAndGroups {
    #[serde(default)]
    user: String,
    groups: Vec<String>,
}

/// All of the groups or none.
///
/// Source: developer.atlassian.com/server/bitbucket/rest, `POST /api/latest/admin/users/add-groups`: 200 means that the
/// user was added to all the groups, 404 that the user or a group does not exist. It does not tell whether the other
/// groups were given then.
///
/// # Errors
/// A reply with 401 if the acting account is no administrator; with 400 if the body is no JSON of this form; with 404
/// if there is no such user or group; with 403 if the user's directory is read-only.
pub(super) fn add(call: &mut Call<'_>) -> Result<Reply, Reply> {
    administrators_only(call)?;
    let UserAndGroups { user, groups } = call.json()?;
    let user = named(call, &user)?;
    writable(call, user, 403)?;
    if groups.iter().any(|group| call.editor.site.group(group).is_none()) {
        return Err(no_such_group());
    }
    for group in &groups {
        call.editor.add_member(user, group);
    }
    Ok(Reply::empty(200))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserAndGroup {
    #[serde(default)]
    context: String,
    #[serde(default)]
    item_name: String,
}

/// Takes a user out of a group.
///
/// # Errors
/// A reply with 401 if the acting account is no administrator; with 400 if the body is no JSON of this form; with 404
/// if there is no such user or group, or the user is no member; with 403 if the user's directory is read-only.
pub(super) fn remove(call: &mut Call<'_>) -> Result<Reply, Reply> {
    administrators_only(call)?;
    let UserAndGroup { context, item_name } = call.json()?;
    let user = named(call, &context)?;
    writable(call, user, 403)?;
    call.editor.site.group(&item_name).ok_or_else(no_such_group)?;
    if !call.editor.remove_member(user, &item_name) {
        return Err(refused(404, "Der Benutzer gehört nicht zu dieser Gruppe."));
    }
    Ok(Reply::empty(200))
}
