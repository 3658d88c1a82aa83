//! `myself` and `user`.

use chrono::{DateTime, FixedOffset, Offset, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::sandbox::{
    ACCOUNT,
    api::Call,
    jira,
    reply::Reply,
    world::{applications::Application, people::Resident, people::Serial},
};

/// A user as lists show it.
pub(super) fn bean(resident: &Resident, base: &str) -> Map<String, Value> {
    let account = &resident.account;
    let mut bean = Map::new();
    let own_url = format!("{base}/rest/api/2/user?username={}", jira::escape(&account.name));
    bean.insert("self".into(), own_url.into());
    bean.insert("key".into(), account.id.clone().into());
    bean.insert("name".into(), account.name.clone().into());
    bean.insert("emailAddress".into(), account.email.clone().unwrap_or_default().into());
    bean.insert("avatarUrls".into(), jira::avatars(base, &account.id));
    bean.insert("displayName".into(), account.display_name.clone().into());
    bean.insert("active".into(), account.active.into());
    bean.insert("deleted".into(), false.into());
    bean.insert("timeZone".into(), "Europe/Berlin".into());
    bean.insert("locale".into(), "de_DE".into());
    if let Some(at) = account.last_login.and_then(|at| DateTime::from_timestamp_millis(at.as_millis())) {
        let zone = FixedOffset::east_opt(2 * 3600).unwrap_or(Utc.fix());
        bean.insert("lastLoginTime".into(), at.with_timezone(&zone).format("%Y-%m-%dT%H:%M:%S%z").to_string().into());
    }
    bean
}

/// A user as the list of a group's members shows it: with less than other lists.
pub(super) fn as_member(resident: &Resident, base: &str) -> Value {
    let mut bean = bean(resident, base);
    bean.retain(|field, _| !matches!(field.as_str(), "deleted" | "locale" | "lastLoginTime"));
    jira::with_extra(bean, &resident.account)
}

pub(super) fn shown(resident: &Resident, base: &str) -> Value {
    jira::with_extra(bean(resident, base), &resident.account)
}

/// A user as asked for by itself: with the size of its lists, and their items where `expand` names them.
fn in_full(call: &Call<'_>, serial: Serial) -> Result<Reply, Reply> {
    let resident = call.editor.site.resident(serial).ok_or_else(jira::no_such_user)?;
    let groups = resident.groups.iter().map(|name| {
        let url = format!("{}/rest/api/2/group?groupname={}", call.base, jira::escape(name));
        json!({ "name": name, "self": url })
    });
    let roles: Vec<Value> = call.editor.site.applications.of(resident).map(Application::bean).collect();
    let mut bean = bean(resident, call.base);
    bean.insert("groups".into(), jira::sized_list(groups.collect(), call.query.lists("expand", "groups")));
    bean.insert("applicationRoles".into(), jira::sized_list(roles, call.query.lists("expand", "applicationRoles")));
    bean.insert("expand".into(), "groups,applicationRoles".into());
    Ok(Reply::json(200, jira::with_extra(bean, &resident.account)))
}

/// The acting account.
///
/// # Errors
/// A reply with 404 if there is no acting account.
pub(super) fn myself(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let acting = call.editor.site.by_name(ACCOUNT).ok_or_else(jira::no_such_user)?;
    in_full(call, acting)
}

fn named(call: &Call<'_>) -> Result<Serial, Reply> {
    let found = match (call.query.get("key"), call.query.get("username")) {
        (Some(key), _) => call.editor.site.by_id(key),
        (None, Some(name)) => call.editor.site.by_name(name),
        (None, None) => None,
    };
    found.ok_or_else(jira::no_such_user)
}

/// One user.
///
/// # Errors
/// A reply with 404 if there is no such user.
pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, Reply> {
    in_full(call, named(call)?)
}

/// The fields that may be changed; left out, they stay.
#[derive(Deserialize)]
struct Edit {
    name: Option<String>,
    #[serde(rename = "displayName")]
    display_name: Option<String>,
    #[serde(rename = "emailAddress")]
    email: Option<String>,
    active: Option<Truth>,
}

/// Jira takes a boolean also as text, and clients in the wild send it so.
#[derive(Deserialize)]
#[serde(untagged)]
enum Truth {
    Boolean(bool),
    Text(String),
}

/// Changes a user.
///
/// # Errors
/// A reply with 404 if there is no such user; with 403 if the user's directory is read-only; with 400 if the body is no
/// JSON, or the name is taken or empty.
pub(super) fn edit(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let serial = named(call)?;
    let edit: Edit = call.json()?;
    let resident = call.editor.site.resident(serial).ok_or_else(jira::no_such_user)?;
    call.writable(serial)?;
    let mut account = resident.account.clone();
    if let Some(name) = edit.name {
        let taken = call.editor.site.by_name(&name).is_some_and(|other| other != serial);
        if name.is_empty() || taken {
            let errors = json!({ "errorMessages": [], "errors": { "username": "Dieser Name ist nicht verfügbar." } });
            return Err(Reply::json(400, errors));
        }
        account.name = name;
    }
    account.display_name = edit.display_name.unwrap_or(account.display_name);
    account.email = edit.email.or(account.email);
    account.active = match edit.active {
        None => account.active,
        Some(Truth::Boolean(active)) => active,
        Some(Truth::Text(text)) => text == "true",
    };
    call.editor.update(account);
    let resident = call.editor.site.resident(serial).ok_or_else(jira::no_such_user)?;
    let mut bean = bean(resident, call.base);
    bean.retain(|field, _| EDITABLE.contains(&field.as_str()));
    Ok(Reply::json(200, bean.into()))
}

/// The fields in the answer to a change: fewer than when the user is read.
const EDITABLE: [&str; 6] = ["self", "key", "name", "emailAddress", "displayName", "active"];

/// Deletes a user.
///
/// # Errors
/// A reply with 404 if there is no such user; with 403 if the user's directory is read-only; with 400 if the user can't
/// be deleted.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let serial = named(call)?;
    jira::delete_user(call, serial)
}

