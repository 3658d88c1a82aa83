//! Global permissions: of groups, as the site's applications have it, and of users themselves.

use serde_json::{Value, json};

use super::{administrators_only, named, no_such_user, page, refused, users};
use crate::sandbox::{ACCOUNT, ADMIN_GROUP, api::Call, reply::Reply, world::site::Site};

/// The permission of a group's members, if the group has one.
fn permission(site: &Site, group: &str) -> Option<&'static str> {
    let gives_access = || site.applications.iter().any(|one| one.giving_access().any(|name| name == group));
    match group {
        ADMIN_GROUP => Some("SYS_ADMIN"),
        _ => gives_access().then_some("LICENSED_USER"),
    }
}

/// The groups that have a global permission.
///
/// # Errors
/// A reply with 401 if the acting account is no administrator; with 400 if a number of the query is none.
pub(super) fn of_groups(call: &mut Call<'_>) -> Result<Reply, Reply> {
    administrators_only(call)?;
    let site = &call.editor.site;
    let permitted: Vec<Value> = site
        .groups()
        .filter_map(|group| Some((&group.name, permission(site, &group.name)?)))
        .map(|(name, permission)| json!({ "group": { "name": name }, "permission": permission }))
        .collect();
    page(call, &permitted)
}

/// The users who have a global permission of their own, or those with `filter` in their names.
///
/// # Errors
/// A reply with 401 if the acting account is no administrator; with 400 if a number of the query is none.
pub(super) fn of_users(call: &mut Call<'_>) -> Result<Reply, Reply> {
    administrators_only(call)?;
    let wanted = call.query.get("filter").unwrap_or_default().to_lowercase();
    let named = call.editor.site.residents_behind(0).filter(|one| one.account.name.to_lowercase().contains(&wanted));
    let permitted: Vec<Value> = named
        .filter_map(|one| Some((users::plain(one), one.account.permission.as_ref()?)))
        .map(|(user, permission)| json!({ "user": user, "permission": permission }))
        .collect();
    page(call, &permitted)
}

/// Takes a user's own global permission away.
///
/// # Errors
/// A reply with 401 if the acting account is no administrator; with 404 if there is no such user; with 409 if it is the
/// acting account.
pub(super) fn revoke(call: &mut Call<'_>) -> Result<Reply, Reply> {
    administrators_only(call)?;
    let user = named(call, call.query.get("name").unwrap_or_default())?;
    let mut account = call.editor.site.resident(user).ok_or_else(no_such_user)?.account.clone();
    if account.name == ACCOUNT {
        return Err(refused(409, "Sie können sich nicht selbst Rechte entziehen."));
    }
    account.permission = None;
    call.editor.update(account);
    Ok(Reply::empty(204))
}

/// The licence, for the seats of the site's first application.
///
/// # Errors
/// A reply with 401 if the acting account is no administrator.
pub(super) fn licence(call: &mut Call<'_>) -> Result<Reply, Reply> {
    administrators_only(call)?;
    let licensed = call.editor.site.applications.iter().find_map(|one| one.seats.map(|seats| (seats, one.used)));
    let (seats, used) = licensed.map_or((None, 0), |(seats, used)| (Some(seats), used));
    let mut body = json!({
        "unlimitedNumberOfUsers": seats.is_none(), "status": { "currentNumberOfUsers": used, "serverId": "SAND" },
    });
    if let Some(seats) = seats {
        body["maximumNumberOfUsers"] = seats.into();
    }
    Ok(Reply::json(200, body))
}

/// The directories of users.
///
/// # Errors
/// A reply with 401 if the acting account is no administrator.
pub(super) fn directories(call: &mut Call<'_>) -> Result<Reply, Reply> {
    administrators_only(call)?;
    let internal =
        json!({ "name": "Bitbucket Internal Directory", "type": "Internal", "description": "", "active": true });
    Ok(Reply::json(200, json!([internal])))
}
