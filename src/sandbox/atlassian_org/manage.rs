//! `users/{accountId}/manage`: what may be done to a managed account, and doing it.

use serde_json::{Value, json};

use super::refusals;
use crate::sandbox::{
    Account,
    api::Call,
    reply::Reply,
    world::people::{Resident, Serial},
};

const ENABLEMENT: &str = "lifecycle.enablement";
const DELETE: &str = "lifecycle.delete";

/// Whether something may be done to the account.
fn rule(account: &Account) -> Value {
    if account.read_only {
        json!({ "allowed": false, "reason": { "key": "externalDirectory.scim" } })
    } else {
        json!({ "allowed": true })
    }
}

/// The managed account of the path; 404 if there is no account, 403 if it is its owner's.
fn managed<'a>(call: &'a Call<'_>) -> Result<(Serial, &'a Resident), Reply> {
    let site = &call.editor.site;
    let found = site.by_id(call.segment(0)).and_then(|serial| Some((serial, site.resident(serial)?)));
    let (serial, resident) = found.ok_or_else(|| refusals::key(404, "accountNotFound"))?;
    if resident.account.in_org.unmanaged { Err(refusals::key(403, "forbidden")) } else { Ok((serial, resident)) }
}

/// The permitted changes of a managed account.
///
/// # Errors
/// A reply with 404 if there is no such account; with 403 if the organisation does not own it.
pub(super) fn rights(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let (_, resident) = managed(call)?;
    let asked: Vec<&str> = call.query.all("privileges").collect();
    let mut body = json!({});
    for privilege in [ENABLEMENT, DELETE].into_iter().filter(|one| asked.is_empty() || asked.contains(one)) {
        body[privilege] = rule(&resident.account);
    }
    Ok(Reply::json(200, body))
}

/// The account of the path, as far as it may be changed now.
fn changeable(call: &Call<'_>) -> Result<(Serial, Account), Reply> {
    let (serial, resident) = managed(call)?;
    let rule = rule(&resident.account);
    if rule["allowed"] == false {
        return Err(Reply::json(403, json!({ "key": "forbidden.action", "context": rule })));
    }
    if resident.account.in_org.for_deletion {
        return Err(conflict(&resident.account.id, "Das Konto wird bereits gelöscht."));
    }
    Ok((serial, resident.account.clone()))
}

fn conflict(id: &str, message: &str) -> Reply {
    let context = json!({ "message": message, "accountId": id, "errorCodes": [{ "code": "lifecycle.state" }] });
    Reply::json(409, json!({ "key": "conflict.lifecycleErrors", "context": context }))
}

/// The body must be there, with a message or without.
///
/// # Errors
/// A reply with 400 if the body is no JSON of this form; with 404 if there is no such account; with 403 if the
/// organisation does not own it; with 403 too if it is managed elsewhere; with 409 if it is being deleted.
pub(super) fn disable(call: &mut Call<'_>) -> Result<Reply, Reply> {
    call.json::<serde_json::Map<String, Value>>()?;
    let (_, account) = changeable(call)?;
    call.editor.update(Account { active: false, ..account });
    Ok(Reply::empty(204))
}

/// Reactivates a managed account.
///
/// # Errors
/// A reply with 404 if there is no such account; with 403 if the organisation does not own it; with 403 too if it is
/// managed elsewhere; with 409 if it is being deleted.
pub(super) fn enable(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let (_, account) = changeable(call)?;
    call.editor.update(Account { active: true, ..account });
    Ok(Reply::empty(204))
}

/// Marks a managed account for deletion.
///
/// # Errors
/// A reply with 404 if there is no such account; with 403 if the organisation does not own it; with 403 too if it is
/// managed elsewhere; with 409 if it is being deleted, or can't be.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let (serial, account) = changeable(call)?;
    if account.undeletable {
        return Err(conflict(&account.id, "Das Konto kann nicht gelöscht werden."));
    }
    call.editor.mark_for_deletion(serial);
    Ok(Reply::json(200, json!({ "message": "Success" })))
}
