//! Bodies of JSON, and the reason that some of them give.

use actix_web::web::Bytes;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::runtime::Handle;

use super::{lookup, work};
use crate::admin::api::Problem;

/// The highest length of a reason, in characters.
pub(in crate::admin::api) const MAX_REASON: usize = 1_000;

/// The body of a request, or why it could not be read.
pub(in crate::admin::api) type Body = Result<Bytes, actix_web::Error>;

/// A body with nothing but a reason.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin::api) struct Reason {
    reason: Option<String>,
}

impl Reason {
    /// The reason; none if there is none, or it is blank.
    ///
    /// # Errors
    /// [`Problem::BadRequest`] if it is too long.
    pub(in crate::admin::api) fn checked(self) -> Result<Option<String>, Problem> {
        checked_reason(self.reason)
    }
}

/// `reason`; none if it is blank.
///
/// # Errors
/// [`Problem::BadRequest`] if it is too long.
pub(crate) fn checked_reason(reason: Option<String>) -> Result<Option<String>, Problem> {
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > MAX_REASON) {
        return Err(Problem::BadRequest(format!("`reason` is longer than {MAX_REASON} characters; write less")));
    }
    Ok(reason)
}

/// The JSON in `body`; the default if `body` is empty or `null`.
///
/// # Errors
/// [`Problem::TooLarge`] if it is too long, [`Problem::BadRequest`] if it can't be understood.
pub(in crate::admin::api) async fn parsed<T: DeserializeOwned + Default + Send + 'static>(
    runtime: Handle,
    body: Body,
) -> Result<T, Problem> {
    let text = lookup::text(body)?;
    if text.trim().is_empty() {
        return Ok(T::default());
    }
    let unreadable = |error| Problem::BadRequest(format!("the body can't be understood: {error}"));
    let read = move || serde_json::from_str(&text).map(Option::unwrap_or_default).map_err(unreadable);
    work::done(runtime, read).await
}
