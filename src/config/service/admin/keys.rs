//! The keys of `admin`.

use std::net::SocketAddr;

use url::Url;

use super::{Oidc, Session, oidc, session, tokens};
use crate::{
    config::{
        secret::HEADER_SECRET,
        service::listeners::{ADDRESS, local},
        shape::{
            Part,
            key::{Key, Or},
            lists::List,
            object::Object,
            texts::{Parsed, Text},
            values::as_json,
        },
        source::reach::address::is_shown_on_the_way,
    },
    secret::Secret,
};

pub(super) static LISTEN: Or<Parsed<SocketAddr>> = Or::new(
    "listen",
    "IP address and port for administrators and probes; not that of `webhooks`. There is no TLS here.",
    ADDRESS,
    || local(8081),
    as_json,
);
pub(super) static TOKEN: Key<Part<Secret>> = Key::new(
    "token",
    "The bearer token of the API with the name and the role `admin`. Left out: usher makes one and keeps it in `data_dir/admin-token`.",
    HEADER_SECRET,
);
pub(super) static TOKENS: Key<List> =
    Key::new("tokens", "Further tokens, each with a name and a role. Left out: none.", List::of(&tokens::TOKEN));
pub(super) static PUBLIC_URL: Key<Parsed<Url>> = Key::new(
    "public_url",
    "Where people reach the console: scheme and host, with the port where there is one. For links, and to know requests of other sites. Left out: there are no links.",
    Parsed { read: public_url, text: Text::PLAIN.like(&["https://usher.example.com"]) },
);
pub(super) static SESSION: Key<Part<Session>> = Key::new(
    "session",
    "The sessions of people who signed in to the console.",
    Part { read: session::session, described: &session::SESSION },
);
pub(super) static OIDC: Key<Part<Oidc>> = Key::new(
    "oidc",
    "An identity provider by which people sign in to the console. Left out: they sign in with tokens.",
    Part { read: oidc::oidc, described: &oidc::OIDC },
);
/// The value of `admin`.
pub(in crate::config) static ADMIN: Object =
    Object::new("Admin", "The private listener: health, metrics, API, and who is let in.", || {
        vec![&LISTEN, &TOKEN, &TOKENS, &PUBLIC_URL, &SESSION, &OIDC]
    });

/// The text is not quoted in messages: it may hold credentials.
fn public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| {
        format!("this is not a URL: {}; write `https://usher.example.com`, say", crate::words::url(error))
    })?;
    if url.host_str().is_none() || !matches!(url.scheme(), "http" | "https") {
        return Err("this URL is not one of HTTP; write `https://usher.example.com`, say".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials stand in this URL; take them out".to_owned());
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("this URL goes on after the host; write it up to there: the console is at its root".to_owned());
    }
    if is_shown_on_the_way(&url) {
        return Err("sessions could be read on the way in plain http; write `https://`".to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_url_is_a_scheme_and_a_host_and_can_not_be_read_on_the_way() {
        for good in ["https://usher.example.com", "https://usher.example.com:8443/", "http://127.0.0.1:8081"] {
            assert!(public_url(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("usher.example.com", "not a URL"),
            ("ftp://usher.example.com", "not one of HTTP"),
            ("https://ann:s3cret@usher.example.com", "credentials"),
            ("https://usher.example.com/usher", "after the host"),
            ("https://usher.example.com/?a", "after the host"),
            ("http://usher.example.com", "write `https://`"),
        ] {
            let refused = public_url(bad).expect_err(bad);
            assert!(refused.contains(why) && !refused.contains("s3cret"), "{bad}: {refused}");
        }
    }
}
