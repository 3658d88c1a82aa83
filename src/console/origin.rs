//! The address at which browsers meet the console. Forms come from there and from nowhere else.

use std::net::SocketAddr;

use actix_web::http::header::{self, HeaderMap};
use url::Url;

/// The place of the console, as browsers see it.
#[derive(Debug)]
pub(super) struct Origin {
    /// The texts that a browser writes as `Origin`.
    accepted: Vec<String>,
    /// Whether cookies are sent over HTTPS only.
    pub(super) is_secure: bool,
    /// Whether nothing says that browsers come over HTTPS, although other machines reach this listener.
    pub(super) needs_https: bool,
}

impl Origin {
    /// The origin of `public_url`; otherwise of a listener at `address`.
    pub(super) fn new(public_url: Option<&Url>, address: SocketAddr) -> Self {
        let is_loopback = address.ip().to_canonical().is_loopback();
        if let Some(url) = public_url {
            let accepted = vec![url.origin().ascii_serialization()];
            return Self { accepted, is_secure: url.scheme() == "https", needs_https: false };
        }
        let mut accepted = vec![format!("http://{address}")];
        if is_loopback {
            accepted.push(format!("http://localhost:{}", address.port()));
        }
        Self { accepted, is_secure: !is_loopback, needs_https: !is_loopback }
    }

    /// The whole address of a page.
    pub(super) fn address_of(&self, path: &str) -> Option<Url> {
        Url::parse(self.accepted.first()?).ok()?.join(path).ok()
    }

    /// Whether a form was sent by a page of this console, as the browser says. Without a word of the browser it was not.
    pub(super) fn sent(&self, headers: &HeaderMap) -> bool {
        let mut said = headers.get_all("sec-fetch-site");
        match (said.next(), said.next()) {
            (Some(site), None) => site == "same-origin",
            (Some(_), Some(_)) => false,
            (None, _) => {
                let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
                origin.is_some_and(|origin| self.accepted.iter().any(|own| own == origin))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn sent(origin: &Origin, headers: &[(&'static str, &'static str)]) -> bool {
        let request = headers.iter().fold(TestRequest::post(), |request, header| request.append_header(*header));
        origin.sent(request.to_http_request().headers())
    }

    #[test]
    fn the_whole_address_of_a_page_is_where_browsers_meet_it() {
        let address: SocketAddr = "127.0.0.1:8081".parse().expect("an address");
        let of = |public: Option<&str>| {
            let public = public.map(|url| url.parse().expect("an address"));
            Origin::new(public.as_ref(), address).address_of("/sign-in").map(|url| url.to_string())
        };
        assert_eq!(of(None).as_deref(), Some("http://127.0.0.1:8081/sign-in"));
        assert_eq!(of(Some("https://usher.acme.example/")).as_deref(), Some("https://usher.acme.example/sign-in"));
    }

    #[test]
    fn a_form_is_taken_from_the_console_itself_and_from_nowhere_else() {
        let address: SocketAddr = "127.0.0.1:8081".parse().expect("an address");
        let own = Origin::new(None, address);
        assert!(!own.is_secure && !own.needs_https);
        for good in [
            &[("sec-fetch-site", "same-origin")][..],
            &[("origin", "http://127.0.0.1:8081")],
            &[("origin", "http://localhost:8081")],
        ] {
            assert!(sent(&own, good), "{good:?}");
        }
        for bad in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8081")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[("origin", "http://127.0.0.1:8082")],
            &[("origin", "https://127.0.0.1:8081")],
            &[("origin", "http://127.0.0.1:8081.evil.example")],
            &[("origin", "null")],
        ] {
            assert!(!sent(&own, bad), "{bad:?}");
        }
    }

    #[test]
    fn behind_a_proxy_the_public_address_is_the_only_one() {
        let address: SocketAddr = "0.0.0.0:8081".parse().expect("an address");
        let public = "https://usher.acme.example/".parse().expect("an address");
        let origin = Origin::new(Some(&public), address);
        assert!(origin.is_secure && sent(&origin, &[("origin", "https://usher.acme.example")]));
        for bad in ["http://usher.acme.example", "https://usher.acme.example:8443", "http://0.0.0.0:8081"] {
            assert!(!sent(&origin, &[("origin", bad)]), "{bad}");
        }
        assert!(Origin::new(None, address).is_secure, "other machines reach it");
        assert!(Origin::new(None, address).needs_https);
    }
}
