//! The cookies of a session: set, read and taken away.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
};

use super::Session;
use crate::console::Console;

/// Over HTTPS. The prefix has browsers refuse it from any other host, path or an unencrypted page.
const SECURE: &str = "__Host-usher";
/// On a loopback listener without a public address.
const LOCAL: &str = "usher-session";

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

    /// Has the browser keep `session`.
    pub(in crate::console) fn keep(&self, session: &Session, response: &mut HttpResponse) {
        if let Some(sealed) = self.0.keys().seal(session) {
            self.set(&sealed, "", response);
        }
    }

    /// Has the browser forget the session.
    pub(in crate::console) fn forget(&self, response: &mut HttpResponse) {
        self.set("", "; Max-Age=0", response);
    }

    fn set(&self, value: &str, more: &str, response: &mut HttpResponse) {
        let secure = if self.0.origin().is_secure { "; Secure" } else { "" };
        let cookie = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}", self.name());
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
