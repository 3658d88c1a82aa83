//! The HTTP client beneath a source's calls: by what way it goes, and whom it trusts there.

use std::time::Duration;

use reqwest::{
    Certificate, Client, Proxy,
    header::{ACCEPT, HeaderMap, HeaderValue},
    redirect, retry,
};

use super::{ConnectError, broken::innermost, limits::Limits};
use crate::config::Transport;

/// A client that goes by `transport`. It follows no redirect and tries nothing twice; connections are kept and used again.
pub(super) fn client(limits: Limits, transport: &Transport) -> Result<Client, ConnectError> {
    // Whoever comes first installs it; it is the same one everywhere in this process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    built(limits, transport).map_err(|error| ConnectError::Client(innermost(&error)))
}

fn built(limits: Limits, transport: &Transport) -> reqwest::Result<Client> {
    let mut builder = Client::builder()
        .user_agent(concat!("usher/", env!("CARGO_PKG_VERSION")))
        .default_headers(HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]))
        .connect_timeout(limits.connect)
        .timeout(limits.call)
        // Tomcat hangs up after 20 s; a call on a connection just closed would be lost for nothing.
        .pool_idle_timeout(Duration::from_secs(15))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        // Where the credentials go is told by the configuration, where everybody can see it, and by nothing else.
        .no_proxy();
    if let Some(through) = &transport.proxy {
        let proxy = Proxy::all(through.url.clone())?;
        builder = builder.proxy(match &through.credentials {
            Some(known) => proxy.basic_auth(&known.username, known.password.reveal()),
            None => proxy,
        });
    }
    if let Some(ca) = &transport.ca {
        let certificates: Vec<_> = ca.certificates().map(Certificate::from_der).collect::<Result<_, _>>()?;
        builder = builder.tls_certs_only(certificates);
    }
    builder.build()
}
