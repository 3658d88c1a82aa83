//! The private listener, and who is let in there.

mod keys;
mod oidc;
mod session;
mod tokens;

use std::time::Duration;

pub(in crate::config) use keys::ADMIN;
pub use oidc::Oidc;

use crate::{
    config::{
        Admin, Sources,
        reader::{Reader, node::Node},
        service::listeners::Placed,
    },
    domain::{Actor, Role, SourceScope},
    secret::Secret,
};
use keys::{LISTEN, OIDC, PUBLIC_URL, SESSION, TOKEN, TOKENS};

/// Why `admin.listen` is for this machine alone.
const PLAIN: &str = "other machines can reach this, and it speaks plain HTTP: the admin token can be read on the way; listen on \
                     127.0.0.1, or see that only a proxy with TLS and your probes get here";

/// Why `admin.oidc` needs an address.
const NO_WAY_BACK: &str = "the provider sends people back to `public_url`, which is missing in `admin`; write                            `public_url: \"https://usher.example.com\"`, say";

/// A token with a name, beside `admin.token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedToken {
    /// The name in records of what was done with it.
    pub name: Actor,
    /// The role of its holder.
    pub role: Role,
    /// The sources that its holder sees and acts on.
    pub sources: SourceScope,
    /// The token.
    pub secret: Secret,
}

/// The sessions of people who signed in to the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Seals the sessions; none: usher makes one and keeps it in `data_dir`.
    pub key: Option<Secret>,
    /// A session ends if it is not used for this time.
    pub idle: Duration,
    /// A session ends after this time.
    pub at_most: Duration,
    /// The age up to which a sign-in is enough for what can't be undone.
    pub again_after: Duration,
}

impl Default for Session {
    fn default() -> Self {
        let (idle, at_most) = (Duration::from_mins(30), Duration::from_hours(12));
        Self { key: None, idle, at_most, again_after: Duration::from_mins(15) }
    }
}

/// Reads `admin`; the defaults if `node` is none. Tokens may name the `known` sources.
pub(in crate::config) fn admin<'n>(
    node: Option<&'n Node>,
    known: &Sources,
    reader: &mut Reader<'_>,
) -> Option<Placed<'n, Admin>> {
    let Some(node) = node else {
        return Some(Placed { listener: Admin::at((LISTEN.default)()), at: None });
    };
    let mut fields = ADMIN.open(node, reader)?;
    let at = fields.node(&LISTEN).map(|node| &node.at);
    let listen = fields.or(&LISTEN, reader);
    let token = fields.optional(&TOKEN, reader);
    let tokens = match fields.node(&TOKENS) {
        Some(node) => tokens::tokens(node, token.as_ref().and_then(Option::as_ref), known, reader),
        None => Some(Vec::new()),
    };
    let public_url = fields.optional(&PUBLIC_URL, reader);
    let session = fields.optional(&SESSION, reader);
    let oidc = fields.optional(&OIDC, reader);
    let oidc_at = fields.node(&OIDC).map(|node| &node.at);
    fields.done(reader);
    let is_local = listen.is_some_and(|listen| listen.ip().to_canonical().is_loopback());
    if let (Some(at), Some(None), false) = (oidc_at, &public_url, is_local) {
        reader.refuse::<()>(at, NO_WAY_BACK);
    }
    if let (Some(listen), Some(at)) = (listen, at)
        && !listen.ip().to_canonical().is_loopback()
    {
        reader.warn(at, PLAIN);
    }
    let (token, tokens, public_url) = (token?, tokens?, public_url?);
    let session = session?.unwrap_or_default();
    Some(Placed { listener: Admin { listen: listen?, token, tokens, public_url, session, oidc: oidc? }, at })
}
