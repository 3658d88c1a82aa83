//! `groups/search` and `groups/{groupId}/memberships`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{cursor, member, own, reads, refusals};
use crate::sandbox::{
    DIRECTORY,
    api::Call,
    reply::Reply,
    world::{people::Group, site::Site},
};

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Search {
    search_term: Option<String>,
    group_names: Option<Vec<String>>,
    group_ids: Option<Vec<String>>,
    account_ids: Option<Vec<String>>,
    resource_ids: Option<Vec<String>>,
    resource_owners: Option<Vec<String>>,
    role_ids: Option<Vec<String>>,
    limit: Option<usize>,
}

impl Search {
    fn is_bad(&self) -> bool {
        let ways = [self.search_term.is_some(), self.group_names.is_some(), self.group_ids.is_some()];
        let too_long =
            |list: &Option<Vec<String>>, most| list.as_ref().is_some_and(|one| !(1..=most).contains(&one.len()));
        ways.iter().filter(|given| **given).count() > 1
            || self.limit.is_some_and(|limit| !(1..=100).contains(&limit))
            || too_long(&self.group_names, 100)
            || [&self.group_ids, &self.account_ids].into_iter().any(|list| too_long(list, 10))
            || [&self.role_ids, &self.resource_owners].into_iter().any(|list| too_long(list, 10))
            || too_long(&self.resource_ids, 20)
    }

    fn wants(&self, group: &Group, site: &Site) -> bool {
        let name = group.name.to_lowercase();
        self.search_term.as_ref().is_none_or(|term| name.contains(&term.to_lowercase()))
            && self.group_names.as_ref().is_none_or(|names| names.iter().any(|one| one.to_lowercase() == name))
            && self.group_ids.as_ref().is_none_or(|ids| ids.contains(&group.id))
            && self.account_ids.as_ref().is_none_or(|ids| {
                ids.iter().filter_map(|id| site.by_id(id)).any(|serial| group.members.contains(&serial))
            })
            && self.resource_ids.as_ref().is_none_or(|ids| {
                let mut resources =
                    site.applications.iter().filter(|one| ids.contains(&super::roles::resource(&one.key)));
                resources.any(|one| one.giving_access().any(|giving| *giving == group.name))
            })
            && self.role_ids.as_ref().is_none_or(|roles| {
                let mut applications = site.applications.iter();
                roles.iter().any(|role| role == super::roles::ROLE)
                    && applications.any(|one| one.giving_access().any(|giving| *giving == group.name))
            })
            && self.resource_owners.as_ref().is_none_or(|keys| {
                let mut resources = site.applications.iter().filter(|one| keys.contains(&one.key));
                resources.any(|one| one.giving_access().any(|giving| *giving == group.name))
            })
    }
}

/// Groups in the order of their names.
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
    let site = &call.editor.site;
    let found = site.groups().filter(|group| here && asked.wants(group, site)).skip(start);
    cursor::page(&given, start, asked.limit.unwrap_or(20), found.map(bean).collect())
}

fn bean(group: &Group) -> Value {
    json!({
        "id": group.id, "name": group.name, "description": "", "directoryId": DIRECTORY, "externalSynced": group.synced,
        "managedBy": if group.synced { "external" } else { "admins" },
        "managementAccess": { "deletable": !group.synced, "modifiable": !group.synced, "readable": true },
    })
}

/// The name of the path's group, if it may be changed here.
fn changeable(call: &Call<'_>) -> Result<String, Reply> {
    own(call)?;
    let found = if call.segment(1) == DIRECTORY { call.editor.site.group_by_id(call.segment(2)) } else { None };
    let group = found.ok_or_else(|| refusals::error(404, "ADMIN-404-10", "Keine Gruppe dieses Verzeichnisses."))?;
    if group.synced {
        return Err(refusals::error(403, "ADMIN-403-5", "Die Gruppe wird vom Identitätsanbieter verwaltet."));
    }
    Ok(group.name.clone())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewMember {
    account_id: String,
}

/// Adds a user of the directory to a group.
///
/// # Errors
/// A reply with 404 if there is no such organisation, group or user; with 403 if the group comes from an identity
/// provider; with 400 if the body is no JSON of this form; with 409 if the user is a member already.
pub(super) fn add_member(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let group = changeable(call)?;
    let new: NewMember = call.json()?;
    let user = member(call, &new.account_id)?;
    if !call.editor.add_member(user, &group) {
        return Err(refusals::error(409, "ADMIN-409-28", "Der Benutzer gehört bereits zur Gruppe."));
    }
    Ok(Reply::empty(204))
}

/// The answer is 204 also if the user was not a member.
///
/// # Errors
/// A reply with 404 if there is no such organisation, group or user; with 403 if the group comes from an identity
/// provider.
pub(super) fn remove_member(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let group = changeable(call)?;
    let user = member(call, call.segment(3))?;
    call.editor.remove_member(user, &group);
    Ok(Reply::empty(204))
}
