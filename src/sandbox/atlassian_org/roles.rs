//! The access of users to applications, and its origin: `role-assignments` and `roles/revoke`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{cursor, is_member, own, reads, refusals};
use crate::sandbox::{
    Account, DIRECTORY, ORGANIZATION,
    api::Call,
    reply::Reply,
    world::{people::Resident, site::Site},
};

/// The one role on an application that there is here.
pub(super) const ROLE: &str = "atlassian/user";

/// The name of an application as a resource of roles.
pub(super) fn resource(key: &str) -> String {
    format!("ari:cloud:{key}::site/1")
}

/// The roles of a user of the directory, page by page.
///
/// # Errors
/// A reply with 404 if there is no such organisation, directory or user; with 400 if the cursor can't be read.
pub(super) fn assignments(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let here = reads(call)?;
    let (asked, start) = cursor::asked(call)?;
    let site = &call.editor.site;
    let resident = site.by_id(call.segment(2)).and_then(|serial| site.resident(serial)).filter(|one| is_member(one));
    let Some(resident) = resident.filter(|_| here) else {
        return Err(refusals::error(404, "ADMIN-404-8", "Kein Benutzer dieses Verzeichnisses."));
    };
    let most = asked["limit"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(20);
    let rest = on_applications(site, resident).chain(on_platform(resident)).skip(start).collect();
    cursor::page(&asked, start, most, rest)
}

fn on_applications<'a>(site: &'a Site, resident: &'a Resident) -> impl Iterator<Item = Value> {
    site.applications.iter().filter_map(|application| {
        let by_group = application.giving_access().any(|group| resident.groups.contains(group));
        let direct = resident.account.in_org.direct_access.contains(&application.key);
        let inferred = resident.account.in_org.inferred_access.contains(&application.key);
        let ways = [(by_group, "group_direct"), (direct, "direct"), (inferred, "inferred")];
        let ways: Vec<&str> = ways.into_iter().filter_map(|(so, way)| so.then_some(way)).collect();
        (!ways.is_empty()).then(|| {
            json!({
                "resourceId": resource(&application.key), "resourceOwner": application.key, "directoryId": DIRECTORY,
                "userDirectoryStatus": resident.account.in_org.membership_status(), "roles": [ROLE],
                "roleAssignments": [{ "role": ROLE, "roleAssignmentMethods": ways }],
            })
        })
    })
}

fn on_platform(resident: &Resident) -> Option<Value> {
    let roles = &resident.account.in_org.platform_roles;
    let one = |role| json!({ "role": role, "roleAssignmentMethods": ["direct"] });
    (!roles.is_empty()).then(|| {
        json!({
            "resourceId": format!("ari:cloud:platform::org/{ORGANIZATION}"), "resourceOwner": "platform",
            "directoryId": null, "userDirectoryStatus": null, "roles": roles,
            "roleAssignments": roles.iter().map(one).collect::<Vec<_>>(),
        })
    })
}

#[derive(Deserialize)]
struct Role {
    role: String,
    resource: String,
}

/// The answer is 204 also if there was no such role. Roles by groups stay.
///
/// # Errors
/// A reply with 404 if there is no such organisation or user; with 400 if the body is no JSON of this form; with 400
/// too if there is no such role on the resource.
pub(super) fn revoke(call: &mut Call<'_>) -> Result<Reply, Reply> {
    own(call)?;
    let asked: Role = call.json()?;
    let site = &call.editor.site;
    let found = site.by_id(call.segment(1)).and_then(|serial| site.resident(serial)).filter(|one| is_member(one));
    let resident = found.ok_or_else(|| refusals::error(404, "ADMIN-UAM-404-1", "Kein Benutzer."))?;
    let application = site.applications.iter().find(|one| resource(&one.key) == asked.resource);
    let Some(application) = application.filter(|_| asked.role == ROLE) else {
        return Err(refusals::error(400, "ADMIN-UAM-400-3", "Diese Rolle gibt es dort nicht."));
    };
    let mut account: Account = resident.account.clone();
    account.in_org.direct_access.remove(&application.key);
    call.editor.update(account);
    Ok(Reply::empty(204))
}
