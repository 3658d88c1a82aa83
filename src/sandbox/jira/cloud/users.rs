//! `myself`, `user` and `users`.

use serde_json::{Map, Value, json};

use crate::sandbox::{
    ACCOUNT,
    api::Call,
    jira,
    reply::Reply,
    world::people::{Resident, Serial},
};

/// A user as lists show it: the e-mail address is not there where privacy settings hide it.
fn bean(resident: &Resident, base: &str) -> Map<String, Value> {
    let account = &resident.account;
    let mut bean = Map::new();
    let own_url = format!("{base}/rest/api/3/user?accountId={}", jira::escape(&account.id));
    bean.insert("self".into(), own_url.into());
    bean.insert("accountId".into(), account.id.clone().into());
    bean.insert("accountType".into(), account.account_type.clone().into());
    if let Some(email) = account.email.as_ref().filter(|_| !account.email_hidden) {
        bean.insert("emailAddress".into(), email.clone().into());
    }
    bean.insert("avatarUrls".into(), jira::avatars(base, &account.id));
    bean.insert("displayName".into(), account.display_name.clone().into());
    bean.insert("active".into(), account.active.into());
    bean.insert("timeZone".into(), "Europe/Berlin".into());
    bean
}

pub(super) fn shown(resident: &Resident, base: &str) -> Value {
    jira::with_extra(bean(resident, base), &resident.account)
}

fn groups_of(call: &Call<'_>, resident: &Resident) -> Vec<Value> {
    let site = &call.editor.site;
    resident
        .groups
        .iter()
        .filter_map(|name| site.group(name))
        .map(|group| super::group_json::group(group, call.base))
        .collect()
}

/// A user as asked for by itself: with the size of its lists, and their items where `expand` names them.
fn in_full(call: &Call<'_>, serial: Serial) -> Result<Reply, Reply> {
    let resident = call.editor.site.resident(serial).ok_or_else(jira::no_such_user)?;
    let roles = call.editor.site.applications.of(resident);
    let roles: Vec<Value> = roles.map(|one| json!({ "key": one.key, "name": one.name })).collect();
    let mut bean = bean(resident, call.base);
    let groups = groups_of(call, resident);
    bean.insert("groups".into(), jira::sized_list(groups, call.query.lists("expand", "groups")));
    bean.insert("applicationRoles".into(), jira::sized_list(roles, call.query.lists("expand", "applicationRoles")));
    bean.insert("locale".into(), "de_DE".into());
    bean.insert("expand".into(), "groups,applicationRoles".into());
    Ok(Reply::json(200, jira::with_extra(bean, &resident.account)))
}

fn named(call: &Call<'_>) -> Result<Serial, Reply> {
    let id = call.query.get("accountId").ok_or_else(|| jira::missing("accountId"))?;
    call.editor.site.by_id(id).ok_or_else(jira::no_such_user)
}

/// The acting account.
///
/// # Errors
/// A reply with 404 if there is no acting account.
pub(super) fn myself(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let acting = call.editor.site.by_name(ACCOUNT).ok_or_else(jira::no_such_user)?;
    in_full(call, acting)
}

/// One user.
///
/// # Errors
/// A reply with 400 if there is no `accountId`; with 404 if there is no such user.
pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, Reply> {
    in_full(call, named(call)?)
}

/// Deletes a user.
///
/// # Errors
/// A reply with 400 if there is no `accountId`, or the user can't be deleted; with 404 if there is no such user; with
/// 403 if the user's directory is read-only.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let serial = named(call)?;
    jira::delete_user(call, serial)
}

/// A bare array, not paged.
///
/// # Errors
/// A reply with 400 if there is no `accountId`; with 404 if there is no such user.
pub(super) fn groups(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let resident = call.editor.site.resident(named(call)?).ok_or_else(jira::no_such_user)?;
    Ok(Reply::json(200, groups_of(call, resident).into()))
}

/// Active people by part of their name, or one by id; never more than the first 1,000.
///
/// # Errors
/// A reply with 400 if not just one of `query` and `accountId` is given, or a number of the query is none.
pub(super) fn search(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", 50)?.min(1000_usize.saturating_sub(start));
    let found: Vec<&Resident> = match (call.query.get("query"), call.query.get("accountId")) {
        (Some(_), Some(_)) | (None, None) => {
            return Err(jira::refused(400, "Entweder \"query\" oder \"accountId\" muss angegeben werden."));
        }
        (Some(text), None) => jira::search(call.editor.site, text).collect(),
        (None, Some(id)) => {
            call.editor.site.by_id(id).and_then(|serial| call.editor.site.resident(serial)).into_iter().collect()
        }
    };
    let active = found.into_iter().filter(|resident| resident.account.active);
    let values: Vec<Value> = active.skip(start).take(most).map(|resident| shown(resident, call.base)).collect();
    Ok(Reply::json(200, values.into()))
}

/// Everybody, inactive ones and apps too; a bare array of at most 1,000.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", 50)?.min(1000);
    let residents = call.editor.site.residents_behind(start).take(most);
    let values: Vec<Value> = residents.map(|resident| shown(resident, call.base)).collect();
    Ok(Reply::json(200, values.into()))
}
