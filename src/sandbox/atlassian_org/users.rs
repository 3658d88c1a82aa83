//! `users/search`, `suspend`, `restore`, and removal from the directory.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{cursor, is_member, member, reads, refusals, roles};
use crate::sandbox::{
    Account,
    api::Call,
    reply::Reply,
    world::{
        people::{Resident, Serial},
        site::Site,
    },
};

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Search {
    search_term: Option<String>,
    emails: Option<Vec<String>>,
    account_ids: Option<Vec<String>>,
    group_ids: Option<Vec<String>>,
    role_ids: Option<Vec<String>>,
    account_status: Option<Vec<String>>,
    membership_status: Option<Vec<String>>,
    claim_status: Option<String>,
    expand: Vec<String>,
    limit: Option<usize>,
}

impl Search {
    fn is_bad(&self) -> bool {
        let long = |list: &Option<Vec<String>>, most| list.as_ref().is_some_and(|one| !(1..=most).contains(&one.len()));
        (self.search_term.is_some() && self.emails.is_some())
            || self.limit.is_some_and(|limit| !(1..=100).contains(&limit))
            || long(&self.emails, 100)
            || [&self.account_ids, &self.group_ids, &self.role_ids].into_iter().any(|list| long(list, 10))
    }

    fn wants(&self, resident: &Resident, site: &Site) -> bool {
        let account = &resident.account;
        let is_one =
            |list: &Option<Vec<String>>, one: &str| list.as_ref().is_none_or(|list| list.iter().any(|it| it == one));
        let named = |term: &String| account.display_name.to_lowercase().contains(&term.to_lowercase());
        account.account_type == "atlassian"
            && is_one(&self.account_ids, &account.id)
            && is_one(&self.account_status, account_status(account))
            && is_one(&self.membership_status, anywhere(account))
            && self.claim_status.as_deref().is_none_or(|status| status == claim_status(account))
            && self.search_term.as_ref().is_none_or(named)
            && self.emails.as_ref().is_none_or(|all| account.email.as_ref().is_some_and(|own| all.contains(own)))
            && self
                .role_ids
                .as_ref()
                .is_none_or(|roles| roles.iter().any(|one| account.in_org.platform_roles.contains(one)))
            && self.group_ids.as_ref().is_none_or(|ids| {
                ids.iter().filter_map(|id| site.group_by_id(id)).any(|group| resident.groups.contains(&group.name))
            })
    }
}

/// Users in the order of their creation, without those removed from the directory. Managed accounts that were never in
/// it, and accounts marked for deletion, are included.
///
/// # Errors
/// A reply with 404 if there is no such organisation or directory; with 400 if the search or its cursor can't be read,
/// or asks for too much.
pub(super) fn search(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let here = reads(call)?;
    let (given, start) = cursor::asked(call)?;
    let asked: Search = serde_json::from_value(given.clone()).map_err(|_| refusals::refused(400, "Unlesbar."))?;
    if asked.is_bad() {
        return Err(refusals::refused(400, "Die Suche widerspricht sich, oder eine Liste ist zu lang."));
    }
    let (site, most) = (&*call.editor.site, asked.limit.unwrap_or(50));
    let there = |one: &Resident| here && (!one.account.in_org.not_invited || !one.account.in_org.unmanaged);
    let first = Serial(u64::try_from(start).unwrap_or(u64::MAX));
    let from = match asked.account_ids.as_deref() {
        // Found by their ids, and not by looking at everybody.
        Some(ids) => ids.iter().filter_map(|id| site.by_id(id)).min().map_or(Serial(u64::MAX), |one| one.max(first)),
        None => first,
    };
    let last = asked.account_ids.as_deref().and_then(|ids| ids.iter().filter_map(|id| site.by_id(id)).max());
    let candidates = site.residents_from(from).take_while(|(serial, _)| last.is_none_or(|last| *serial <= last));
    let mut found = candidates.filter(|(_, one)| there(one) && asked.wants(one, site));
    let data: Vec<Value> = found.by_ref().take(most).map(|(_, one)| bean(site, one, &asked.expand)).collect();
    let next = found.next().and_then(|(serial, _)| usize::try_from(serial.0).ok());
    Ok(cursor::page_until(&given, start, data, next))
}

