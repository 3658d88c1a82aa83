//! Confluence Data Center, REST API, as far as usher uses it.
//!
//! Paths, statuses and bodies follow Atlassian's OpenAPI document of Confluence Data Center 10.0
//! (developer.atlassian.com/server/confluence/rest). It does not describe the fields of a user, or the answer for an
//! unknown name.

mod deletions;
mod group_json;
mod groups;
mod permissions;
mod users;

use actix_web::http::Method;

use crate::sandbox::{
    ADMIN_GROUP,
    api::{Api, Call, Route},
    audit, confluence,
    reply::Reply,
};

pub(in crate::sandbox) struct ConfluenceDc;

static ROUTES: &[Route] = &[
    Route::new(Method::GET, "/rest/api/user", users::get),
    Route::new(Method::GET, "/rest/api/user/current", users::current),
    Route::new(Method::GET, "/rest/api/user/list", users::list),
    Route::new(Method::GET, "/rest/api/user/memberof", users::groups),
    Route::adds(Method::PUT, "/rest/api/user/{username}/group/{groupName}", groups::add_member),
    Route::new(Method::DELETE, "/rest/api/user/{username}/group/{groupName}", groups::remove_member),
    Route::new(Method::GET, "/rest/api/group", groups::list),
    Route::new(Method::GET, "/rest/api/group/{groupName}", groups::get),
    Route::new(Method::GET, "/rest/api/group/{groupName}/member", groups::members),
    Route::new(Method::PUT, "/rest/api/admin/user/{username}/disable", |call| users::set_active(call, false)),
    Route::new(Method::PUT, "/rest/api/admin/user/{username}/enable", |call| users::set_active(call, true)),
    Route::new(Method::POST, "/rest/api/admin/user/{username}/password", users::set_password),
    Route::new(Method::DELETE, "/rest/api/admin/user/{username}", deletions::submit),
    Route::new(Method::GET, "/rest/api/longtask/{id}", deletions::get),
    Route::new(Method::GET, "/rest/api/permissions/group/{groupName}", permissions::of_group),
    Route::new(Method::GET, "/rest/api/permissions/user/{user}", permissions::of_user),
    Route::new(Method::PUT, "/rest/api/permissions/user/{user}/revoke", permissions::revoke),
    Route::new(Method::GET, "/rest/auditing/1.0/events", audit::data_center::events),
];

impl Api for ConfluenceDc {
    fn prefix(&self) -> &'static str {
        "/confluence-dc"
    }

    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn unauthorized(&self) -> Reply {
        confluence::refused(401, "Sie sind nicht angemeldet.")
            .header("X-AUSERNAME", "anonymous")
            .header("X-Seraph-LoginReason", "AUTHENTICATED_FAILED")
    }

    fn forbidden(&self) -> Reply {
        confluence::forbidden()
    }

    fn licence_full(&self, status: u16) -> Reply {
        confluence::refused(status, "Die Zahl der lizenzierten Benutzer ist erreicht.")
    }

    fn refused(&self, status: u16, message: &str) -> Reply {
        confluence::refused(status, message)
    }

    fn acting_id(&self) -> &'static str {
        "4028d0000000000000000000c0ffee00"
    }
}

/// 403 if the acting account does not administer the site: it is not in the group for that, although there is one.
fn for_administrators(call: &Call<'_>) -> Result<(), Reply> {
    let site = &call.editor.site;
    if site.acting_administers() || site.group(ADMIN_GROUP).is_none() { Ok(()) } else { Err(confluence::forbidden()) }
}