#[derive(Deserialize)]
struct NewPassword {
    #[serde(default)]
    password: String,
}

/// With a policy as administrators set it: long enough, small and capital letters, a digit, and something else.
///
/// # Errors
/// A reply with 404 if there is no such user; with 403 if the user's directory is read-only; with 400 if the body is no
/// JSON, or the password is too weak.
pub(super) fn set_password(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let serial = named(call)?;
    call.writable(serial)?;
    let NewPassword { password } = call.json()?;
    let has = |kind: fn(char) -> bool| password.contains(kind);
    let strong = has(|one| one.is_ascii_lowercase())
        && has(|one| one.is_ascii_uppercase())
        && has(|one| one.is_ascii_digit())
        && has(|one| one.is_ascii_punctuation());
    if password.len() < 10 || !strong {
        let errors = json!({ "errorMessages": [], "errors": { "password": "Das Passwort ist zu schwach." } });
        return Err(Reply::json(400, errors));
    }
    call.editor.set_password(serial);
    Ok(Reply::empty(204))
}

/// A bare array, cut after 1,000 without a hint. `.` and `''` match all users.
///
/// # Errors
/// A reply with 400 if there is no `username`, or a number of the query is none.
pub(super) fn search(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let text = call.query.get("username").ok_or_else(|| jira::missing("username"))?;
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", 50)?.min(1000);
    let (active, inactive) = (call.query.flag("includeActive", true), call.query.flag("includeInactive", false));
    let text = if text == "." || text == "''" { "" } else { text };
    let show = |resident| shown(resident, call.base);
    let found: Vec<Value> = if text.is_empty() && active && inactive {
        call.editor.site.residents_behind(start).take(most).map(show).collect()
    } else {
        jira::search(call.editor.site, text)
            .filter(|resident| if resident.account.active { active } else { inactive })
            .skip(start)
            .take(most)
            .map(show)
            .collect()
    };
    Ok(Reply::json(200, found.into()))
}

/// Everybody, page by page, behind a cursor; a cursor past the end gives an empty last page.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let first = call.query.number("cursor", 0)? as u64;
    let most = call.query.number("maxResults", 2000)?.max(1);
    let mut residents = call.editor.site.residents_from(Serial(first));
    let values: Vec<Value> = residents.by_ref().take(most).map(|(_, resident)| shown(resident, call.base)).collect();
    let next = residents.next().map(|(serial, _)| serial.0);
    let url = |cursor| format!("{}/rest/api/2/user/list?cursor={cursor}&maxResults={most}", call.base);
    let mut page = json!({ "self": url(first), "maxResults": most, "isLast": next.is_none(), "values": values });
    if let Some(next) = next {
        page["nextCursor"] = next.to_string().into();
        page["nextPage"] = url(next).into();
    }
    Ok(Reply::json(200, page))
}
