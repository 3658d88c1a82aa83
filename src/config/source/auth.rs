//! The acting account of a source.

use crate::{
    config::{
        Auth,
        reader::{Reader, node::Node},
        secret::{ANY_SECRET, HEADER_SECRET, header_secret},
        shape::{Part, key::Key, object::Object, texts::Text},
        source::kept,
    },
    domain::Product,
    secret::Secret,
};

static BEARER: Key<Part<Secret>> =
    Key::new("bearer", "A token, sent as `Authorization: Bearer`. Crowd takes none.", HEADER_SECRET);
static BASIC: Key<&Object> = Key::new("basic", "A name and a password. An organisation takes none.", &CREDENTIALS);
/// The value of `auth`.
pub(in crate::config) static AUTH: Object =
    Object::new("Auth", "The account that usher acts with.", || vec![&BEARER, &BASIC]).one_key();

static USERNAME: Key<Part<String>> = Key::needed(
    "username",
    "write `username: usher`, say",
    "The user name; in Cloud the e-mail address; of Crowd the name of an application.",
    Part { read: user_name, described: &Text::ANY.matching("^[^:]*$") },
);
static PASSWORD: Key<Part<Secret>> =
    Key::needed("password", "write `password: { env: NAME }`, say", "The password; in Cloud an API token.", ANY_SECRET);
static CREDENTIALS: Object = Object::new("Basic", "A name and a password.", || vec![&USERNAME, &PASSWORD]);

impl Auth {
    /// The secret in it.
    pub fn secret(&self) -> &Secret {
        match self {
            Self::Bearer(secret) | Self::Basic { password: secret, .. } => secret,
        }
    }
}

/// Reads the `auth` of a source of `product`, if that is known.
pub(in crate::config) fn auth(node: &Node, product: Option<Product>, reader: &mut Reader<'_>) -> Option<Auth> {
    let problems = reader.problems.count();
    let mut fields = AUTH.open(node, reader)?;
    let (bearer, basic) = (fields.node(&BEARER), fields.node(&BASIC));
    fields.done(reader);
    match (bearer, basic) {
        (Some(node), None) if product == Some(Product::Crowd) => reader.refuse(
            &node.at,
            "Crowd takes no tokens; write the name and password of usher's application in Crowd: \
             `basic: { username: usher, password: { env: NAME } }`",
        ),
        (Some(token), None) => header_secret(token, reader).map(Auth::Bearer),
        (None, Some(node)) if product == Some(Product::AtlassianOrg) => reader.refuse(
            &node.at,
            "an organisation takes admin API keys alone; write `bearer: { env: NAME }` with one made at admin.atlassian.com",
        ),
        (None, Some(node)) => basic_auth(node, reader),
        _ if reader.problems.count() > problems => None,
        _ => reader.refuse(
            &node.at,
            "exactly one way in is needed; write `bearer: { env: NAME }` or `basic: { username: u, password: { env: NAME } }`",
        ),
    }
}

fn basic_auth(node: &Node, reader: &mut Reader<'_>) -> Option<Auth> {
    let mut fields = CREDENTIALS.open(node, reader)?;
    let username = fields.needed(&USERNAME, reader);
    let password = fields.needed(&PASSWORD, reader);
    fields.done(reader);
    Some(Auth::Basic { username: username?, password: password? })
}

fn user_name(node: &Node, reader: &mut Reader<'_>) -> Option<String> {
    if let Some(kept) = reader.kept_text(node, kept::USERNAME) {
        return Some(kept);
    }
    let name = reader.filled(node)?;
    if name.contains(':') || name.contains(char::is_control) {
        return reader.refuse(&node.at, "a user name can't hold a colon or control characters; write the name alone");
    }
    Some(name.to_owned())
}
