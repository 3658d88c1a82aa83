//! `GET /admin/v1/orgs/{orgId}/events-stream` of an organisation.
//!
//! Source: developer.atlassian.com/cloud/admin/organization/rest/api-group-events. The last page has no cursor,
//! according to a collector in github.com/elastic/integrations.

use serde_json::{Value, json};

use crate::{
    clock::{Clock, SystemClock},
    domain::Timestamp,
    sandbox::{
        api::Call,
        reply::Reply,
        world::audit_log::{AuditAction, Entry},
    },
};

/// Entries in the order in which they were processed.
///
/// # Errors
/// A reply with 400 if a parameter can't be read, or the cursor has expired.
pub(in crate::sandbox) fn events(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let time = |call: &Call<'_>, name| match call.query.get(name).map(str::parse) {
        None => Ok(None),
        Some(Ok(millis)) => Ok(Some(Timestamp::from_millis(millis))),
        Some(Err(_)) => Err(refused("ADMIN-400-3", "Invalid search time")),
    };
    let (from, to) = (time(call, "from")?, time(call, "to")?);
    let limit = call.query.number("limit", 200)?.min(500);
    let cursor = call.query.get("cursor").map(Cursor::read).map(|cursor| cursor.ok_or_else(invalid)).transpose()?;
    let descending = call.query.get("sortOrder") == Some("desc");
    let base = call.base.to_owned();
    let audit = &mut call.editor.site.audit;
    if cursor.is_some() && audit.expires() {
        return Err(invalid());
    }
    if audit.comes_empty() {
        let cursor = cursor.unwrap_or(Cursor { behind: (from.unwrap_or(Timestamp::from_millis(0)), 0), turn: 0 });
        return Ok(page(&[], Some(Cursor { turn: cursor.turn + 1, ..cursor }), &base));
    }
    let within =
        |entry: &&Entry| from.is_none_or(|from| entry.processed >= from) && to.is_none_or(|to| entry.processed <= to);
    let mut entries: Vec<_> = audit.visible(SystemClock.now()).filter(within).collect();
    entries.sort_by_key(|entry| (entry.processed, entry.seq));
    if descending {
        entries.reverse();
        return Ok(page(&entries.into_iter().take(limit).collect::<Vec<_>>(), None, &base));
    }
    let behind = entries.partition_point(|entry| cursor.is_some_and(|own| (entry.processed, entry.seq) <= own.behind));
    let first = behind.saturating_sub(audit.audit_behaviour.repeat);
    let most = limit.min(audit.audit_behaviour.page.unwrap_or(usize::MAX)).saturating_add(behind - first);
    let here: Vec<_> = entries[first..].iter().take(most).copied().collect();
    let there_is_more = first + here.len() < entries.len();
    let last = here.last().map(|entry| Cursor { behind: (entry.processed, entry.seq), turn: 0 }).or(cursor);
    Ok(page(&here, last.filter(|_| there_is_more || audit.audit_behaviour.keep_cursor), &base))
}

/// Behind which entry a page begins, and how many empty ones came before it.
#[derive(Clone, Copy)]
struct Cursor {
    behind: (Timestamp, u64),
    turn: u64,
}

impl Cursor {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::parse::<u64>);
        let mut part = || parts.next()?.ok();
        let (millis, seq, turn) = (part()?, part()?, part()?);
        Some(Self { behind: (Timestamp::from_millis(i64::try_from(millis).ok()?), seq), turn })
    }

    fn text(self) -> String {
        format!("{}.{}.{}", self.behind.0.as_millis(), self.behind.1, self.turn)
    }
}

fn invalid() -> Reply {
    refused("ADMIN-400-1", "Invalid page cursor")
}

fn refused(code: &str, title: &str) -> Reply {
    let error = json!({ "id": "0d9c", "status": "400", "code": code, "title": title, "detail": "" });
    Reply::json(400, json!({ "errors": [error] }))
}

fn page(entries: &[&Entry], next: Option<Cursor>, base: &str) -> Reply {
    let data: Vec<_> = entries.iter().map(|entry| event(entry, base)).collect();
    let (mut meta, mut links) = (json!({ "page_size": data.len() }), json!({}));
    if let Some(next) = next {
        meta["next"] = next.text().into();
        links["next"] = format!("{base}/admin/v1/orgs/0/events-stream?cursor={}", next.text()).into();
    }
    Reply::json(200, json!({ "data": data, "meta": meta, "links": links }))
}

fn event(entry: &Entry, base: &str) -> Value {
    let (action, context) = match entry.happened {
        AuditAction::LoggedIn => ("user_login", json!([])),
        AuditAction::Searched => ("audit_log_viewed", json!([])),
        AuditAction::Created => {
            let attributes = json!({ "accountType": "atlassian", "email": entry.email });
            ("user_created", json!([{ "id": entry.user, "type": "users", "attributes": attributes }]))
        }
    };
    let id = format!("e0000000-0000-4000-8000-{:012}", entry.seq);
    let mut actor = json!({ "id": entry.user, "name": entry.name });
    if let Some(email) = &entry.email {
        actor["email"] = email.as_str().into();
    }
    json!({
        "type": "events", "id": id,
        "attributes": {
            "time": entry.at.to_string(), "processedAt": entry.processed.to_string(), "action": action, "actor": actor,
            "context": context, "container": [], "location": { "ip": "198.51.100.10", "city": "" },
        },
        "links": { "self": format!("{base}/admin/v1/orgs/0/events/{id}") },
        "message": { "content": "encrypted", "format": "simple" },
    })
}
