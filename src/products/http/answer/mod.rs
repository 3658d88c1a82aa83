//! The meaning of answers: the one place at which a status becomes an [`Error`].

use std::{borrow::Cow, fmt, time::Duration};

use bytes::Bytes;
use percent_encoding::percent_decode;
use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderValue, LOCATION},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::{
    error_bodies::About,
    foreign::{self, Came, Foreign},
    message::{self, Message},
};
use crate::{
    domain::Product,
    products::{
        Error,
        listing::records::{self, Record},
    },
};

/// A mark that some servers put before their text. JSON has none.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether `status` and `headers` are not enough if the body can't be read: it would look like an empty refusal.
pub(in crate::products) fn needs_its_body(status: StatusCode, headers: &HeaderMap) -> bool {
    match status.as_u16() {
        401 | 408 | 425 | 429 => false,
        400..=499 => !anonymous(headers),
        _ => status.is_success(),
    }
}

/// An answer with any status.
pub(in crate::products) struct Received {
    pub product: Product,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A good answer.
pub(in crate::products) struct Answer {
    product: Product,
    status: u16,
    body: Bytes,
    headers: HeaderMap,
}

/// Whether there is what a call `asked` for: by an answer in the form of `T`, or by 404.
///
/// # Errors
/// Any other error of the call; that of [`Answer::json`].
pub(in crate::products) fn is_there<T: DeserializeOwned>(asked: Result<Answer, Error>) -> Result<bool, Error> {
    match asked {
        Ok(answer) => answer.json::<T>().map(|_| true),
        Err(Error::Refused { status: 404, .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

impl fmt::Debug for Answer {
    /// Neither the body nor the headers: both name people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("length", &self.body.len()).finish_non_exhaustive()
    }
}

impl Received {
    /// A good answer, or the error of its status. `wait` is the wait that the headers ask for. The error's text does
    /// not contain the user's names (`personal`).
    ///
    /// # Errors
    /// [`Error::RateLimited`] for 429; [`Error::Unauthorized`] for 401, redirects, answers to an anonymous caller and a
    /// 403 that is about usher; [`Error::Misconfigured`] for a 403 about one right of usher's; [`Error::Unavailable`] for
    /// 408, 425 and 5xx; [`Error::Refused`] for any other 4xx. If it is not the product's own answer:
    /// [`Error::Intercepted`].
    pub fn judge(self, wait: Option<Duration>, personal: &[&str]) -> Result<Answer, Error> {
        match self.status.as_u16() {
            429 => Err(Error::RateLimited { retry_after: wait }),
            300..=399 => Err(Error::Unauthorized { status: self.status.as_u16(), message: self.redirected() }),
            status @ 200..=299 if !anonymous(&self.headers) => {
                Ok(Answer { product: self.product, status, body: self.body, headers: self.headers })
            }
            _ => Err(self.refusal(wait, personal)),
        }
    }

    fn refusal(self, wait: Option<Duration>, personal: &[&str]) -> Error {
        let status = self.status.as_u16();
        if status < 500 && wants_captcha(&self.headers) {
            return Error::Unauthorized { status, message: CAPTCHA.to_owned() };
        }
        let said = message::read(self.product, self.status, &self.headers, without_mark(&self.body), personal);
        match (status, said) {
            // 408 and 425 are a 5xx by sense: it is the server or the way to it that was not ready.
            (408 | 425 | 500.., Some(Message { text: message, .. })) => {
                Error::Unavailable { status, message, retry_after: wait }
            }
            (408 | 425 | 500.., None) => self.intercepted(wait),
            // Products explain a 403, and a 404 that is about a user or a group. A firewall, or a proxy without a route, may say
            // nothing at all.
            (403 | 404, Some(_)) if self.body.trim_ascii().is_empty() && !foreign::has_own_headers(&self.headers) => {
                self.intercepted(wait)
            }
            (403, Some(Message { text: message, about: Some(About::One) })) => Error::Refused { status, message },
            // Not `Unauthorized`, which is weighed: reading may be allowed where changing is not.
            (403, Some(Message { text, about: Some(About::Usher) })) => {
                Error::Misconfigured(format!("{text} ({status})"))
            }
            // Products answer 401 with pages too. Also a gateway's 401 is about credentials.
            (401, said) => Error::Unauthorized { status, message: said.map_or_else(not_json, |said| said.text) },
            (403, Some(Message { text: message, .. })) => Error::Unauthorized { status, message },
            (403, None) if self.is_crowds_refusal() || foreign::has_own_headers(&self.headers) => {
                Error::Unauthorized { status, message: not_json() }
            }
            _ if anonymous(&self.headers) => {
                Error::Unauthorized { status, message: "the credentials are not accepted".to_owned() }
            }
            (400..=499, Some(Message { text: message, .. })) => Error::Refused { status, message },
            _ => self.intercepted(wait),
        }
    }

    fn intercepted(&self, wait: Option<Duration>) -> Error {
        let came = match serde_json::from_slice::<Value>(without_mark(&self.body)) {
            Ok(_) => Came::OtherJson,
            Err(error) => Came::of(&self.headers, &self.body, &error),
        };
        let instead = Foreign { came, product: self.product };
        Error::Intercepted { status: self.status.as_u16(), instead, retry_after: wait }
    }

    /// Crowd refuses an application's address in plain text.
    fn is_crowds_refusal(&self) -> bool {
        self.product == Product::Crowd && !matches!(self.body.trim_ascii(), [] | [b'<' | b'{' | b'[', ..])
    }

    /// Redirects are not followed: the credentials are for the configured address alone. Mostly it is a log-in page.
    fn redirected(&self) -> String {
        let location = self.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        match location.and_then(|to| Url::parse(to).ok()).as_ref().and_then(Url::host_str) {
            Some(host) => format!("redirected to {host}, which is not followed; check base_url and the credentials"),
            None => "redirected, which is not followed; check base_url and the credentials".to_owned(),
        }
    }
}

impl Answer {
    /// Reads the documented body, whatever type the headers give it: some versions of Jira send JSON as `text/html`.
    ///
    /// # Errors
    /// [`Error::Intercepted`] if the body is not the documented JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let body = without_mark(&self.body);
        // The error's own text can quote the body. Its kind can't.
        serde_json::from_slice(body).map_err(|error| self.intercepted(Came::of(&self.headers, body, &error)))
    }

    /// Reads the documented body, which is one record and `is_whole`. Where fields can't be read it may do without them.
    ///
    /// # Errors
    ///
    /// [`Error::Intercepted`] where it is no such record.
    pub fn record<T: Record>(&self, is_whole: impl FnOnce(&T) -> bool) -> Result<T, Error> {
        match self.json::<T>() {
            Ok(record) if is_whole(&record) => Ok(record),
            Ok(_) => Err(self.of_other_form()),
            Err(error) => str::from_utf8(&self.body).ok().and_then(records::read).ok_or(error),
        }
    }

    /// Checks the answer to a change that is documented to have no body. JSON is accepted too, because versions differ.
    /// A page is not, and neither is empty JSON, as gateways send it.
    ///
    /// # Errors
    /// [`Error::Intercepted`] if the body is neither empty nor JSON of the product's.
    pub fn done(&self) -> Result<(), Error> {
        if self.body.trim_ascii().is_empty() {
            return Ok(());
        }
        match self.json::<Value>()? {
            Value::Object(told) if told.keys().any(|name| !OF_GATEWAYS.contains(&name.as_str())) => Ok(()),
            _ => Err(self.of_other_form()),
        }
    }

    /// The error for readable JSON that is not in the documented form.
    pub fn of_other_form(&self) -> Error {
        self.intercepted(Came::OtherJson)
    }

    fn intercepted(&self, came: Came) -> Error {
        let instead = Foreign { came, product: self.product };
        Error::Intercepted { status: self.status, instead, retry_after: None }
    }

    /// A header, if it is present and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header with a name in it, which is percent-encoded.
    pub fn name(&self, header: &str) -> Option<String> {
        let name = decoded(self.headers.get(header)?).trim().to_owned();
        (!name.is_empty()).then_some(name)
    }
}

/// The fields of a gateway's own answers.
const OF_GATEWAYS: [&str; 6] = ["message", "error", "code", "status", "request_id", "requestId"];

fn not_json() -> String {
    "without an explanation of the product's own".to_owned()
}

fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)
}

/// The remedy for a CAPTCHA.
const CAPTCHA: &str = "after too many failed log-ins it wants usher's account to solve a CAPTCHA, which usher can't; check the \
                       credentials in `auth`, then log in once in a browser as that account, or have an administrator reset its \
                       count of failed log-ins";

/// Whether the account has to solve a CAPTCHA first. The header has the address of the log-in page after the reason.
fn wants_captcha(headers: &HeaderMap) -> bool {
    let denied = headers.get_all("x-authentication-denied-reason").iter();
    denied.map(decoded).any(|reason| reason.trim_start().to_ascii_uppercase().starts_with("CAPTCHA"))
        || has(headers, "x-seraph-loginreason", "AUTHENTICATION_DENIED")
}

/// Whether the product treated the call as anonymous. Data Center answers a wrong token in this way, also with a 200 or
/// a 404.
fn anonymous(headers: &HeaderMap) -> bool {
    let reason = |reason| has(headers, "x-seraph-loginreason", reason);
    let failed = reason("AUTHENTICATED_FAILED") && !reason("OK");
    has(headers, "x-ausername", "anonymous") || failed || wants_captcha(headers)
}

fn has(headers: &HeaderMap, name: &str, value: &str) -> bool {
    headers.get_all(name).iter().any(|given| decoded(given).trim().eq_ignore_ascii_case(value))
}

/// A header's value. Names in it are percent-encoded, as headers have no letters beyond ASCII.
fn decoded(value: &HeaderValue) -> Cow<'_, str> {
    percent_decode(value.as_bytes()).decode_utf8_lossy()
}

#[cfg(test)]
mod tests;