fn account_status(account: &Account) -> &'static str {
    if account.active { "active" } else { "inactive" }
}

fn claim_status(account: &Account) -> &'static str {
    if account.in_org.unmanaged { "unmanaged" } else { "managed" }
}

/// The same for all directories together.
fn anywhere(account: &Account) -> &'static str {
    if account.in_org.elsewhere { "active" } else { account.in_org.membership_status() }
}

fn status(account: &Account) -> &'static str {
    match (account_status(account), anywhere(account)) {
        _ if account.in_org.for_deletion => "for_deletion",
        ("active", "no_membership") => "not_invited",
        ("active", other) => other,
        _ => "deactivated",
    }
}

fn bean(site: &Site, resident: &Resident, expand: &[String]) -> Value {
    let account = &resident.account;
    let mut bean = Map::new();
    let mut put = |name: &str, value: Value| drop(bean.insert(name.to_owned(), value));
    put("accountId", account.id.clone().into());
    put("accountType", account.account_type.clone().into());
    put("accountStatus", account_status(account).into());
    put("membershipStatus", anywhere(account).into());
    put("status", status(account).into());
    put("claimStatus", claim_status(account).into());
    put("name", account.display_name.clone().into());
    put("nickname", account.display_name.clone().into());
    put("managementSource", if account.read_only { "synced" } else { "invited" }.into());
    if let Some(email) = account.email.as_ref().filter(|_| !account.email_hidden) {
        put("email", email.clone().into());
        put("emailVerified", true.into());
    }
    if let Some(added) = account.in_org.added {
        put("addedToOrg", added.to_string().into());
    }
    let wanted = |name: &str| expand.iter().any(|one| one == name);
    if wanted("platformRoles") {
        put("platformRoles", json!(account.in_org.platform_roles));
    }
    if wanted("productAccess") {
        put("productAccess", product_access(site, account));
    }
    if wanted("groups") {
        let groups = resident.groups.iter().filter_map(|name| site.group(name));
        put("groups", groups.map(|group| json!({ "id": group.id, "name": group.name })).collect());
    }
    bean.extend(account.extra.clone());
    Value::Object(bean)
}

/// When the user was last active, in the one product that people are active in here.
fn product_access(site: &Site, account: &Account) -> Value {
    let key = site.applications.iter().next().map_or("jira-software", |application| application.key.as_str());
    let one = |at| json!({ "id": roles::resource(key), "key": key, "lastActiveTimestamp": at });
    account.last_login.map(|at| at.to_string()).iter().map(one).collect()
}

/// Suspends the user of the path, or restores it.
///
/// # Errors
/// A reply with 404 if there is no such organisation or user.
pub(super) fn suspend(call: &mut Call<'_>, suspended: bool) -> Result<Reply, Reply> {
    super::own(call)?;
    let serial = member(call, call.segment(2))?;
    if let Some(mut account) = call.editor.site.resident(serial).map(|one| one.account.clone()) {
        account.in_org.suspended = suspended;
        call.editor.update(account);
    }
    Ok(Reply::empty(204))
}

/// Takes the user of the path from the directory; a managed account stays, without groups.
///
/// # Errors
/// A reply with 404 if there is no such organisation or user; with 400 if the user can't be removed.
pub(super) fn remove(call: &mut Call<'_>) -> Result<Reply, Reply> {
    super::own(call)?;
    let serial = member(call, call.segment(2))?;
    let Some(resident) = call.editor.site.resident(serial).filter(|one| is_member(one)) else {
        return Err(refusals::refused(404, "Kein Benutzer."));
    };
    if resident.account.undeletable {
        return Err(refusals::refused(400, "Der Benutzer kann nicht entfernt werden."));
    }
    let mut left = resident.account.clone();
    call.editor.delete(serial);
    if !left.in_org.unmanaged {
        left.in_org.not_invited = true;
        call.editor.site.put(left);
    }
    Ok(Reply::empty(204))
}
