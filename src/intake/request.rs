//! The request of a delivery: the parts of its head that matter.

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
};

use super::Proof;

/// The headers of deliveries; a name that is made once is not read anew for each request.
static SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature");
pub(super) static IDENTIFIER: HeaderName = HeaderName::from_static("x-atlassian-webhook-identifier");
static EVENT_KEY: HeaderName = HeaderName::from_static("x-event-key");
pub(super) static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The parts of the request that may prove its sender.
pub(super) fn proof_of(request: &HttpRequest) -> Proof<'_> {
    let bytes = |name: &HeaderName| request.headers().get(name).map(header::HeaderValue::as_bytes);
    Proof {
        signature: bytes(&SIGNATURE),
        authorization: bytes(&header::AUTHORIZATION),
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.query_string(),
    }
}

/// A header's text, if it is not empty.
pub(super) fn text_of<'r>(request: &'r HttpRequest, name: &HeaderName) -> Option<&'r str> {
    request.headers().get(name)?.to_str().ok().filter(|text| !text.is_empty())
}

/// A missing content type is not another one: the signature is what counts.
pub(super) fn is_json(request: &HttpRequest) -> bool {
    let Some(kind) = request.headers().get(header::CONTENT_TYPE) else { return true };
    let essence = kind.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

/// The length that the request announces for its body, in bytes.
pub(super) fn announced_length(request: &HttpRequest) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether it is a "Test connection" of Bitbucket and Confluence, which may come unsigned. It is recognised by a header
/// or by exactly these bytes, so that nothing unverified is parsed. It is answered in the same way for every path.
pub(super) fn is_ping(request: &HttpRequest, body: &[u8]) -> bool {
    let by_header = request.headers().get(&EVENT_KEY).is_some_and(|key| key == "diagnostics:ping");
    by_header || body.iter().filter(|byte| !byte.is_ascii_whitespace()).eq(br#"{"test":true}"#)
}
