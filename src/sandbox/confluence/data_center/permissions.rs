//! `permissions`: the global permission "can use", which groups and users have by the applications of the site.

use serde::Deserialize;
use serde_json::{Value, json};

use super::for_administrators;
use crate::sandbox::{api::Call, confluence, reply::Reply, world::people::Serial};

fn can_use(kind: &str, name: &str) -> Value {
    json!([{
        "operation": { "targetType": "application", "operationKey": "use" },
        "subject": { "displayName": name, "type": kind },
    }])
}

/// Whether a group lets its members use Confluence.
///
/// # Errors
/// A reply with 403 if the acting account does not administer the site; with 404 if there is no such group.
pub(super) fn of_group(call: &mut Call<'_>) -> Result<Reply, Reply> {
    for_administrators(call)?;
    let (site, name) = (&call.editor.site, call.segment(0));
    site.group(name).ok_or_else(|| confluence::no_such_group(name))?;
    let lets_in = site.applications.iter().any(|one| one.giving_access().any(|group| group == name));
    Ok(Reply::json(200, if lets_in { can_use("group", name) } else { json!([]) }))
}

/// The user in the path, by key or by login name.
fn user(call: &Call<'_>) -> Result<Serial, Reply> {
    for_administrators(call)?;
    let (site, name) = (&call.editor.site, call.segment(0));
    site.by_id(name).or_else(|| site.by_name(name)).ok_or_else(confluence::no_such_user)
}

/// Whether a user may use Confluence by a permission of their own.
///
/// # Errors
/// A reply with 403 if the acting account does not administer the site; with 404 if there is no such user.
pub(super) fn of_user(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let serial = user(call)?;
    let resident = call.editor.site.resident(serial).ok_or_else(confluence::no_such_user)?;
    let lets_in = call.editor.site.applications.iter().any(|one| one.users.contains(&resident.account.id));
    let body = if lets_in { can_use("user", &resident.account.display_name) } else { json!([]) };
    Ok(Reply::json(200, body))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    target_type: String,
    operation_key: String,
}

/// The answer is 204 also if there was nothing to revoke.
///
/// # Errors
/// A reply with 403 if the acting account does not administer the site; with 404 if there is no such user; with 400 if
/// the body is no JSON of this form; with 400 too if there is no such permission.
pub(super) fn revoke(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let serial = user(call)?;
    let operations: Vec<Operation> = call.json()?;
    let known = |one: &Operation| one.target_type == "application" && one.operation_key == "use";
    if !operations.iter().all(known) {
        return Err(confluence::refused(400, "Diese Berechtigung gibt es nicht."));
    }
    if !operations.is_empty() {
        call.editor.revoke_access(serial);
    }
    Ok(Reply::empty(204))
}
