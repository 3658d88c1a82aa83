//! Deleting users, which takes its time: `DELETE admin/user/{username}` and `longtask`.

use serde_json::json;

use super::users;
use crate::sandbox::{answer::Answer, api::Call, confluence, world::site::Serial};

/// A task goes on by one of so many parts whenever somebody asks for it, or for a user.
const PARTS: u32 = 3;

/// The task of deleting one user.
struct Task {
    user: Serial,
    done: u32,
    /// Whether something hangs on the user, so that it fails in the end.
    fails: bool,
}

/// All such tasks of a site; the place of one is its id.
#[derive(Default)]
pub(in crate::sandbox) struct Deletions(Vec<Task>);

/// 202: taken on, whatever becomes of it.
pub(super) fn submit(call: &mut Call<'_>) -> Result<Answer, Answer> {
    let user = users::to_change(call)?;
    let fails = call.editor.site.resident(user).is_some_and(|resident| resident.account.undeletable);
    let tasks = &mut call.editor.site.deletions.0;
    tasks.push(Task { user, done: 0, fails });
    let id = tasks.len().to_string();
    let url = format!("{}/rest/api/longtask/{id}", call.base);
    Ok(Answer::json(202, json!({ "id": id, "links": { "status": url } })))
}

/// Every task that is not done goes on by one part.
pub(super) fn time_passes(call: &mut Call<'_>) {
    let open = call.editor.site.deletions.0.iter_mut().filter(|task| task.done < PARTS);
    let mut finished = Vec::new();
    for task in open {
        task.done += 1;
        if task.done == PARTS && !task.fails {
            finished.push(task.user);
        }
    }
    for user in finished {
        call.editor.delete(user);
    }
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Answer, Answer> {
    time_passes(call);
    let id = call.segment(0);
    let task = id.parse::<usize>().ok().and_then(|id| call.editor.site.deletions.0.get(id.checked_sub(1)?));
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
    Ok(Answer::json(200, body))
}
