//! The common parts of the two Jira flavours. Their messages are in German, as in an instance with that language: a
//! caller that depends on the text of a message fails here.

pub(super) mod cloud;
pub(super) mod data_center;
mod issues;

use serde_json::{Map, Value, json};

use super::{
    Account,
    api::Call,
    reply::Reply,
    world::{
        people::{Group, Resident, Serial},
        site::Site,
    },
};

/// Jira's error body.
pub(super) fn refused(status: u16, message: &str) -> Reply {
    Reply::error_messages(status, message)
}

pub(super) fn already_member(user: &str, group: &str) -> Reply {
    refused(400, &format!("Benutzer \"{user}\" konnte nicht hinzugefügt werden: gehört bereits zu \"{group}\"."))
}

pub(super) fn no_such_user() -> Reply {
    refused(404, "Der angegebene Benutzer ist nicht vorhanden oder Ihnen fehlen die erforderlichen Rechte.")
}

pub(super) fn no_such_group(name: &str) -> Reply {
    refused(404, &format!("Die Gruppe \"{name}\" ist nicht vorhanden."))
}

pub(super) fn missing(parameter: &str) -> Reply {
    refused(400, &format!("Der Parameter \"{parameter}\" fehlt oder ist leer."))
}

/// Deletes a user, unless something hangs on it.
///
/// # Errors
/// A reply with 403 if the user's directory is read-only; with 400 if the user can't be deleted.
pub(super) fn delete_user(call: &mut Call<'_>, serial: Serial) -> Result<Reply, Reply> {
    call.writable(serial)?;
    if call.editor.site.resident(serial).is_some_and(|resident| resident.account.undeletable) {
        return Err(refused(400, "Der Benutzer kann nicht gelöscht werden: ihm sind Vorgänge zugewiesen."));
    }
    call.editor.delete(serial);
    Ok(Reply::empty(204))
}

pub(super) fn forbidden() -> Reply {
    refused(403, "Sie sind nicht berechtigt, diesen Vorgang auszuführen.")
}

pub(super) fn licence_full(status: u16) -> Reply {
    refused(status, "Die Zahl der lizenzierten Benutzer ist erreicht. Erweitern Sie Ihre Lizenz.")
}

/// The picture addresses that every user comes with.
pub(super) fn avatars(base: &str, id: &str) -> Value {
    let picture = |size: u8| format!("{base}/secure/useravatar?size={size}&ownerId={}", escape(id));
    json!({ "16x16": picture(16), "24x24": picture(24), "32x32": picture(32), "48x48": picture(48) })
}

/// A text escaped for a query.
pub(super) fn escape(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A list inside a user: its size always, its items only where asked for.
pub(super) fn sized_list(items: Vec<Value>, expanded: bool) -> Value {
    let size = items.len();
    json!({ "size": size, "items": if expanded { items } else { Vec::new() } })
}

/// Adds the account's own odd fields to its JSON.
pub(super) fn with_extra(mut bean: Map<String, Value>, account: &Account) -> Value {
    bean.extend(account.extra.clone());
    Value::Object(bean)
}

/// The list of members inside a group, as a group is shown after a change.
pub(super) fn member_summary(group: &Group) -> Value {
    json!({
        "size": group.members.len(), "items": [], "max-results": 50, "start-index": 0, "end-index": 0,
    })
}

/// The members in `group/member`: pages of at most 50, inactive ones only if they are requested.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn member_page(
    call: &Call<'_>,
    group: &Group,
    own_url: &str,
    show: impl Fn(&Resident) -> Value,
) -> Result<Reply, Reply> {
    let inactive = call.query.flag("includeInactiveUsers", false);
    let members: Vec<&Resident> = group
        .members
        .iter()
        .filter_map(|serial| call.editor.site.resident(*serial))
        .filter(|resident| inactive || resident.account.active)
        .collect();
    let own_url = format!("{own_url}&includeInactiveUsers={inactive}");
    page(call, &members, 50, &own_url, |resident| show(resident))
}

/// One page of a list, in the form `{startAt, maxResults, total, isLast, values, nextPage}`.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn page<T>(
    call: &Call<'_>,
    all: &[T],
    cap: usize,
    own_url: &str,
    show: impl Fn(&T) -> Value,
) -> Result<Reply, Reply> {
    let start = call.query.number("startAt", 0)?;
    let most = call.query.number("maxResults", 50)?.clamp(1, cap);
    let values: Vec<Value> = all.iter().skip(start).take(most).map(show).collect();
    let end = start.saturating_add(values.len());
    let is_last = end >= all.len();
    let url = |start| format!("{own_url}&startAt={start}&maxResults={most}");
    let mut page = json!({
        "self": url(start), "startAt": start, "maxResults": most, "total": all.len(), "isLast": is_last, "values": values,
    });
    if !is_last {
        page["nextPage"] = url(end).into();
    }
    Ok(Reply::json(200, page))
}

/// Users whose name, display name or e-mail address begins with or contains `text`, in the order of creation.
pub(super) fn search<'a>(site: &'a Site, text: &str) -> impl Iterator<Item = &'a Resident> {
    let wanted = text.to_lowercase();
    site.residents_from(Serial(0)).map(|(_, resident)| resident).filter(move |resident| {
        let account = &resident.account;
        let shown_email = account.email.as_deref().filter(|_| !account.email_hidden).unwrap_or_default();
        [&account.name, &account.display_name, shown_email].iter().any(|field| field.to_lowercase().contains(&wanted))
    })
}

/// The answer of `groups/picker`; `show` writes one group.
///
/// # Errors
/// A reply with 400 if a number of the query is none.
pub(super) fn picker(call: &Call<'_>, show: impl Fn(&Group) -> Value) -> Result<Reply, Reply> {
    let wanted = call.query.get("query").unwrap_or_default().to_lowercase();
    let most = call.query.number("maxResults", 20)?;
    let found: Vec<&Group> =
        call.editor.site.groups().filter(|group| group.name.to_lowercase().contains(&wanted)).collect();
    let groups: Vec<Value> = found.iter().take(most).map(|group| show(group)).collect();
    let header = format!("Es werden {} von {} passenden Gruppen angezeigt", groups.len(), found.len());
    Ok(Reply::json(200, json!({ "header": header, "total": found.len(), "groups": groups })))
}
