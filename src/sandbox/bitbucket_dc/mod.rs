//! Bitbucket Data Center, REST API `latest`, as far as usher uses it.
//!
//! Paths, statuses and bodies follow Atlassian's OpenAPI document of Bitbucket Data Center 9.2
//! (developer.atlassian.com/server/bitbucket/rest). Three things are not in it, so they are guesses: adding a member
//! again succeeds, removing a user who is not a member is a 404, and the answer for a read-only directory.

mod groups;
mod permissions;
mod users;

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{
    api::{Api, Call, Route},
    audit,
    reply::Reply,
    user_number,
    world::people::Serial,
};

pub(super) struct BitbucketDc;

static ROUTES: &[Route] = &[
    Route::new(Method::GET, "/rest/api/latest/application-properties", properties),
    Route::new(Method::GET, "/rest/api/latest/admin/license", permissions::licence),
    Route::new(Method::GET, "/rest/api/latest/admin/user-directories", permissions::directories),
    Route::new(Method::GET, "/rest/api/latest/admin/users", users::list),
    Route::new(Method::DELETE, "/rest/api/latest/admin/users", users::delete),
    Route::new(Method::POST, "/rest/api/latest/admin/users/rename", users::rename),
    Route::new(Method::PUT, "/rest/api/latest/admin/users/credentials", users::set_password),
    Route::new(Method::GET, "/rest/api/latest/admin/users/more-members", groups::of_user),
    Route::adds(Method::POST, "/rest/api/latest/admin/users/add-groups", groups::add),
    Route::new(Method::POST, "/rest/api/latest/admin/users/remove-group", groups::remove),
    Route::new(Method::GET, "/rest/api/latest/admin/groups", groups::list),
    Route::new(Method::GET, "/rest/api/latest/admin/groups/more-members", groups::members),
    Route::new(Method::GET, "/rest/api/latest/admin/permissions/groups", permissions::of_groups),
    Route::new(Method::GET, "/rest/api/latest/admin/permissions/users", permissions::of_users),
    Route::new(Method::DELETE, "/rest/api/latest/admin/permissions/users", permissions::revoke),
    Route::new(Method::GET, "/rest/auditing/1.0/events", audit::data_center::events),
];

impl Api for BitbucketDc {
    fn prefix(&self) -> &'static str {
        "/bitbucket-dc"
    }

    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn unauthorized(&self) -> Reply {
        refused(401, "Die Anmeldung ist fehlgeschlagen.")
    }

    /// 401 too: Bitbucket has one answer for "not known" and "not allowed".
    fn forbidden(&self) -> Reply {
        refused(401, "Sie sind nicht berechtigt, auf diese Ressource zuzugreifen.")
    }

    fn licence_full(&self, status: u16) -> Reply {
        refused(status, "Die Zahl der lizenzierten Benutzer wäre überschritten.")
    }

    fn refused(&self, status: u16, message: &str) -> Reply {
        refused(status, message)
    }

    fn acting_id(&self) -> &'static str {
        "101"
    }
}

/// Bitbucket's error body.
fn refused(status: u16, message: &str) -> Reply {
    let name = match status {
        401 => "com.atlassian.bitbucket.AuthorisationException",
        404 => "com.atlassian.bitbucket.NoSuchEntityException",
        _ => "com.atlassian.bitbucket.IntegrityException",
    };
    Reply::json(status, json!({ "errors": [{ "message": message, "exceptionName": name }] }))
}

fn no_such_user() -> Reply {
    refused(404, "Dieser Benutzer ist nicht vorhanden.")
}

fn no_such_group() -> Reply {
    refused(404, "Diese Gruppe ist nicht vorhanden.")
}

/// Answers without credentials too. With credentials a header names their account.
fn properties(call: &mut Call<'_>) -> Result<Reply, Reply> {
    let body = json!({
        "version": "9.2.0", "buildNumber": "9002000", "buildDate": "1728000000000", "displayName": "Bitbucket",
    });
    let acting = call.editor.site.acting().ok_or_else(no_such_user)?;
    let id = user_number(&acting.account.id).to_string();
    Ok(Reply::json(200, body).header("X-AUSERNAME", acting.account.name.clone()).header("X-AUSERID", id))
}

/// Refuses where the acting account is no administrator.
fn administrators_only(call: &Call<'_>) -> Result<(), Reply> {
    if call.editor.site.acting_administers() { Ok(()) } else { Err(call.api.forbidden()) }
}

/// The user that `name` names, or 404.
fn named(call: &Call<'_>, name: &str) -> Result<Serial, Reply> {
    call.editor.site.by_name(name).ok_or_else(no_such_user)
}

/// Refuses with `status` if the user's directory is read-only.
fn writable(call: &Call<'_>, user: Serial, status: u16) -> Result<(), Reply> {
    match call.editor.site.resident(user) {
        Some(resident) if resident.account.read_only => Err(refused(status, "Das Verzeichnis ist schreibgeschützt.")),
        _ => Ok(()),
    }
}

/// One page of a list.
fn page(call: &Call<'_>, all: &[Value]) -> Result<Reply, Reply> {
    let start = call.query.number("start", 0)?;
    let limit = call.query.number("limit", 25)?.clamp(1, 1000);
    let values: Vec<&Value> = all.iter().skip(start).take(limit).collect();
    let end = start.saturating_add(values.len());
    let mut page = json!({
        "size": values.len(), "limit": limit, "start": start, "isLastPage": end >= all.len(), "values": values,
    });
    if end < all.len() {
        page["nextPageStart"] = end.into();
    }
    Ok(Reply::json(200, page))
}
