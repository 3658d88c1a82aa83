//! Reads the settings of a Connect or a Forge app of a source.

use url::{Host, Url};

use super::{Connect, Forge, ForgeKeys};
use crate::{
    config::{
        reader::{
            Reader,
            node::{Content, Node},
            text::read_at_most,
        },
        secret::{SECRET, secret},
        shape::{
            Part, Shape,
            key::{Key, Or},
            lists::List,
            object::Object,
            texts::{Filled, Parsed, Text},
            values::{AnyOf, as_json},
        },
    },
    key_set::KeySet,
    secret::Secret,
};

/// The address at which Forge publishes the keys of its invocation tokens.
///
/// Source: developer.atlassian.com/platform/forge/remote/essentials.
const FORGE_KEYS: &str = "https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json";
/// The prefix of ids of Forge apps.
const APP: &str = "ari:cloud:ecosystem::app/";
const MAX_KEYS_BYTES: u64 = 256 * 1024;

static CLIENT_KEY: Key<Filled> = Key::needed(
    "client_key",
    "write the `clientKey` of the `installed` callback",
    "The `clientKey` of the `installed` callback.",
    Filled(Text::ANY),
);
static SHARED_SECRET: Key<Part<Vec<Secret>>> = Key::needed(
    "shared_secret",
    "write `shared_secret: { env: NAME }`, say",
    "The `sharedSecret` of the `installed` callback, or several, any of which verifies.",
    Part { read: one_or_several, described: &AnyOf(&[&SECRET, &List::some(&SECRET)]) },
);
static BASE_PATH: Or<Parsed<String>> = Or::new(
    "base_path",
    "What stands behind the host in the app's `baseUrl`.",
    Parsed { read: base_path, text: Text::PLAIN.matching("^/[!-~]*$") },
    || "/".to_owned(),
    as_json,
);
/// The value of `connect`.
pub(super) static CONNECT: Object =
    Object::new("Connect", "The installation of a Connect app.", || vec![&CLIENT_KEY, &SHARED_SECRET, &BASE_PATH]);

static APP_ID: Key<Parsed<String>> = Key::needed(
    "app_id",
    "write `app_id: \"ari:cloud:ecosystem::app/...\"`, as in the app's manifest",
    "The app's id, as in its manifest.",
    Parsed { read: app_id, text: Text::PLAIN.matching("^ari:cloud:ecosystem::app/[A-Za-z0-9-]+$") },
);
static JWKS_URL: Key<Parsed<Url>> = Key::new(
    "jwks_url",
    "Where the keys are published. Left out, without `jwks_file`: where Forge publishes them.",
    Parsed { read: keys_url, text: Text::PLAIN.like(&[FORGE_KEYS]) },
);
static JWKS_FILE: Key<Filled> = Key::new(
    "jwks_file",
    "A file with a JSON Web Key Set, relative to the configuration; these keys and no others.",
    Filled(Text::ANY),
);
/// The value of `forge`.
pub(super) static FORGE: Object = Object::new("Forge", "A Forge app.", || vec![&APP_ID, &JWKS_URL, &JWKS_FILE]);

/// Reads `connect`.
pub(super) fn connect(node: &Node, reader: &mut Reader<'_>) -> Option<Connect> {
    let mut fields = CONNECT.open(node, reader)?;
    let client_key = fields.needed(&CLIENT_KEY, reader);
    let shared_secret = fields.needed(&SHARED_SECRET, reader);
    let base_path = fields.or(&BASE_PATH, reader);
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
    let mut fields = FORGE.open(node, reader)?;
    let app_id = fields.needed(&APP_ID, reader);
    let (url, file) = (fields.node(&JWKS_URL), fields.node(&JWKS_FILE));
    fields.done(reader);
    let keys = match (url, file) {
        (Some(_), Some(file)) => {
            reader.refuse(&file.at, "keys come from one place; leave out `jwks_url` or `jwks_file`")
        }
        (None, Some(file)) => keys_in_file(file, reader),
        (Some(url), None) => JWKS_URL.shape.read(url, reader).map(ForgeKeys::Url),
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

/// An attacker who can change the keys on the way could sign.
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

fn keys_in_file(node: &Node, reader: &mut Reader<'_>) -> Option<ForgeKeys> {
    let file = reader.filled(node)?.to_owned();
    let path = reader.file(node, &file)?;
    let read = || {
        let bytes = read_at_most(&path, MAX_KEYS_BYTES).map_err(|error| crate::words::system(&error))?;
        if bytes.len() as u64 > MAX_KEYS_BYTES {
            return Err("longer than 256 KiB".to_owned());
        }
        KeySet::parse_rs256(&bytes).map_err(|error| error.to_string())
    };
    read().map_or_else(
        |why| {
            let message =
                format!("the keys can't be read from `{}`: {why}; name a file with a JSON Web Key Set", path.display());
            reader.refuse(&node.at, message)
        },
        |keys| Some(ForgeKeys::Fixed { file: file.clone(), keys }),
    )
}
