//! JSON Web Tokens in their compact form (RFC 7515, RFC 7519): parsed, and not trusted.
//!
//! The caller names the algorithm; the token does not choose it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::DeserializeOwned};

use crate::domain::Timestamp;

/// Longer than any that Atlassian sends.
const MAX_LENGTH: usize = 16 * 1024;
/// The allowed difference of the sender's clock, in seconds.
const LEEWAY: i64 = 10;

/// A token. Nothing in it may be believed before its signature is checked.
pub(super) struct Token<'t> {
    /// The key it says it is signed with.
    pub kid: Option<String>,
    /// The signed bytes: header and claims, unchanged.
    pub signed: &'t [u8],
    /// The signature.
    pub signature: Vec<u8>,
    claims: &'t str,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood; none are.
    crit: Option<serde::de::IgnoredAny>,
}

impl<'t> Token<'t> {
    /// Takes apart a token that is signed with `algorithm`, going by its header.
    pub fn parse(text: &'t [u8], algorithm: &str) -> Option<Self> {
        let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= MAX_LENGTH)?;
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let Header { alg, kid, crit } = decode(header)?;
        if alg != algorithm || crit.is_some() {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { kid, signed: signed.as_bytes(), signature, claims })
    }

    /// The claims.
    pub fn claims<C: DeserializeOwned>(&self) -> Option<C> {
        decode(self.claims)
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The validity of a token. A token without an end is invalid.
#[derive(Deserialize)]
pub(super) struct Validity {
    exp: i64,
    nbf: Option<i64>,
}

impl Validity {
    /// Whether it counts at `now`, give or take some seconds.
    pub fn holds(&self, now: Timestamp) -> bool {
        let now = now.as_millis().div_euclid(1000);
        now < self.exp.saturating_add(LEEWAY) && self.nbf.is_none_or(|from| from.saturating_sub(LEEWAY) <= now)
    }
}
