//! `user` and `admin/user`.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{for_administrators, group_json};
use crate::sandbox::{
    ACCOUNT,
    api::Call,
    confluence, jira,
    reply::Reply,
    world::people::{Resident, Serial},
};

/// A user; without an e-mail address, and with the state where `expand` names it.
pub(super) fn shown(call: &Call<'_>, resident: &Resident) -> Value {
    let account = &resident.account;
    let own_url = format!("{}/rest/api/user?key={}", call.base, jira::escape(&account.id));
    let mut bean = Map::new();
    bean.insert("type".into(), "known".into());
    bean.insert("username".into(), account.name.clone().into());
    bean.insert("userKey".into(), account.id.clone().into());
    bean.insert("displayName".into(), account.display_name.clone().into());
    bean.insert("profilePicture".into(), confluence::picture());
    bean.insert("_links".into(), json!({ "self": own_url }));
    if call.query.lists("expand", "status") {
        bean.insert("status".into(), if account.active { "current" } else { "deactivated" }.into());
        bean.insert("_expandable".into(), json!({}));
    } else {
        bean.insert("_expandable".into(), json!({ "status": "" }));
    }
    jira::with_extra(bean, account)
}

/// The user that `key` or `username` names.
fn asked_for(call: &Call<'_>) -> Result<Serial, Reply> {
    let found = match (call.query.get("key"), call.query.get("username")) {
        (Some(key), _) => call.editor.site.by_id(key),
        (None, Some(name)) => call.editor.site.by_name(name),
        (None, None) => None,
    };
    found.ok_or_else(confluence::no_such_user)
}

/// The user in the path, for a change by an administrator.
///
/// # Errors
/// A reply with 403 if the acting account does not administer the site; with 404 if there is no such user; with 403 too
/// if the user's directory is read-only.
pub(super) fn to_change(call: &Call<'_>) -> Result<Serial, Reply> {
    for_administrators(call)?;
    let serial = call.editor.site.by_name(call.segment(0)).ok_or_else(confluence::no_such_user)?;
    call.writable(serial)?;
    Ok(serial)
}

fn resident<'a>(call: &'a Call<'_>, serial: Serial) -> Result<&'a Resident, Reply> {
    call.editor.site.resident(serial).ok_or_else(confluence::no_such_user)
}

/// Reading a user advances the tasks of deletion.
///
/// # Errors
/// A reply with 404 if there is no such user.
pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, Reply> {
    call.editor.time_passes();
    let serial = asked_for(call)?;
    Ok(Reply::json(200, shown(call, resident(call, serial)?)))
}

/// The acting account.
///
/// # Errors
/// A reply with 404 if there is no acting account.
pub(super) fn current(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let acting = call.editor.site.by_name(ACCOUNT).ok_or_else(confluence::no_such_user)?;
    Ok(Reply::json(200, shown(call, resident(call, acting)?)))
}

/// Everybody, disabled users too, at most 200 on a page.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let (start, limit) = confluence::place(call, 100)?;
    let mut rest = call.editor.site.residents_behind(start);
    let results: Vec<Value> = rest.by_ref().take(limit).map(|resident| shown(call, resident)).collect();
    let path = format!("{}/rest/api/user/list?", call.base);
    Ok(Reply::json(200, confluence::linked(&path, (start, limit), results, rest.next().is_some())))
}

/// The groups of a user.
///
/// # Errors
/// A reply with 404 if there is no such user; with 400 if a number of the query is none.
pub(super) fn groups(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let resident = resident(call, asked_for(call)?)?;
    let path = format!("{}/rest/api/user/memberof?key={}&", call.base, jira::escape(&resident.account.id));
    let page = confluence::page(call, &path, resident.groups.iter(), |name| group_json::group(call, name))?;
    Ok(Reply::json(200, page))
}

/// The answer is 204 also if nothing changes.
///
/// # Errors
/// A reply with 403 if the acting account does not administer the site; with 404 if there is no such user; with 403 too
/// if the user's directory is read-only.
pub(super) fn set_active(call: &mut Call<'_>, active: bool) -> Result<Reply, Reply> {
    let serial = to_change(call)?;
    let mut account = resident(call, serial)?.account.clone();
    account.active = active;
    call.editor.update(account);
    Ok(Reply::empty(204))
}

#[derive(Deserialize)]
struct Credentials {
    #[serde(default)]
    password: String,
}

/// Sets a user's password.
///
/// # Errors
/// A reply with 403 if the acting account does not administer the site; with 404 if there is no such user; with 403 too
/// if the user's directory is read-only; with 400 if the password is empty, or the body is no JSON.
pub(super) fn set_password(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let serial = to_change(call)?;
    let Credentials { password } = call.json()?;
    if password.trim().is_empty() {
        return Err(confluence::refused(400, "Das neue Passwort darf nicht leer sein."));
    }
    call.editor.set_password(serial);
    Ok(Reply::empty(204))
}
