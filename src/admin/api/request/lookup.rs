//! Reading a path or a body, and the refusals that handlers share.

use actix_web::{error::PayloadError, web::Bytes};

use crate::{
    admin::{MAX_BODY, Problem},
    domain::SchemeId,
    log,
};

/// The id of a scheme. A text that can't be an id is treated as an unknown id.
///
/// # Errors
/// [`Problem::NotFound`] if it can't be an id.
pub(in crate::admin::api) fn known(id: &str) -> Result<SchemeId, Problem> {
    id.parse().map_err(|_| no_such(id))
}

/// No scheme has this id.
pub(in crate::admin::api) fn no_such(id: &str) -> Problem {
    Problem::NotFound { kind: "scheme", id: id.to_owned() }
}

/// The text of a body.
///
/// # Errors
/// [`Problem::TooLarge`] if it is too long, [`Problem::BadRequest`] if it is not UTF-8.
pub(in crate::admin::api) fn text(body: Result<Bytes, actix_web::Error>) -> Result<String, Problem> {
    let body = body.map_err(|error| match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => Problem::TooLarge(MAX_BODY),
        _ => Problem::BadRequest("the body can't be read; send it again".into()),
    })?;
    String::from_utf8(body.into()).map_err(|_| Problem::BadRequest("the body is not UTF-8; write it as UTF-8".into()))
}

/// The log can't be written now.
pub(in crate::admin::api) fn unavailable(error: &log::Error) -> Problem {
    Problem::Unavailable(error.to_string())
}
