//! One sign-in under way.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use crate::{config::Oidc, domain::Timestamp};

/// The time that somebody has for signing in.
const LONGEST: Duration = Duration::from_mins(10);

/// The scopes that are asked for in any case: the person, with a name that others know, too.
const SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// One sign-in under way. Its browser keeps it, sealed: whoever comes back with a code has to be the one who began.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Comes back with the code.
    state: String,
    /// Comes back in the ID token.
    pub(super) nonce: String,
    /// Proves to the provider that the code is exchanged by whoever asked for it.
    pub(super) verifier: String,
    /// The page to look at then.
    pub to: String,
    /// The start.
    pub(super) began: Timestamp,
    /// How long ago the person may have proved themselves to the provider, in seconds; none: that does not matter.
    pub(super) max_age: Option<u64>,
}

impl Attempt {
    /// An attempt that begins at `now` and leads to the page `to`.
    pub(super) fn begin(to: &str, max_age: Option<Duration>, now: Timestamp) -> Self {
        let max_age = max_age.map(|age| age.as_secs());
        Self { state: random(), nonce: random(), verifier: random(), to: to.to_owned(), began: now, max_age }
    }

    /// Whether somebody who comes back with `state` at `now` is the one who began, and in time. Takes the same time for
    /// each wrong one.
    pub fn is_answered_by(&self, state: &str, now: Timestamp) -> bool {
        let is_same: bool = self.state.as_bytes().ct_eq(state.as_bytes()).into();
        is_same && self.began.until(now) <= LONGEST
    }

    /// The address at the provider, to which somebody is sent. They come back to `back`.
    pub(super) fn address(&self, authorization: &Url, config: &Oidc, back: &Url) -> Url {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier));
        let more = config.scopes.iter().map(String::as_str).filter(|scope| !SCOPES.contains(scope));
        let scopes: Vec<_> = SCOPES.into_iter().chain(more).collect();
        let mut address = authorization.clone();
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &config.client_id)
            .append_pair("redirect_uri", back.as_str())
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &self.state)
            .append_pair("nonce", &self.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if let Some(age) = self.max_age {
            address.query_pairs_mut().append_pair("max_age", &age.to_string());
        }
        address
    }
}

/// 256 bits by chance.
fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}
