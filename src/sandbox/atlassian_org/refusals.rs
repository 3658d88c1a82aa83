//! The forms in which the gateway, the Organizations API and the User management API refuse. The texts are in German,
//! so that a caller who goes by them fails here.

use serde_json::json;

use crate::sandbox::reply::{Body, Reply};

/// The Organizations API's form.
pub(super) fn error(status: u16, code: &str, detail: &str) -> Reply {
    let error = json!({
        "id": "8a0f5b1c-3f57-4d0e-9a51-7f4c2b1d6e90", "status": status.to_string(), "code": code,
        "title": "Abgelehnt", "detail": detail,
    });
    Reply::json(status, json!({ "errors": [error] }))
}

/// The same with the code that goes with the status.
pub(super) fn refused(status: u16, message: &str) -> Reply {
    let code = match status {
        400 => "ADMIN-400-24",
        403 => "ADMIN-403-3",
        404 => "ADMIN-404-1",
        409 => "ADMIN-409-28",
        429 => "ADMIN-429-1",
        _ => "ADMIN-500-1",
    };
    error(status, code, message)
}

/// The User management API's form.
pub(super) fn key(status: u16, key: &str) -> Reply {
    Reply::json(status, json!({ "key": key }))
}

/// `refusal` in the form that is used at `path`.
pub(super) fn at(path: &str, mut refusal: Reply) -> Reply {
    let own = refusal.as_json().is_some_and(|body| body.get("key").is_some());
    let key = match refusal.status {
        401 => "unauthorized",
        403 => "forbidden",
        404 => "accountNotFound",
        _ => "",
    };
    if path.starts_with("/users/") && !own {
        let gateway = json!({ "code": refusal.status, "message": "Abgelehnt" });
        refusal.body = Body::Json(if key.is_empty() { gateway } else { json!({ "key": key }) });
    } else if path.starts_with("/admin/v1/") && matches!(refusal.status, 401 | 429) {
        refusal.body = Body::Json(json!({ "code": refusal.status, "message": "Abgelehnt" }));
    }
    refusal
}
