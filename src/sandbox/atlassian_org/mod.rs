//! An Atlassian organisation: the Organizations API v2 and the User management API, as far as usher uses them.
//!
//! Paths, statuses and bodies follow Atlassian's OpenAPI documents (developer.atlassian.com/cloud/admin/organization
//! and …/user-management). These leave some cases open. Here a user who is not in the directory is not found; a group
//! of an identity provider is refused with 403; repeated suspending, restoring, enabling and disabling changes nothing.

mod cursor;
mod groups;
mod manage;
mod refusals;
mod roles;
mod users;

use actix_web::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    DIRECTORY, ORGANIZATION, TOKEN,
    api::{Api, Call, Route},
    audit,
    faults::limits::TokenState,
    reply::Reply,
    world::{
        people::{Resident, Serial},
        site::group_id,
    },
};

pub(super) struct AtlassianOrg;

static ROUTES: &[Route] = &[
    Route::new(Method::GET, "/admin/v1/orgs/{orgId}", organization),
    Route::new(Method::GET, "/admin/v1/orgs/{orgId}/events-stream", audit::stream::events),
    Route::new(Method::GET, "/admin/v2/orgs/{orgId}/directories", directories),
    Route::new(Method::POST, "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/search", users::search),
    Route::new(Method::POST, "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/search", groups::search),
    Route::adds(
        Method::POST,
        "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships",
        groups::add_member,
    ),
    Route::new(
        Method::DELETE,
        "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships/{accountId}",
        groups::remove_member,
    ),
    Route::new(Method::POST, "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/suspend", |call| {
        users::suspend(call, true)
    }),
    Route::new(Method::POST, "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/restore", |call| {
        users::suspend(call, false)
    }),
    Route::new(Method::DELETE, "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}", users::remove),
    Route::new(
        Method::GET,
        "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/role-assignments",
        roles::assignments,
    ),
    Route::new(Method::POST, "/admin/v1/orgs/{orgId}/users/{userId}/roles/revoke", roles::revoke),
    Route::new(Method::GET, "/users/{accountId}/manage", manage::rights),
    Route::new(Method::POST, "/users/{accountId}/manage/lifecycle/disable", manage::disable),
    Route::new(Method::POST, "/users/{accountId}/manage/lifecycle/enable", manage::enable),
    Route::new(Method::POST, "/users/{accountId}/manage/lifecycle/delete", manage::delete),
];

impl Api for AtlassianOrg {
    fn prefix(&self) -> &'static str {
        "/atlassian-org"
    }

    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    /// The admin API key, and nothing else.
    fn accepts(&self, authorization: &str) -> bool {
        authorization.strip_prefix("Bearer ") == Some(TOKEN)
    }

    fn unauthorized(&self) -> Reply {
        refusals::error(401, "ADMIN-401-2", "Der Schlüssel ist nicht gültig.")
    }

    fn forbidden(&self) -> Reply {
        refusals::error(403, "ADMIN-403-3", "Sie dürfen diese Organisation nicht verwalten.")
    }

    fn licence_full(&self, status: u16) -> Reply {
        refusals::error(status, "ADMIN-409-3", "Die Zahl der lizenzierten Benutzer ist erreicht.")
    }

    fn refused(&self, status: u16, message: &str) -> Reply {
        refusals::refused(status, message)
    }

    fn at(&self, path: &str, refusal: Reply) -> Reply {
        refusals::at(path, refusal)
    }

    /// The key belongs to no account; this account made it.
    fn acting_id(&self) -> &'static str {
        "557058:0000-usher"
    }

    /// `Retry-After` is not documented here, and not sent.
    ///
    /// Source: developer.atlassian.com/cloud/admin/organization/rest/intro.
    fn rate_headers(&self, standing: &TokenState) -> Vec<(&'static str, String)> {
        vec![
            ("X-RateLimit-Limit", standing.limit.capacity.to_string()),
            ("X-RateLimit-Remaining", standing.remaining.to_string()),
            ("X-RateLimit-Reset", reset(Utc::now(), standing.retry_after)),
        ]
    }
}

/// The first full second at or after `seconds` from `now`; at most a day ahead.
fn reset(now: DateTime<Utc>, seconds: u64) -> String {
    let ahead = TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX).min(86_400));
    (now + ahead + TimeDelta::milliseconds(999)).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// 404 if the path names another organisation.
fn own(call: &Call<'_>) -> Result<(), Reply> {
    if call.segment(0) == ORGANIZATION {
        Ok(())
    } else {
        Err(refusals::error(404, "ADMIN-404-2", "Keine Organisation."))
    }
}

/// Whether the path's directory is the one with all users, for reading; 404 if there is none with that id.
fn reads(call: &Call<'_>) -> Result<bool, Reply> {
    own(call)?;
    let other = |name: &String| group_id(name) == call.segment(1);
    match call.segment(1) {
        DIRECTORY | "-" => Ok(true),
        _ if call.editor.site.more_directories.iter().any(other) => Ok(false),
        _ => Err(refusals::error(404, "ADMIN-404-1", "Kein Verzeichnis.")),
    }
}

/// The user of the path, if it is in the path's directory; 404 if it is not.
fn member(call: &Call<'_>, id: &str) -> Result<Serial, Reply> {
    let there = |serial: &Serial| call.editor.site.resident(*serial).is_some_and(is_member);
    let found = if call.segment(1) == DIRECTORY { call.editor.site.by_id(id).filter(there) } else { None };
    found.ok_or_else(|| refusals::error(404, "ADMIN-404-8", "Kein Benutzer dieses Verzeichnisses."))
}

/// Whether a user is in the directory at all.
fn is_member(resident: &Resident) -> bool {
    !resident.account.in_org.not_invited && !resident.account.in_org.for_deletion
}

fn organization(call: &mut Call<'_>) -> Result<Reply, Reply> {
    own(call)?;
    let url = format!("{}/admin/v1/orgs/{ORGANIZATION}", call.base);
    let related = |what: &str| json!({ "links": { "related": format!("{url}/{what}") } });
    let data = json!({
        "id": ORGANIZATION, "type": "orgs", "attributes": { "name": "Sandkasten" }, "links": { "self": url },
        "relationships": { "domains": related("domains"), "users": related("users") },
    });
    Ok(Reply::json(200, json!({ "data": data })))
}

fn directories(call: &mut Call<'_>) -> Result<Reply, Reply> {
    own(call)?;
    let bean = |id: String, name: &str| json!({ "directoryId": id, "name": name, "icon": call.base });
    let mut all: Vec<Value> = vec![bean(DIRECTORY.to_owned(), "Sandkasten")];
    all.extend(call.editor.site.more_directories.iter().map(|name| bean(group_id(name), name)));
    let (asked, start) = cursor::asked(call)?;
    let most = asked["limit"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(20);
    let rest = all.split_off(start.min(all.len()));
    cursor::page(&asked, start, most, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reset_is_told_to_the_second() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        assert_eq!(reset(at("2026-03-26T15:59:30.001Z"), 5), "2026-03-26T15:59:36Z");
        assert_eq!(reset(at("2026-03-26T15:59:30Z"), u64::MAX), "2026-03-27T15:59:30Z");
    }
}
