//! `group`, and the memberships below `user`.

use super::{for_administrators, group_json, users};
use crate::sandbox::{
    api::Call,
    confluence,
    reply::Reply,
    world::people::{Group, Serial},
};

/// The group that the path names.
fn asked_for<'a>(call: &'a Call<'_>, place: usize) -> Result<&'a Group, Reply> {
    let name = call.segment(place);
    call.editor.site.group(name).ok_or_else(|| confluence::no_such_group(name))
}

/// One group.
///
/// # Errors
/// A reply with 404 if there is no such group.
pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, Reply> {
    Ok(Reply::json(200, group_json::group(call, &asked_for(call, 0)?.name)))
}

/// All groups.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let path = format!("{}/rest/api/group?", call.base);
    let page = confluence::page(call, &path, call.editor.site.groups(), |group| group_json::group(call, &group.name))?;
    Ok(Reply::json(200, page))
}

/// For administrators alone.
///
/// # Errors
/// A reply with 403 if the acting account does not administer the site; with 404 if there is no such group; with 400 if
/// a number of the query is none.
pub(super) fn members(call: &mut Call<'_>) -> Result<Reply, Reply> {
    for_administrators(call)?;
    let group = asked_for(call, 0)?;
    let path = format!("{}/rest/api/group/{}/member?", call.base, group.id);
    let page = confluence::page(call, &path, confluence::members(call, group), |member| users::shown(call, member))?;
    Ok(Reply::json(200, page))
}

/// The user and the group that the path names.
fn both(call: &Call<'_>) -> Result<(Serial, String), Reply> {
    let serial = users::to_change(call)?;
    Ok((serial, asked_for(call, 1)?.name.clone()))
}

/// The answer is 204 also if nothing changes.
///
/// # Errors
/// A reply with 403 if the acting account does not administer the site; with 404 if there is no such user or group;
/// with 403 too if the user's directory is read-only.
pub(super) fn add_member(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let (serial, group) = both(call)?;
    call.editor.add_member(serial, &group);
    Ok(Reply::empty(204))
}

/// The answer is 204 also if nothing changes.
///
/// # Errors
/// A reply with 403 if the acting account does not administer the site; with 404 if there is no such user or group;
/// with 403 too if the user's directory is read-only.
pub(super) fn remove_member(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let (serial, group) = both(call)?;
    call.editor.remove_member(serial, &group);
    Ok(Reply::empty(204))
}
