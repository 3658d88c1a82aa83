//! Deleting users, which takes its time: `DELETE admin/user/{username}` and `longtask`.

use serde_json::json;

use super::users;
use crate::sandbox::{api::Call, confluence, reply::Reply, world::deletions::PARTS};

/// 202: the task is accepted, whatever its result will be.
///
/// # Errors
/// A reply with 403 if the acting account does not administer the site; with 404 if there is no such user; with 403 too
/// if the user's directory is read-only.
pub(super) fn submit(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let user = users::to_change(call)?;
    let fails = call.editor.site.resident(user).is_some_and(|resident| resident.account.undeletable);
    let id = call.editor.site.deletions.submit(user, fails).to_string();
    let url = format!("{}/rest/api/longtask/{id}", call.base);
    Ok(Reply::json(202, json!({ "id": id, "links": { "status": url } })))
}

/// The state of a task.
///
/// # Errors
/// A reply with 404 if there is no such task.
pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, Reply> {
    call.editor.time_passes();
    let id = call.segment(0);
    let task = id.parse().ok().and_then(|id| call.editor.site.deletions.task(id));
    let task = task.ok_or_else(|| confluence::refused(404, "Es gibt keine solche Aufgabe."))?;
    let failed = task.fails && task.done == PARTS;
    let text = |text: &str| json!({ "key": "user.delete", "args": [], "translation": text });
    let said = if failed {
        vec![text("Der Benutzer konnte nicht gelöscht werden: er hat Inhalte verfasst.")]
    } else {
        Vec::new()
    };
    let body = json!({
        "id": id, "name": text("Benutzer löschen"), "elapsedTime": 1_000 * u64::from(task.done),
        "percentageComplete": 100 * task.done / PARTS, "successful": !failed, "messages": said,
    });
    Ok(Reply::json(200, body))
}
