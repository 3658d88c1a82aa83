//! Headers that requests may have, as the document of the API describes them.

use utoipa::IntoParams;

use crate::admin::api::schemas;

/// The person who asks.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "a description only: headers are read in `headers`")]
pub(in crate::admin::api) struct Named {
    /// The person for whom the token acts, for the record.
    #[param(rename = "X-Usher-Actor", value_type = schemas::Who, inline, required = false)]
    actor: Option<String>,
}

/// The key with which a request may be sent again.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "a description only: headers are read in `headers`")]
pub(in crate::admin::api) struct Repeatable {
    /// Chosen by the caller, for this request alone. Sent again within 24 hours with the same key, it leads to the same
    /// run.
    #[param(rename = "Idempotency-Key", value_type = schemas::RequestKey, inline, required = false)]
    key: Option<String>,
}

/// The version that must not have been changed, if one is given.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "a description only: headers are read in `headers`")]
pub(in crate::admin::api) struct IfUnchanged {
    /// The `ETag` with which it was read; without it, whatever is there is changed.
    #[param(rename = "If-Match", value_type = schemas::Tags, inline, required = false)]
    if_match: Option<String>,
}

/// The version that must not have been changed.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "a description only: headers are read in `headers`")]
pub(in crate::admin::api) struct Unchanged {
    /// The `ETag` of the answer in which the scheme was read, or `*` for whatever is there.
    #[param(rename = "If-Match", value_type = schemas::Tags, inline, required = true)]
    if_match: String,
}
