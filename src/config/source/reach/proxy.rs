//! The proxy on the way to a source.

use url::Url;

use crate::{
    config::{
        reader::{
            Reader,
            node::{Content, Node},
        },
        secret::ANY_SECRET,
        shape::{
            Part, Shape,
            key::Key,
            object::Object,
            texts::{Filled, Parsed, Text},
            values::AnyOf,
        },
        source::kept,
    },
    secret::Secret,
};

/// A forward proxy: plain HTTP goes through it as it is, HTTPS by a tunnel (`CONNECT`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its address; `http` or `https`, without credentials.
    pub url: Url,
    /// Its credentials, if it needs some.
    pub credentials: Option<ProxyCredentials>,
}

/// The account of usher at a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyCredentials {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

static ADDRESS: Parsed<Url> = Parsed {
    read: proxy_url,
    text: Text::PLAIN.matching("^\\s*[Hh][Tt]{2}[Pp][Ss]?:").like(&["http://proxy.example.com:3128"]),
};
static URL: Key<&Parsed<Url>> =
    Key::needed("url", EXAMPLE, "Where the proxy is, with its port; without credentials.", &ADDRESS);
static USERNAME: Key<Part<String>> = Key::needed(
    "username",
    "write `username: usher`, say, or the URL alone: `proxy: \"http://…\"`",
    "Who usher is to the proxy.",
    Part { read: user_name, described: &Filled(Text::ANY) },
);
static PASSWORD: Key<Part<Secret>> =
    Key::needed("password", "write `password: { env: NAME }`, say", "The password at the proxy.", ANY_SECRET);
static WITH_CREDENTIALS: Object =
    Object::new("Proxy", "A proxy that wants to know who is there.", || vec![&URL, &USERNAME, &PASSWORD]);

/// The value of `proxy`.
pub(in crate::config) static A_PROXY: AnyOf = AnyOf(&[&ADDRESS, &WITH_CREDENTIALS]);

/// Reads a source's `proxy`: a URL, or a URL with credentials.
pub(super) fn proxy(node: &Node, reader: &mut Reader<'_>) -> Option<Proxy> {
    if !matches!(node.content, Content::Map(_)) {
        return ADDRESS.read(node, reader).map(|url| Proxy { url, credentials: None });
    }
    let mut fields = WITH_CREDENTIALS.open(node, reader)?;
    let url = fields.needed(&URL, reader);
    let username = fields.needed(&USERNAME, reader);
    let password = fields.needed(&PASSWORD, reader);
    fields.done(reader);
    Some(Proxy { url: url?, credentials: Some(ProxyCredentials { username: username?, password: password? }) })
}

fn user_name(node: &Node, reader: &mut Reader<'_>) -> Option<String> {
    reader.kept_text(node, kept::PROXY_USERNAME).or_else(|| reader.filled(node).map(str::to_owned))
}

const EXAMPLE: &str = "write `url: \"http://proxy.example.com:3128\"`, say";

/// The text is not quoted in messages: it may hold credentials.
fn proxy_url(text: &str) -> Result<Url, String> {
    let example = "write `http://proxy.example.com:3128`, say";
    let url =
        Url::parse(text).map_err(|error| format!("this is not a URL: {}; {example}", crate::words::url(error)))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(format!("this is not the URL of an HTTP proxy; {example}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let instead = "write `proxy: { url: ..., username: ..., password: { env: NAME } }`";
        return Err(format!("credentials stand in this URL; {instead}"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("this URL goes on behind the port; {example}"));
    }
    Ok(url)
}
