//! The common parts of the two Confluence flavours. Their messages are in German, as those of the two Jiras.

pub(super) mod cloud;
pub(super) mod data_center;

use serde_json::{Value, json};

use super::{
    api::Call,
    reply::Reply,
    world::people::{Group, Resident},
};

/// No page has more, whatever is asked for.
pub(super) const MAX_PAGE: usize = 200;

/// Confluence's error body.
pub(super) fn refused(status: u16, message: &str) -> Reply {
    let data = json!({ "authorized": status != 403, "valid": status != 400, "successful": false });
    Reply::json(status, json!({ "statusCode": status, "data": data, "message": message }))
}

pub(super) fn no_such_user() -> Reply {
    refused(404, "Es gibt keinen solchen Benutzer, oder Sie dürfen ihn nicht sehen.")
}

pub(super) fn no_such_group(name: &str) -> Reply {
    refused(404, &format!("Es gibt keine Gruppe mit dem Namen {name}."))
}

pub(super) fn missing(parameter: &str) -> Reply {
    refused(400, &format!("Der Parameter {parameter} fehlt oder ist leer."))
}

pub(super) fn forbidden() -> Reply {
    refused(403, "Sie sind nicht berechtigt, diesen Vorgang auszuführen.")
}

/// A number among the parameters; `default` where it is not given, 400 if it is none.
///
/// # Errors
/// A reply with 400 if the parameter is no number.
pub(super) fn number(call: &Call<'_>, name: &str, default: usize) -> Result<usize, Reply> {
    call.query.number(name, default).map_err(|_| refused(400, "Der Parameter muss eine Zahl sein."))
}

/// The place of a page, and how much it may hold.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn place(call: &Call<'_>, default: usize) -> Result<(usize, usize), Reply> {
    Ok((number(call, "start", 0)?, number(call, "limit", default)?.clamp(1, MAX_PAGE)))
}

/// One page of `all`, each shown by `show`.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn page<T>(
    call: &Call<'_>,
    path: &str,
    all: impl Iterator<Item = T>,
    show: impl Fn(T) -> Value,
) -> Result<Value, Reply> {
    let (start, limit) = place(call, MAX_PAGE)?;
    let mut rest = all.skip(start);
    let results: Vec<Value> = rest.by_ref().take(limit).map(show).collect();
    Ok(linked(path, (start, limit), results, rest.next().is_some()))
}

/// A page in the form `{results, start, limit, size, _links}`; it has `next` if there is `more`. `path` contains its
/// `?`.
pub(super) fn linked(path: &str, (start, limit): (usize, usize), results: Vec<Value>, more: bool) -> Value {
    let url = |start: usize| format!("{path}limit={limit}&start={start}");
    let mut links = json!({ "self": url(start) });
    if more {
        links["next"] = url(start + limit).into();
    }
    json!({ "results": results, "start": start, "limit": limit, "size": results.len(), "_links": links })
}

/// The picture that every user comes with.
pub(super) fn picture() -> Value {
    json!({ "path": "/images/icons/profilepics/default.svg", "width": 48, "height": 48, "isDefault": true })
}

/// The members of a group, inactive ones too, in the order of creation.
pub(super) fn members<'a>(call: &'a Call<'_>, group: &'a Group) -> impl Iterator<Item = &'a Resident> {
    group.members.iter().filter_map(|serial| call.editor.site.resident(*serial))
}
