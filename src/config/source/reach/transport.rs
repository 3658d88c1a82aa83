//! The way to a source: the proxy, and the trusted authorities of its certificate.

use url::Url;

use super::{
    address::is_shown_on_the_way,
    authorities::Authorities,
    proxy::{Proxy, proxy},
};
use crate::config::{
    reader::{Reader, node::Node},
    shape::fields::Fields,
    source::keys::{CA, PROXY},
};

/// The way to a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transport {
    /// The proxy that every call goes through; none: they go straight. The environment's proxies are not looked at.
    pub proxy: Option<Proxy>,
    /// The authorities of the source's certificate; none: those that the machine trusts.
    pub ca: Option<Authorities>,
}

/// Reads a source's `proxy` and `ca`; the source is at `base_url`, if that can be read.
pub(in crate::config) fn transport(
    fields: &mut Fields<'_>,
    base_url: Option<&Url>,
    reader: &mut Reader<'_>,
) -> Option<Transport> {
    let proxy = fields.or_else(&PROXY, None, |node| {
        base_url.map_or(Some(()), |base_url| shown_to_proxy(node, base_url, reader))?;
        proxy(node, reader).map(Some)
    });
    let ca = fields.optional(&CA, reader);
    Some(Transport { proxy: proxy?, ca: ca? })
}

/// With plain HTTP a proxy can read everything. If `plain_http` names the host, the administrator wants that. This
/// machine needs no entry in `plain_http`, but does behind a proxy.
fn shown_to_proxy(node: &Node, base_url: &Url, reader: &mut Reader<'_>) -> Option<()> {
    if base_url.scheme() != "http" {
        return Some(());
    }
    if !is_shown_on_the_way(base_url) {
        let message = "plain http would show the credentials to the proxy, and this machine needs none to reach itself; \
                       leave it out";
        return reader.refuse(&node.at, message);
    }
    reader.warn(&node.at, "plain http shows the credentials to the proxy; write `https://` in `base_url`");
    Some(())
}
