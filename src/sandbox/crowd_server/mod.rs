//! Crowd, REST API `usermanagement`, as far as usher uses it. The application has the name of the other sites' acting
//! account; the user with that name is an ordinary user.
//!
//! There is no public document of this API. Paths, bodies and reasons follow Crowd's own Java client
//! (`RestCrowdClient`), its examples of answers, and the REST reference on developer.atlassian.com/server/crowd/rest.

mod groups;
mod users;

use actix_web::http::Method;
use serde_json::json;

use super::{
    ACCOUNT, TOKEN,
    api::{Api, Call, Route, basic},
    reply::Reply,
    world::people::Serial,
};
use crate::{config::Auth, secret::Secret};

pub(super) struct Crowd;

static ROUTES: &[Route] = &[
    Route::new(Method::GET, "/rest/usermanagement/1/user", users::get),
    Route::new(Method::PUT, "/rest/usermanagement/1/user", users::replace),
    Route::new(Method::DELETE, "/rest/usermanagement/1/user", users::delete),
    Route::new(Method::POST, "/rest/usermanagement/1/user/rename", users::rename),
    Route::new(Method::PUT, "/rest/usermanagement/1/user/password", users::set_password),
    Route::new(Method::POST, "/rest/usermanagement/1/user/mail/password", users::send_link),
    Route::new(Method::GET, "/rest/usermanagement/1/user/group/direct", groups::of_user),
    Route::new(Method::GET, "/rest/usermanagement/1/group", groups::get),
    Route::adds(Method::POST, "/rest/usermanagement/1/group/user/direct", groups::add_member),
    Route::new(Method::DELETE, "/rest/usermanagement/1/group/user/direct", groups::remove_member),
    Route::new(Method::GET, "/rest/usermanagement/1/group/user/direct", groups::members),
    Route::new(Method::GET, "/rest/usermanagement/1/group/user/nested", groups::members),
    Route::new(Method::GET, "/rest/usermanagement/1/search", search),
];

impl Api for Crowd {
    fn prefix(&self) -> &'static str {
        "/crowd"
    }

    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    /// The application's name and password.
    fn accepts(&self, authorization: &str) -> bool {
        authorization == basic(ACCOUNT, TOKEN)
    }

    /// No JSON, as everything that comes before the API.
    fn unauthorized(&self) -> Reply {
        Reply::text(401, "Die Anwendung konnte nicht angemeldet werden.")
    }

    fn forbidden(&self) -> Reply {
        refused(403, "APPLICATION_PERMISSION_DENIED", "Die Anwendung darf das nicht.")
    }

    fn licence_full(&self, status: u16) -> Reply {
        refused(status, "OPERATION_FAILED", "Die Zahl der lizenzierten Benutzer ist erreicht.")
    }

    fn refused(&self, status: u16, message: &str) -> Reply {
        refused(status, "OPERATION_FAILED", message)
    }

    /// The application has no permission in the directory.
    fn read_only(&self) -> Reply {
        self.forbidden()
    }

    fn auth(&self) -> Auth {
        Auth::Basic { username: ACCOUNT.to_owned(), password: Secret::new(TOKEN) }
    }

    fn acting_id(&self) -> &'static str {
        "32769:0000-usher"
    }
}

/// Crowd's error body.
fn refused(status: u16, reason: &str, message: &str) -> Reply {
    Reply::json(status, json!({ "reason": reason, "message": message }))
}

fn no_such_user(status: u16) -> Reply {
    refused(status, "USER_NOT_FOUND", "Dieser Benutzer ist nicht vorhanden.")
}

fn no_such_group() -> Reply {
    refused(404, "GROUP_NOT_FOUND", "Diese Gruppe ist nicht vorhanden.")
}

/// The user that `username` names, or 404.
fn named(call: &Call<'_>) -> Result<Serial, Reply> {
    let name = call.query.get("username").unwrap_or_default();
    call.editor.site.by_name(name).ok_or_else(|| no_such_user(404))
}

/// Users or groups, page by page.
fn search(call: &mut Call<'_>) -> Result<Reply, Reply> {
    match call.query.get("entity-type") {
        Some("user") => users::list(call),
        Some("group") => groups::find(call),
        _ => Err(refused(400, "ILLEGAL_ARGUMENT", "Der Parameter \"entity-type\" fehlt.")),
    }
}

/// The requested part of a list: the number of skipped items, and the highest number of items.
fn part(call: &Call<'_>) -> Result<(usize, usize), Reply> {
    Ok((call.query.number("start-index", 0)?, call.query.number("max-results", 1000)?))
}
