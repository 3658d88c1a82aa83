//! The address of a source, and whether plain HTTP is allowed there.

use url::{Host, Url};

use crate::config::source::keys::{BASE_URL, PLAIN_HTTP};
use crate::{
    config::{reader::Reader, shape::fields::Fields},
    domain::Product,
};

/// The address of every organisation.
const ORGANIZATIONS: &str = "https://api.atlassian.com";

/// Reads a source's `base_url`, which an organisation need not have, and, which that may need, `plain_http`.
pub(in crate::config) fn address(
    fields: &mut Fields<'_>,
    product: Option<Product>,
    reader: &mut Reader<'_>,
) -> Option<Url> {
    let plain_http = fields.node(&PLAIN_HTTP).and_then(|node| Some((node, reader.parsed(node, private_host)?)));
    let allowed = plain_http.as_ref().map(|(_, host)| host);
    let everybodys = Url::parse(ORGANIZATIONS).ok().filter(|_| product == Some(Product::AtlassianOrg));
    let base_url = match everybodys {
        Some(default) => fields.or_else(&BASE_URL, default, |node| reader.parsed(node, |text| base_url(text, allowed))),
        None => {
            fields.needed_node(&BASE_URL, reader).and_then(|node| reader.parsed(node, |text| base_url(text, allowed)))
        }
    }?;
    if let Some((node, _)) = &plain_http
        && !is_shown_on_the_way(&base_url)
    {
        return reader.refuse(&node.at, "`base_url` does not need this; leave it out");
    }
    Some(base_url)
}

/// `plain_http` is the host that may be called without TLS. The text is not quoted in messages: it may hold
/// credentials.
fn base_url(text: &str, plain_http: Option<&Host>) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| {
        format!("this is not a URL: {}; write `https://jira.example.com`, say", crate::words::url(error))
    })?;
    let Some(host) = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")) else {
        return Err("this URL is not one of HTTP; write `https://jira.example.com`, say".to_owned());
    };
    if host.ends_with('.') {
        return Err("the host ends with a dot, by which it would not be known; leave the dot out".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials stand in this URL; take them out and write them under `auth`".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("this URL goes on after `?` or `#`; write it up to there".to_owned());
    }
    if is_shown_on_the_way(&url) && plain_http.is_none_or(|allowed| allowed.to_string() != host) {
        let otherwise = match private_host(host) {
            Ok(host) => format!(", or, in a private network, name the host: `plain_http: \"{host}\"`"),
            Err(_) => String::new(),
        };
        return Err(format!("plain http would show the credentials on the way; write `https://`{otherwise}"));
    }
    Ok(url)
}

/// Whether requests to it, without a proxy, can be read on the way: everywhere but on this machine.
pub(in crate::config) fn is_shown_on_the_way(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !loopback
}

/// A host in a private network, as far as can be seen: of a name that is not Atlassian's the administrator knows.
fn private_host(text: &str) -> Result<Host, String> {
    let host = Host::parse(text).map_err(|_| "this is not a host; write its name or address alone".to_owned())?;
    let is_public = match &host {
        Host::Domain(name) if name.ends_with('.') => {
            return Err("this host ends with a dot; leave the dot out".to_owned());
        }
        Host::Domain(name) => [".atlassian.net", ".atlassian.com"].iter().any(|cloud| name.ends_with(cloud)),
        Host::Ipv4(ip) => !(ip.is_private() || ip.is_link_local() || ip.is_loopback()),
        Host::Ipv6(ip) => !(ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_loopback()),
    };
    match is_public {
        true => {
            Err("this host is not in a private network; leave this out and write `https://` in `base_url`".to_owned())
        }
        false => Ok(host),
    }
}
