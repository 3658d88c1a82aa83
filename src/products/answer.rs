//! What an answer means: the one place where a status becomes an [`Error`].

use std::{fmt, time::Duration};

use bytes::Bytes;
use reqwest::{
    StatusCode,
    header::{HeaderMap, LOCATION},
};
use serde::de::{DeserializeOwned, IgnoredAny};
use url::Url;

use super::{Error, families::About, message};

/// What came back, whatever its status.
pub(super) struct Received {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A good answer.
pub(super) struct Answer {
    body: Bytes,
    headers: HeaderMap,
}

impl fmt::Debug for Answer {
    /// Neither the body nor the headers: both name people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("length", &self.body.len()).finish_non_exhaustive()
    }
}

impl Received {
    /// A good answer, or what the status means. `wait` is what the headers ask for; what names the user
    /// (`personal`) does not get into the error's text.
    pub fn judge(self, wait: Option<Duration>, personal: &[&str]) -> Result<Answer, Error> {
        let code = self.status.as_u16();
        let said = message::read(self.status, &self.body, personal);
        let (from_product, about) = (said.is_some(), said.as_ref().and_then(|said| said.about));
        let message = said.map_or_else(|| "not an answer of the product itself".to_owned(), |said| said.text);
        match code {
            429 => Err(Error::RateLimited { retry_after: wait }),
            // 408 and 425 are a 5xx by sense: it is the server or the way to it that was not ready.
            408 | 425 | 500..=599 => Err(Error::Unavailable { status: code, message, retry_after: wait }),
            403 if about == Some(About::One) => Err(Error::Refused { status: code, message }),
            // Not `Unauthorized`, which is weighed: reading may be allowed where changing is not.
            403 if about == Some(About::Usher) => Err(Error::Misconfigured(format!("{message} ({code})"))),
            401 | 403 => Err(Error::Unauthorized { status: code, message }),
            300..=399 => Err(Error::Unauthorized { status: code, message: self.redirected() }),
            _ if anonymous(&self.headers) => {
                Err(Error::Unauthorized { status: code, message: "the credentials are not accepted".to_owned() })
            }
            200..=299 => Ok(Answer { body: self.body, headers: self.headers }),
            // The page of a proxy, or of a product that is only starting, says nothing about a user or group.
            _ if !from_product => Err(Error::Unavailable { status: code, message, retry_after: wait }),
            _ => Err(Error::Refused { status: code, message }),
        }
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
    /// Reads the documented body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // The error's own text can quote the body; its place can't.
            let (line, column) = (error.line(), error.column());
            Error::Unreadable(format!("unexpected {:?} at line {line}, column {column}", error.classify()))
        })
    }

    /// For answers whose body does not matter: nothing or JSON, but not the log-in page of something in between.
    pub fn done(&self) -> Result<(), Error> {
        if self.body.is_empty() { Ok(()) } else { self.json::<IgnoredAny>().map(drop) }
    }

    /// A header, where it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Whether the product took the call for nobody's: Data Center answers a wrong token so, with a 200 or a 404 too.
fn anonymous(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| {
        headers.get_all(name).iter().any(|given| given.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
    };
    let failed = is("x-seraph-loginreason", "AUTHENTICATED_FAILED") && !is("x-seraph-loginreason", "OK");
    is("x-ausername", "anonymous") || failed
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::products::Disposition;

    fn judge(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Answer, Error> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect();
        let status = StatusCode::from_u16(status).unwrap();
        Received { status, headers, body: Bytes::from(body.to_owned()) }.judge(Some(Duration::from_secs(7)), &[])
    }

    fn disposition(status: u16, headers: &[(&str, &str)], body: &str) -> Option<Disposition> {
        judge(status, headers, body).err().map(|error| error.disposition())
    }

    #[test]
    fn every_status_says_what_to_do_next() {
        use Disposition::{Halt, ReadThenGiveUp, ReadThenRetry, Retry};
        let wait = Some(Duration::from_secs(7));
        for (statuses, expected) in [
            (&[200, 201, 202, 204][..], None),
            (&[429], Some(Retry(wait))),
            (&[408, 425, 500, 501, 502, 503, 504, 520, 599], Some(ReadThenRetry(wait))),
            (&[401, 403, 301, 302, 303, 304, 307, 308], Some(Halt)),
            (&[400, 402, 404, 405, 409, 410, 413, 415, 422, 431], Some(ReadThenGiveUp)),
        ] {
            for status in statuses {
                assert_eq!(disposition(*status, &[], "{}"), expected, "{status}");
                assert_eq!(disposition(*status, &[], ""), expected, "{status} without a body");
            }
        }
    }

    #[test]
    fn an_answer_to_nobody_is_a_refusal_of_the_credentials_unless_the_product_is_down() {
        let nobody = [("X-AUSERNAME", "anonymous")];
        for status in [200, 201, 400, 401, 403, 404] {
            assert_eq!(disposition(status, &nobody, "{}"), Some(Disposition::Halt), "{status}");
        }
        assert!(matches!(judge(503, &nobody, ""), Err(Error::Unavailable { .. })));
        assert!(matches!(judge(429, &nobody, ""), Err(Error::RateLimited { .. })));
        assert!(judge(200, &[("X-AUSERNAME", "jane")], "{}").is_ok());
    }

    #[test]
    fn a_user_who_is_managed_elsewhere_does_not_stop_the_source() {
        let body =
            r#"{"key":"forbidden.action","context":{"allowed":false,"reason":{"key":"externalDirectory.scim"}}}"#;
        let error = judge(403, &[], body).unwrap_err();
        assert_eq!(error.disposition(), Disposition::ReadThenGiveUp);
        assert!(error.to_string().ends_with("forbidden.action (externalDirectory.scim)"), "{error}");
        assert_eq!(disposition(401, &[], body), Some(Disposition::Halt));
    }

    #[test]
    fn a_failed_log_in_is_seen_also_where_the_answer_is_not_found() {
        let reason = "x-seraph-loginreason";
        assert_eq!(disposition(404, &[(reason, "AUTHENTICATED_FAILED")], "{}"), Some(Disposition::Halt));
        assert!(judge(200, &[(reason, "AUTHENTICATED_FAILED"), (reason, "OK")], "{}").is_ok());
    }

    #[test]
    fn a_proxys_page_does_not_pass_for_the_products_not_found() {
        let page = judge(404, &[], "<html>no context</html>").unwrap_err();
        assert!(matches!(page, Error::Unavailable { status: 404, .. }), "{page:?}");
    }

    #[test]
    fn a_redirect_names_the_other_host_and_nothing_else() {
        let to = "https://sso.example/login?user=jane%40acme.example";
        let error = judge(302, &[("location", to)], "").unwrap_err().to_string();
        assert!(error.contains("sso.example") && !error.contains("jane"), "{error}");
    }

    #[test]
    fn an_unreadable_body_is_not_quoted() {
        let error = judge(200, &[], r#"{"active":"jane@acme.example"}"#).unwrap().json::<Vec<u8>>().unwrap_err();
        assert!(matches!(&error, Error::Unreadable(text) if !text.contains("jane")), "{error:?}");
    }

    #[test]
    fn a_log_in_page_with_a_good_status_is_no_success() {
        assert!(judge(200, &[], "<html>please log in</html>").unwrap().done().is_err());
        assert!(judge(204, &[], "").unwrap().done().is_ok());
        assert!(judge(201, &[], r#"{"name":"g"}"#).unwrap().done().is_ok());
    }
}
