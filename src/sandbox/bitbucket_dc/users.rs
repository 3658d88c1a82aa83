//! `admin/users`, and what changes a user's name and password.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{administrators_only, named, no_such_user, page, refused, writable};
use crate::sandbox::{ACCOUNT, api::Call, jira, reply::Reply, user_number, world::people::Resident};

/// A user as all calls show it.
fn bean(resident: &Resident) -> Map<String, Value> {
    let account = &resident.account;
    let slug = |one: char| if one.is_alphanumeric() || one == '.' { one } else { '-' };
    let mut bean = Map::new();
    bean.insert("id".into(), user_number(&account.id).into());
    bean.insert("name".into(), account.name.clone().into());
    bean.insert("slug".into(), account.name.to_lowercase().chars().map(slug).collect::<String>().into());
    bean.insert("displayName".into(), account.display_name.clone().into());
    bean.insert("active".into(), account.active.into());
    bean.insert("type".into(), if account.account_type == "atlassian" { "NORMAL" } else { "SERVICE" }.into());
    if let Some(email) = &account.email {
        bean.insert("emailAddress".into(), email.clone().into());
    }
    bean
}

/// A user in the list of those with permissions.
pub(super) fn plain(resident: &Resident) -> Value {
    jira::with_extra(bean(resident), &resident.account)
}

/// A user as administrators see it.
pub(super) fn detailed(resident: &Resident) -> Value {
    let account = &resident.account;
    let mut bean = bean(resident);
    let directory = if account.read_only { "LDAP (schreibgeschützt)" } else { "Internes Bitbucket-Verzeichnis" };
    bean.insert("directoryName".into(), directory.into());
    bean.insert("deletable".into(), (!account.read_only && !account.undeletable).into());
    bean.insert("mutableDetails".into(), (!account.read_only).into());
    bean.insert("mutableGroups".into(), (!account.read_only).into());
    if let Some(at) = account.last_login {
        bean.insert("lastAuthenticationTimestamp".into(), at.as_millis().into());
    }
    jira::with_extra(bean, account)
}

/// Everybody, or whose names or address have `filter` in them.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let found = jira::search(call.editor.site, call.query.get("filter").unwrap_or_default());
    page(call, &found.map(detailed).collect::<Vec<_>>())
}

/// Deletes a user.
///
/// # Errors
/// A reply with 401 if the acting account is no administrator; with 404 if there is no such user; with 403 if the
/// user's directory is read-only, or the user can't be deleted; with 409 if it is the acting account.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, Reply> {
    administrators_only(call)?;
    let name = call.query.get("name").unwrap_or_default().to_owned();
    let user = named(call, &name)?;
    writable(call, user, 403)?;
    let resident = call.editor.site.resident(user).ok_or_else(no_such_user)?;
    if resident.account.name == ACCOUNT {
        return Err(refused(409, "Sie können sich nicht selbst löschen."));
    }
    if resident.account.undeletable {
        return Err(refused(403, "Dieser Benutzer kann nicht gelöscht werden."));
    }
    let shown = detailed(resident);
    call.editor.delete(user);
    Ok(Reply::json(200, shown))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rename {
    #[serde(default)]
    name: String,
    #[serde(default)]
    new_name: String,
}

/// Renames a user.
///
/// # Errors
/// A reply with 401 if the acting account is no administrator; with 400 if the body is no JSON of this form; with 404
/// if there is no such user; with 400 too if the user's directory is read-only, or the name is taken or empty.
pub(super) fn rename(call: &mut Call<'_>) -> Result<Reply, Reply> {
    administrators_only(call)?;
    let Rename { name, new_name } = call.json()?;
    let user = named(call, &name)?;
    writable(call, user, 400)?;
    let taken = call.editor.site.by_name(&new_name).is_some_and(|other| other != user);
    if new_name.is_empty() || taken {
        return Err(refused(400, "Dieser Name ist nicht verfügbar."));
    }
    let mut account = call.editor.site.resident(user).ok_or_else(no_such_user)?.account.clone();
    account.name = new_name;
    call.editor.update(account);
    Ok(Reply::json(200, call.editor.site.resident(user).map_or_else(|| json!({}), detailed)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewPassword {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    password_confirm: String,
}

/// Sets a user's password.
///
/// # Errors
/// A reply with 401 if the acting account is no administrator; with 400 if the body is no JSON of this form; with 404
/// if there is no such user; with 400 too if the user's directory is read-only, or the passwords differ or are empty.
pub(super) fn set_password(call: &mut Call<'_>) -> Result<Reply, Reply> {
    administrators_only(call)?;
    let NewPassword { name, password, password_confirm } = call.json()?;
    let user = named(call, &name)?;
    writable(call, user, 400)?;
    if password.is_empty() || password != password_confirm {
        return Err(refused(400, "Die Passwörter stimmen nicht überein."));
    }
    call.editor.set_password(user);
    Ok(Reply::empty(204))
}
