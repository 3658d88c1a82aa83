//! The HTTP client of a source's calls: its transport and its trusted authorities.

use std::time::Duration;

use reqwest::{
    Client, ClientBuilder, Proxy,
    header::{ACCEPT, HeaderMap, HeaderValue},
    redirect, retry,
};

use super::{
    limits::Limits,
    reach::{SystemNames, trusting},
};
use crate::{config::Transport, products::ConnectError};

/// A client that uses `transport`. It follows no redirect and retries nothing; it keeps connections and reuses them.
///
/// # Errors
/// [`ConnectError`] if the proxy or the certificates of `transport` can't be used, or no client can be made.
pub(crate) fn client(limits: Limits, transport: &Transport) -> Result<Client, ConnectError> {
    // Whoever comes first installs it; it is the same one everywhere in this process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = by_proxy(plain(limits), transport).map_err(|_| ConnectError::Proxy)?;
    let builder = match &transport.ca {
        Some(ca) => builder.tls_backend_preconfigured(trusting(ca).map_err(|_| ConnectError::Authorities)?),
        None => builder,
    };
    builder.build().map_err(|_| ConnectError::Client)
}

fn plain(limits: Limits) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("usher/", env!("CARGO_PKG_VERSION")))
        .default_headers(HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]))
        .connect_timeout(limits.connect)
        .timeout(limits.call)
        // Tomcat hangs up after 20 s; a call on a connection just closed would be lost for nothing.
        .pool_idle_timeout(Duration::from_secs(15))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        // Where the credentials go is told by the configuration, where everybody can see it, and by nothing else.
        .no_proxy()
        .dns_resolver(SystemNames)
}

fn by_proxy(builder: ClientBuilder, transport: &Transport) -> reqwest::Result<ClientBuilder> {
    let Some(through) = &transport.proxy else { return Ok(builder) };
    let proxy = Proxy::all(through.url.clone())?;
    Ok(builder.proxy(match &through.credentials {
        Some(known) => proxy.basic_auth(&known.username, known.password.reveal()),
        None => proxy,
    }))
}
