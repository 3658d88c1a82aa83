//! `user` and `search/user`.

use serde_json::{Map, Value, json};

use crate::sandbox::{
    ACCOUNT,
    api::Call,
    confluence, jira,
    reply::Reply,
    world::people::{Resident, Serial},
};

/// The search finds no more.
const MAX_FOUND: usize = 10_000;

/// A user. The e-mail address is empty if privacy settings hide it. There is no field for an active account. The
/// operations of the user are included if `expand` names them.
pub(super) fn shown(call: &Call<'_>, resident: &Resident) -> Value {
    let account = &resident.account;
    let mut bean = Map::new();
    bean.insert("type".into(), "known".into());
    bean.insert("accountId".into(), account.id.clone().into());
    // Of customers the document knows nothing.
    let word =
        if matches!(account.account_type.as_str(), "atlassian" | "app") { account.account_type.as_str() } else { "" };
    bean.insert("accountType".into(), word.into());
    let email = account.email.as_deref().filter(|_| !account.email_hidden);
    bean.insert("email".into(), email.unwrap_or_default().into());
    bean.insert("publicName".into(), account.display_name.clone().into());
    bean.insert("displayName".into(), account.display_name.clone().into());
    bean.insert("profilePicture".into(), confluence::picture());
    bean.insert("timeZone".into(), Value::Null);
    if call.query.lists("expand", "operations") {
        let may_use = json!([{ "operation": "use", "targetType": "application" }]);
        bean.insert("operations".into(), if account.active { may_use } else { json!([]) });
    }
    let own_url = format!("{}/wiki/rest/api/user?accountId={}", call.base, jira::escape(&account.id));
    bean.insert("_links".into(), json!({ "self": own_url }));
    jira::with_extra(bean, account)
}

fn asked_for(call: &Call<'_>) -> Result<Serial, Reply> {
    let id = call.query.get("accountId").ok_or_else(|| confluence::missing("accountId"))?;
    call.editor.site.by_id(id).ok_or_else(confluence::no_such_user)
}

fn resident<'a>(call: &'a Call<'_>, serial: Serial) -> Result<&'a Resident, Reply> {
    call.editor.site.resident(serial).ok_or_else(confluence::no_such_user)
}

/// One user.
///
/// # Errors
/// A reply with 400 if there is no `accountId`; with 404 if there is no such user.
pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, Reply> {
    Ok(Reply::json(200, shown(call, resident(call, asked_for(call)?)?)))
}

/// The acting account.
///
/// # Errors
/// A reply with 404 if there is no acting account.
pub(super) fn current(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let acting = call.editor.site.by_name(ACCOUNT).ok_or_else(confluence::no_such_user)?;
    Ok(Reply::json(200, shown(call, resident(call, acting)?)))
}

/// The groups of a user.
///
/// # Errors
/// A reply with 400 if there is no `accountId`, or a number of the query is none; with 404 if there is no such user.
pub(super) fn groups(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let resident = resident(call, asked_for(call)?)?;
    let path = format!("/rest/api/user/memberof?accountId={}&", jira::escape(&resident.account.id));
    let groups = resident.groups.iter().filter_map(|name| call.editor.site.group(name));
    Ok(Reply::json(200, confluence::page(call, &path, groups, |group| super::group_json::group(call, group))?))
}

/// Everybody, for the one query that usher asks.
///
/// # Errors
/// A reply with 400 if it is another query, or a number of it is none.
pub(super) fn search(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let cql = call.query.get("cql").unwrap_or_default();
    if cql != "type=user" {
        return Err(confluence::refused(400, "Die CQL-Abfrage ist nicht lesbar."));
    }
    let (start, limit) = confluence::place(call, 25)?;
    let limit = limit.min(MAX_FOUND.saturating_sub(start));
    let mut rest = call.editor.site.residents_behind(start);
    let found: Vec<Value> = rest.by_ref().take(limit).map(|resident| as_found(call, resident)).collect();
    let more = start + limit < MAX_FOUND && rest.next().is_some();
    let path = "/rest/api/search/user?cql=type%3Duser&sitePermissionTypeFilter=all&";
    let mut page = confluence::linked(path, (start, limit), found, more);
    page["totalSize"] = call.editor.site.residents_behind(0).take(MAX_FOUND).count().into();
    page["cqlQuery"] = cql.into();
    page["searchDuration"] = 1.into();
    Ok(Reply::json(200, page))
}

fn as_found(call: &Call<'_>, resident: &Resident) -> Value {
    json!({
        "user": shown(call, resident), "title": resident.account.display_name, "excerpt": "", "breadcrumbs": [],
        "url": format!("/people/{}", jira::escape(&resident.account.id)), "entityType": "user", "iconCssClass": "",
        "lastModified": "2026-01-01T00:00:00.000Z", "score": 0.0,
    })
}
