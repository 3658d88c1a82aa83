//! `user` and the paths below it, and the search for users.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{named, no_such_user, part, refused};
use crate::sandbox::{api::Call, jira, reply::Reply, world::people::Resident};

/// A user; the attributes are a link unless they are requested.
pub(super) fn shown(call: &Call<'_>, resident: &Resident, attributes: bool) -> Value {
    let account = &resident.account;
    let url = |rest: &str| {
        let user = jira::escape(&account.name);
        format!("{}/rest/usermanagement/1/user{rest}?username={user}", call.base)
    };
    let (first, last) = account.display_name.split_once(' ').unwrap_or((&account.display_name, ""));
    let mut bean = Map::new();
    bean.insert("expand".into(), "attributes".into());
    bean.insert("link".into(), json!({ "href": url(""), "rel": "self" }));
    bean.insert("name".into(), account.name.clone().into());
    bean.insert("key".into(), account.id.clone().into());
    bean.insert("first-name".into(), first.into());
    bean.insert("last-name".into(), last.into());
    bean.insert("display-name".into(), account.display_name.clone().into());
    bean.insert("email".into(), account.email.clone().unwrap_or_default().into());
    bean.insert("active".into(), account.active.into());
    bean.insert("password".into(), json!({ "link": { "href": url("/password"), "rel": "edit" } }));
    let last_login = account.last_login.filter(|_| attributes);
    let values = last_login.map(|at| json!({ "name": "lastAuthenticated", "values": [at.as_millis().to_string()] }));
    let list: Vec<Value> = values.into_iter().collect();
    bean.insert(
        "attributes".into(),
        json!({ "attributes": list, "link": { "href": url("/attribute"), "rel": "self" } }),
    );
    jira::with_extra(bean, account)
}

/// By key or by name.
///
/// # Errors
/// A reply with 400 if nobody is named; with 404 if there is no such user.
pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let site = &call.editor.site;
    let found = match (call.query.get("key"), call.query.get("username")) {
        (Some(key), _) => site.by_id(key),
        (None, Some(name)) => site.by_name(name),
        (None, None) => return Err(refused(400, "ILLEGAL_ARGUMENT", "Es fehlt \"key\" oder \"username\".")),
    };
    let resident = found.and_then(|user| site.resident(user)).ok_or_else(|| no_such_user(404))?;
    Ok(Reply::json(200, shown(call, resident, call.query.lists("expand", "attributes"))))
}

/// Everybody, in the order of creation; by name only, unless more is asked for.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let (skipped, most) = part(call)?;
    let whole = call.query.lists("expand", "user");
    let users = call.editor.site.residents_behind(skipped).take(most);
    let shown = users.map(|one| if whole { shown(call, one, false) } else { json!({ "name": one.account.name }) });
    Ok(Reply::json(200, json!({ "expand": "user", "users": shown.collect::<Vec<_>>() })))
}

/// All fields of a user. A field that is left out becomes empty.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Whole {
    name: String,
    active: Option<bool>,
    display_name: Option<String>,
    email: Option<String>,
}

/// Replaces all fields of a user.
///
/// # Errors
/// A reply with 404 if there is no such user; with 403 if the application may not change the user; with 400 if the body
/// is no JSON, or has another name.
pub(super) fn replace(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let user = named(call)?;
    call.writable(user)?;
    let whole: Whole = call.json()?;
    let mut account = call.editor.site.resident(user).ok_or_else(|| no_such_user(404))?.account.clone();
    if !whole.name.eq_ignore_ascii_case(&account.name) {
        return Err(refused(400, "ILLEGAL_ARGUMENT", "Der Name ist ein anderer."));
    }
    account.active = whole.active.unwrap_or(false);
    account.display_name = whole.display_name.unwrap_or_default();
    account.email = whole.email.filter(|email| !email.is_empty());
    call.editor.update(account);
    Ok(Reply::empty(204))
}

/// Deletes a user.
///
/// # Errors
/// A reply with 404 if there is no such user; with 403 if the application may not change the user; with 400 if the user
/// can't be deleted.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let user = named(call)?;
    call.writable(user)?;
    if call.editor.site.resident(user).is_some_and(|resident| resident.account.undeletable) {
        return Err(refused(400, "OPERATION_FAILED", "Dieser Benutzer kann nicht gelöscht werden."));
    }
    call.editor.delete(user);
    Ok(Reply::empty(204))
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Rename {
    new_name: String,
}

/// Renames a user.
///
/// # Errors
/// A reply with 404 if there is no such user; with 403 if the application may not change the user; with 400 if the body
/// is no JSON, or the name is taken or empty.
pub(super) fn rename(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let user = named(call)?;
    call.writable(user)?;
    let Rename { new_name } = call.json()?;
    let taken = call.editor.site.by_name(&new_name).is_some_and(|other| other != user);
    if new_name.is_empty() || taken {
        return Err(refused(400, "INVALID_USER", "Dieser Name ist nicht verfügbar."));
    }
    let mut account = call.editor.site.resident(user).ok_or_else(|| no_such_user(404))?.account.clone();
    account.name = new_name;
    call.editor.update(account);
    let resident = call.editor.site.resident(user).ok_or_else(|| no_such_user(404))?;
    Ok(Reply::json(200, shown(call, resident, false)))
}

#[derive(Deserialize)]
struct NewPassword {
    #[serde(default)]
    value: String,
}

/// Sets a user's password.
///
/// # Errors
/// A reply with 404 if there is no such user; with 403 if the application may not change the user; with 400 if the body
/// is no JSON, or the password is too weak.
pub(super) fn set_password(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let user = named(call)?;
    call.writable(user)?;
    let NewPassword { value } = call.json()?;
    if value.len() < 10 {
        return Err(refused(400, "INVALID_CREDENTIAL", "Das Passwort ist zu schwach."));
    }
    call.editor.set_password(user);
    Ok(Reply::empty(204))
}

/// Sends a link, if the user has an address.
///
/// # Errors
/// A reply with 404 if there is no such user; with 400 if the user has no address.
pub(super) fn send_link(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let user = named(call)?;
    let resident = call.editor.site.resident(user).ok_or_else(|| no_such_user(404))?;
    match resident.account.email {
        Some(_) => Ok(Reply::empty(204)),
        None => Err(refused(400, "INVALID_EMAIL", "Der Benutzer hat keine E-Mail-Adresse.")),
    }
}
