//! The cookies of a session: set, read and taken away.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
};

use super::Session;
use crate::{console::Console, oidc::Attempt};

/// Over HTTPS. The prefix has browsers refuse it from any other host, path or an unencrypted page.
const SECURE: &str = "__Host-usher";
/// On a loopback listener without a public address.
const LOCAL: &str = "usher-session";

/// A sign-in by the identity provider that is under way; the same two.
const SECURE_ATTEMPT: &str = "__Host-usher-oidc";
const LOCAL_ATTEMPT: &str = "usher-oidc";

/// The cookies of a console.
pub(in crate::console) struct Cookies<'c>(pub(in crate::console) &'c Console);

impl Cookies<'_> {
    fn name(&self) -> &'static str {
        if self.0.origin().is_secure { SECURE } else { LOCAL }
    }

    /// The session that a request comes with, if this console sealed it.
    pub(in crate::console) fn session(&self, request: &HttpRequest) -> Option<Session> {
        value(request, self.name()).and_then(|sealed| self.0.keys().open(sealed))
    }

    /// The sign-in by the identity provider that the browser has begun.
    pub(super) fn attempt(&self, request: &HttpRequest) -> Option<Attempt> {
        value(request, self.attempt_name()).and_then(|sealed| self.0.keys().open(sealed))
    }

    /// Has the browser keep `session`.
    pub(in crate::console) fn keep(&self, session: &Session, response: &mut HttpResponse) {
        if let Some(sealed) = self.0.keys().seal(session) {
            self.set(self.name(), &sealed, "", response);
        }
    }

    /// Has the browser forget the session.
    pub(in crate::console) fn forget(&self, response: &mut HttpResponse) {
        self.set(self.name(), "", "; Max-Age=0", response);
    }

    /// Has the browser keep `attempt` for as long as it counts. There is one in a browser: the last one.
    pub(super) fn keep_attempt(&self, attempt: &Attempt, response: &mut HttpResponse) {
        if let Some(sealed) = self.0.keys().seal(attempt) {
            self.set(self.attempt_name(), &sealed, "; Max-Age=600", response);
        }
    }

    /// Has the browser forget the sign-in under way.
    pub(super) fn forget_attempt(&self, response: &mut HttpResponse) {
        self.set(self.attempt_name(), "", "; Max-Age=0", response);
    }

    fn attempt_name(&self) -> &'static str {
        if self.0.origin().is_secure { SECURE_ATTEMPT } else { LOCAL_ATTEMPT }
    }

    fn set(&self, name: &str, value: &str, more: &str, response: &mut HttpResponse) {
        let secure = if self.0.origin().is_secure { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}

/// The value of the cookie `name`; none if there are two of them, as then another page may have set one.
pub(in crate::console) fn value<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    let headers = request.headers().get_all(header::COOKIE).filter_map(|cookies| cookies.to_str().ok());
    let all = headers.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    let mut found = all.filter(|(other, _)| *other == name).map(|(_, value)| value);
    found.next().filter(|_| found.next().is_none())
}
