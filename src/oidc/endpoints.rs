//! The provider's own description (OpenID Connect Discovery 1.0): where to send people and calls.

use serde::Deserialize;
use url::{Host, Url};

use super::{Error, http::away};

/// The places of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoints {
    /// People sign in there.
    pub(super) authorization: Url,
    /// Codes are exchanged there.
    pub(super) token: Url,
    /// The keys of signatures.
    pub(super) keys: Url,
    /// Whether the client's password goes into the form instead of the header.
    pub(super) secret_in_form: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// The address of the description of `issuer`.
///
/// # Errors
/// [`Error::Away`] if `issuer` is no URL, which the configuration refuses before.
pub(super) fn address(issuer: &str) -> Result<Url, Error> {
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    Url::parse(&address).map_err(|_| Error::Away("the issuer is not a URL".to_owned()))
}

impl Endpoints {
    /// Reads the description at `from`, which has to be that of `issuer`.
    ///
    /// # Errors
    /// [`Error::Away`] if it is not, or it names places that usher can't use.
    pub(super) fn read(text: &[u8], issuer: &str, from: &Url) -> Result<Self, Error> {
        let document: Document = serde_json::from_slice(text).map_err(|error| {
            away(from, &format!("this does not describe a provider: {}", crate::words::json(&error)))
        })?;
        // Otherwise one issuer could speak for another one (Discovery 1.0, 4.3).
        if document.issuer != issuer {
            let found = crate::printable::on_one_line(&document.issuer.chars().take(200).collect::<String>());
            let why = format!(
                "the provider calls itself `{found}`, and `admin.oidc.issuer` is `{issuer}`; both have to be the same, to the last `/`"
            );
            return Err(away(from, &why));
        }
        let Document { authorization_endpoint, token_endpoint, jwks_uri, .. } = &document;
        for (name, url) in [
            ("authorization_endpoint", authorization_endpoint),
            ("token_endpoint", token_endpoint),
            ("jwks_uri", jwks_uri),
        ] {
            if !may_be_asked(url, from) {
                return Err(away(from, &format!("`{name}` is not an https address without user name and password")));
            }
        }
        let secret_in_form = secret_in_form(document.token_endpoint_auth_methods_supported.as_deref(), from)?;
        Ok(Self {
            authorization: document.authorization_endpoint,
            token: document.token_endpoint,
            keys: document.jwks_uri,
            secret_in_form,
        })
    }
}

/// Plain HTTP is for a provider on this machine alone, which then names places on this machine.
fn may_be_asked(url: &Url, from: &Url) -> bool {
    let is_here = |url: &Url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    let is_sealed = url.scheme() == "https" || (url.scheme() == "http" && from.scheme() == "http" && is_here(url));
    url.host().is_some() && is_sealed && !has_credentials
}

/// The header is the default (Discovery 1.0, 3).
fn secret_in_form(methods: Option<&[String]>, from: &Url) -> Result<bool, Error> {
    let Some(methods) = methods else { return Ok(false) };
    let has = |method: &str| methods.iter().any(|one| one == method);
    match (has("client_secret_basic"), has("client_secret_post")) {
        (true, _) => Ok(false),
        (false, true) => Ok(true),
        (false, false) => Err(away(from, "the provider takes neither `client_secret_basic` nor `client_secret_post`")),
    }
}
