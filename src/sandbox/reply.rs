//! The answer of a simulated product.

use std::io;

use actix_web::{HttpResponse, body::SizedStream, http::StatusCode};
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};

/// Stands for half a surrogate, which no text can hold, until the answer is written.
pub(super) const HALF: char = '\u{e000}';

/// The body of an answer.
pub(super) enum Body {
    Json(Value),
    Text(&'static str),
    /// Of this type.
    Raw(&'static str, Vec<u8>),
    Empty,
}

/// An answer, before it is put on the wire.
pub(super) struct Reply {
    pub status: u16,
    pub body: Body,
    headers: Vec<(&'static str, String)>,
}

impl Reply {
    pub fn json(status: u16, body: Value) -> Self {
        Self { status, body: Body::Json(body), headers: Vec::new() }
    }

    /// An error in the form of Jira, which others share.
    pub fn error_messages(status: u16, message: &str) -> Self {
        Self::json(status, json!({ "errorMessages": [message], "errors": {} }))
    }

    pub fn text(status: u16, body: &'static str) -> Self {
        Self { status, body: Body::Text(body), headers: Vec::new() }
    }

    pub fn empty(status: u16) -> Self {
        Self { status, body: Body::Empty, headers: Vec::new() }
    }

    /// Any bytes, of the type `kind`.
    pub fn raw(status: u16, kind: &'static str, bytes: Vec<u8>) -> Self {
        Self { status, body: Body::Raw(kind, bytes), headers: Vec::new() }
    }

    /// The bytes of the body.
    pub fn bytes(&self) -> Vec<u8> {
        match &self.body {
            Body::Json(value) => value.to_string().into_bytes(),
            Body::Text(text) => text.as_bytes().to_vec(),
            Body::Raw(_, bytes) => bytes.clone(),
            Body::Empty => Vec::new(),
        }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn headers(mut self, more: Vec<(&'static str, String)>) -> Self {
        self.headers.extend(more);
        self
    }

    /// The body, if it is JSON.
    pub fn as_json(&self) -> Option<&Value> {
        match &self.body {
            Body::Json(value) => Some(value),
            Body::Text(_) | Body::Raw(..) | Body::Empty => None,
        }
    }

    /// The response for actix; an invalid status becomes 500.
    pub fn into_response(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        for (name, value) in self.headers {
            response.insert_header((name, value));
        }
        match self.body {
            Body::Json(value) => response.content_type("application/json;charset=UTF-8").body(
                // Half a surrogate can be written in JSON, and in no text.
                value.to_string().replace(HALF, "\\ud83d"),
            ),
            Body::Text(text) => response.content_type("text/html;charset=UTF-8").body(text),
            Body::Raw(kind, bytes) => response.content_type(kind).body(bytes),
            Body::Empty => response.finish(),
        }
    }
}

/// A response that is never sent: its body fails before the head is flushed, and actix ends the connection.
pub(super) fn cut() -> HttpResponse {
    let failure = stream::once(async { Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionAborted)) });
    HttpResponse::Ok().body(SizedStream::new(1, failure))
}
