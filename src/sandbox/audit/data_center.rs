//! `GET /rest/auditing/1.0/events` of Jira, Confluence and Bitbucket Data Center.
//!
//! Parameters after developer.atlassian.com/server/framework/atlassian-sdk/rest/api-group-events; the answer and the
//! ids of actions after the samples in github.com/elastic/integrations, `packages/atlassian_*`.

use serde_json::{Value, json};

use super::record_reader;
use crate::{
    clock::{Clock, SystemClock},
    domain::{Product, Timestamp},
    sandbox::{
        api::Call,
        reply::Reply,
        user_number,
        world::audit_log::{AuditAction, Entry},
    },
};

/// The newest entries first.
///
/// # Errors
/// A reply with 400 if a parameter can't be read, or the cursor has expired.
pub(in crate::sandbox) fn events(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let bad = |call: &Call<'_>| call.api.refused(400, "Der Parameter ist nicht lesbar.");
    let time = |call: &Call<'_>, name| match call.query.get(name).map(str::parse::<Timestamp>) {
        None => Ok(None),
        Some(Ok(at)) => Ok(Some(at)),
        Some(Err(_)) => Err(bad(call)),
    };
    let (from, to) = (time(call, "from")?, time(call, "to")?);
    let limit = call.query.number("limit", 200)?;
    let cursor = call.query.get("pageCursor").map(|text| read_cursor(text).ok_or_else(|| bad(call))).transpose()?;
    let (base, product) = (call.base.to_owned(), call.product);
    let site = &mut *call.editor.site;
    record_reader(site);
    if site.audit.comes_empty() {
        return Ok(page(&[], None, &base, product));
    }
    if cursor.is_some() && site.audit.expires() {
        return Err(call.api.refused(400, "Der Cursor ist nicht mehr gültig."));
    }
    let audit = &site.audit;
    let within = |entry: &&Entry| from.is_none_or(|from| entry.at >= from) && to.is_none_or(|to| entry.at <= to);
    let mut entries: Vec<_> = audit.visible(SystemClock.now()).filter(within).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.seq)));
    let behind = entries.partition_point(|entry| cursor.is_some_and(|cursor| (entry.at, entry.seq) >= cursor));
    let first = behind.saturating_sub(audit.audit_behaviour.repeat);
    let most = limit.min(audit.audit_behaviour.page.unwrap_or(usize::MAX)).saturating_add(behind - first);
    let here: Vec<_> = entries[first..].iter().take(most).copied().collect();
    let next = (first + here.len() < entries.len()).then(|| here.last().copied()).flatten();
    Ok(page(&here, next, &base, product))
}

/// `timestamp,id` of the last entry before.
fn read_cursor(text: &str) -> Option<(Timestamp, u64)> {
    let (millis, seq) = text.split_once(',')?;
    Some((Timestamp::from_millis(millis.parse().ok()?), seq.parse().ok()?))
}

fn page(entries: &[&Entry], next: Option<&Entry>, base: &str, product: Product) -> Reply {
    let mut paging = json!({ "lastPage": next.is_none(), "size": entries.len() });
    if let Some(next) = next {
        let cursor = format!("{},{}", next.at.as_millis(), next.seq);
        paging["nextPageOffset"] = 0.into();
        paging["nextPageLink"] = format!("{base}/rest/auditing/1.0/events?offset=0&pageCursor={cursor}").into();
        paging["nextPageCursor"] = cursor.into();
    }
    let entities: Vec<_> = entries.iter().map(|entry| entity(entry, base, product)).collect();
    Reply::json(200, json!({ "entities": entities, "pagingInfo": paging }))
}

fn entity(entry: &Entry, base: &str, product: Product) -> Value {
    let user = match product {
        Product::ConfluenceDc => format!("{base}/admin/users/viewuser.action?username={}", entry.name),
        _ => format!("{base}/secure/ViewProfile.jspa?name={}", entry.name),
    };
    let id = match product {
        Product::BitbucketDc => user_number(&entry.user).to_string(),
        _ => entry.user.clone(),
    };
    let affected = match (product, entry.happened) {
        (_, AuditAction::Searched) | (Product::BitbucketDc, AuditAction::LoggedIn) => json!([]),
        (_, AuditAction::LoggedIn) if entry.author_only => json!([]),
        _ => json!([{ "name": entry.name, "type": "USER", "uri": user, "id": id }]),
    };
    let changed = match &entry.email {
        Some(email) if entry.happened == AuditAction::Created => {
            json!([{ "key": "E-Mail", "i18nKey": "common.words.email", "to": email }])
        }
        _ => json!([]),
    };
    let (author, author_id) = match product {
        Product::ConfluenceDc => (&entry.display_name, id.clone()),
        Product::BitbucketDc => (&entry.name, id.clone()),
        _ => (&entry.name, entry.number.to_string()),
    };
    json!({
        "timestamp": entry.at.to_string(),
        "author": { "name": author, "type": "user", "id": author_id, "uri": user, "avatarUri": "" },
        "type": {
            "categoryI18nKey": "in.any.category", "category": "Sicherheit",
            "actionI18nKey": action(product, entry.happened), "action": "In irgendeiner Sprache",
        },
        "affectedObjects": affected, "changedValues": changed,
        "source": "10.0.0.1,10.0.0.2", "system": base, "node": "node1", "method": "Browser", "extraAttributes": [],
    })
}

const fn action(product: Product, happened: AuditAction) -> &'static str {
    match (happened, product) {
        (AuditAction::Searched, _) => "atlassian.audit.event.action.audit.search",
        (AuditAction::LoggedIn, Product::ConfluenceDc) => "audit.logging.summary.login.success",
        (AuditAction::LoggedIn, Product::BitbucketDc) => "bitbucket.service.user.audit.action.authenticationsuccess",
        (AuditAction::LoggedIn, _) => "jira.auditing.user.logged.in",
        (AuditAction::Created, Product::ConfluenceDc) => "audit.logging.summary.user.created",
        (AuditAction::Created, Product::BitbucketDc) => "bitbucket.service.user.audit.action.usercreated",
        (AuditAction::Created, _) => "jira.auditing.user.created",
    }
}
