//! Reads what a source has of a Connect or a Forge app.

use url::{Host, Url};

use super::{Connect, Forge, ForgeKeys};
use crate::{
    config::{
        reader::{
            Reader,
            fields::Fields,
            node::{Content, Node},
            text::read_at_most,
        },
        secret::secret,
    },
    key_set::KeySet,
    secret::Secret,
};

/// Where Forge publishes the keys of its invocation tokens.
///
/// Source: developer.atlassian.com/platform/forge/remote/essentials.
const FORGE_KEYS: &str = "https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json";
/// What the ids of Forge apps begin with.
const APP: &str = "ari:cloud:ecosystem::app/";
const MAX_KEYS_BYTES: u64 = 256 * 1024;

/// Reads `connect`.
pub(super) fn connect(node: &Node, reader: &mut Reader<'_>) -> Option<Connect> {
    let mut fields = Fields::of(node, reader)?;
    let client_key = fields
        .required("client_key", "write the `clientKey` of the `installed` callback", reader)
        .and_then(|node| reader.filled(node).map(str::to_owned));
    let shared_secret = fields
        .required("shared_secret", "write `shared_secret: { env: NAME }`, say", reader)
        .and_then(|node| one_or_several(node, reader));
    let base_path = fields.or("base_path", "/".to_owned(), |node| reader.parsed(node, base_path));
    fields.done(reader);
    Some(Connect { client_key: client_key?, shared_secret: shared_secret?, base_path: base_path? })
}

/// A secret, or a list of them that is not empty.
fn one_or_several(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<Secret>> {
    match &node.content {
        Content::List(items) if items.is_empty() => {
            reader.refuse(&node.at, "no secret stands here; write `{ env: NAME }`, say")
        }
        Content::List(_) => reader.each(node, secret),
        Content::Scalar { .. } | Content::Map(_) => secret(node, reader).map(|secret| vec![secret]),
    }
}

fn base_path(text: &str) -> Result<String, String> {
    let plain = text.starts_with('/') && !text.contains(|c: char| matches!(c, '?' | '#') || !c.is_ascii_graphic());
    if plain {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is not the path of a URL; write what stands behind the host in the app's baseUrl, `/`, say"))
}

/// Reads `forge`.
pub(super) fn forge(node: &Node, reader: &mut Reader<'_>) -> Option<Forge> {
    let mut fields = Fields::of(node, reader)?;
    let app_id = fields
        .required("app_id", &format!("write `app_id: \"{APP}...\"`, as in the app's manifest"), reader)
        .and_then(|node| reader.parsed(node, app_id));
    let (url, file) = (fields.get("jwks_url"), fields.get("jwks_file"));
    fields.done(reader);
    let keys = match (url, file) {
        (Some(_), Some(file)) => {
            reader.refuse(&file.at, "keys come from one place; leave out `jwks_url` or `jwks_file`")
        }
        (None, Some(file)) => keys_in_file(file, reader).map(ForgeKeys::Fixed),
        (Some(url), None) => reader.parsed(url, keys_url).map(ForgeKeys::Url),
        (None, None) => Some(ForgeKeys::Url(Url::parse(FORGE_KEYS).expect("a constant that is a URL"))),
    };
    Some(Forge { app_id: app_id?, keys: keys? })
}

fn app_id(text: &str) -> Result<String, String> {
    let id = text.strip_prefix(APP).unwrap_or_default();
    if !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is not the id of a Forge app; write `{APP}...`, as in the app's manifest"))
}

/// Whoever could change the keys on the way could sign.
fn keys_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("this is not a URL: {}; write `{FORGE_KEYS}`, say", crate::words::url(error)))?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let safe = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    if !safe || !url.username().is_empty() || url.password().is_some() {
        return Err(format!("keys are fetched by https and without credentials; write `{FORGE_KEYS}`, say"));
    }
    Ok(url)
}

fn keys_in_file(node: &Node, reader: &mut Reader<'_>) -> Option<KeySet> {
    let path = reader.filled(node)?;
    let path = reader.file(path);
    let read = || {
        let bytes = read_at_most(&path, MAX_KEYS_BYTES).map_err(|error| crate::words::system(&error))?;
        if bytes.len() as u64 > MAX_KEYS_BYTES {
            return Err("longer than 256 KiB".to_owned());
        }
        KeySet::parse(&bytes).map_err(|error| error.to_string())
    };
    read().map_or_else(
        |why| {
            let message =
                format!("the keys can't be read from `{}`: {why}; name a file with a JSON Web Key Set", path.display());
            reader.refuse(&node.at, message)
        },
        Some,
    )
}
