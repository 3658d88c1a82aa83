//! The parts of a source that are not written with it: its secrets, and the names that belong to them. A source that is
//! made while usher runs has each of them kept under a name.

use std::collections::BTreeMap;

use crate::{
    config::{Auth, Source},
    secret::{KeptIn, Secret},
};

/// The names of the secret in `auth`: it has one of them.
pub const AUTH_SECRETS: [&str; 2] = [BEARER, PASSWORD];
const BEARER: &str = "auth.bearer";
const PASSWORD: &str = "auth.basic.password";
/// The name of the user in `auth.basic`.
pub(in crate::config) const USERNAME: &str = "auth.basic.username";
/// The name of the user at the proxy.
pub(in crate::config) const PROXY_USERNAME: &str = "proxy.username";

/// The parts of a source that are kept beside it, by their names.
pub type KeptParts = BTreeMap<String, Secret>;

impl Source {
    /// Names each secret that stands in the source itself, and gives all parts that have to be kept. A secret of a list
    /// has a number in its name, which none of `before` has: the last use of another one is not taken for its.
    pub fn name_secrets(&mut self, before: &KeptParts) -> KeptParts {
        let mut kept = KeptParts::new();
        match &mut self.auth {
            Auth::Bearer(token) => keep(&mut kept, token, BEARER),
            Auth::Basic { username, password } => {
                kept.insert(USERNAME.to_owned(), Secret::new(username.as_str()));
                keep(&mut kept, password, PASSWORD);
            }
        }
        if let Some(credentials) = self.transport.proxy.as_mut().and_then(|proxy| proxy.credentials.as_mut()) {
            kept.insert(PROXY_USERNAME.to_owned(), Secret::new(credentials.username.as_str()));
            keep(&mut kept, &mut credentials.password, "proxy.password");
        }
        keep_all(&mut kept, &mut self.webhook.hmac, "webhook.hmac", before);
        keep_all(&mut kept, &mut self.webhook.bearer, "webhook.bearer", before);
        if let Some(connect) = &mut self.webhook.connect {
            keep_all(&mut kept, &mut connect.shared_secret, "webhook.connect", before);
        }
        kept
    }
}

/// Keeps the one secret of its key.
fn keep(kept: &mut KeptParts, secret: &mut Secret, name: &str) {
    *secret = secret.clone().kept_in(KeptIn::Sealed(name.into()));
    kept.insert(name.to_owned(), secret.clone());
}

/// Keeps a list of secrets: those that have names keep them.
fn keep_all(kept: &mut KeptParts, secrets: &mut [Secret], field: &str, before: &KeptParts) {
    let number = |name: &str| name.strip_prefix(field)?.strip_prefix('-')?.parse::<u64>().ok();
    let mut last = before.keys().filter_map(|name| number(name)).max().unwrap_or(0);
    for secret in secrets {
        let name = match secret.place() {
            Some(KeptIn::Sealed(name)) => name.to_string(),
            _ => {
                last += 1;
                format!("{field}-{last}")
            }
        };
        keep(kept, secret, &name);
    }
}
