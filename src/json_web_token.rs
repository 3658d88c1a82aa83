//! JSON Web Tokens in their compact form (RFC 7515, RFC 7519): parsed, and not trusted.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::DeserializeOwned};

/// A token. Nothing in it may be believed before its signature is checked.
pub struct Token<'t> {
    /// The algorithm it says it is signed with. The caller decides whether that one counts.
    pub algorithm: String,
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
    /// Takes apart a token of at most `longest` bytes; none if it is not one, or needs an extension.
    pub fn parse(text: &'t [u8], longest: usize) -> Option<Self> {
        let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= longest)?;
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let Header { alg: algorithm, kid, crit } = decode(header)?;
        if crit.is_some() {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { algorithm, kid, signed: signed.as_bytes(), signature, claims })
    }

    /// The claims; none if they are not such as `C`.
    pub fn claims<C: DeserializeOwned>(&self) -> Option<C> {
        decode(self.claims)
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
