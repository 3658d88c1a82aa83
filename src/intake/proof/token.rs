//! JSON Web Tokens in their compact form (RFC 7515, RFC 7519): taken apart, without trust.
//!
//! Which algorithm is right is not the token's choice: whoever reads one says which it must be.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::DeserializeOwned};

use crate::domain::Timestamp;

/// Longer than any that Atlassian sends.
const MAX_LENGTH: usize = 16 * 1024;
/// By how much the sender's clock may differ, in seconds.
const LEEWAY: i64 = 10;

/// A token. Nothing it says is to be believed before its signature has been checked.
pub(super) struct Token<'t> {
    /// The key it says it is signed with.
    pub kid: Option<String>,
    /// What is signed: header and claims as they stand.
    pub signed: &'t [u8],
    /// By its maker, if it is right.
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

    /// What it says.
    pub fn claims<C: DeserializeOwned>(&self) -> Option<C> {
        decode(self.claims)
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// When a token counts; a token without an end is none.
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
