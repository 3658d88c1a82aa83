//! A JSON Web Key Set (RFC 7517): the public keys of a signer of tokens.

mod algorithm;
mod key;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Deserialize;

pub use algorithm::Algorithm;
pub use key::Key;

/// No signer uses more at a time.
const MAX_KEYS: usize = 64;

/// Keys for signatures. Keys for anything else are passed over: signers publish others beside them.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySet(Vec<Key>);

/// Why a text is no key set that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeySet {
    /// Not `{"keys": [...]}`.
    #[error("not a JSON Web Key Set")]
    Malformed,
    /// None of the keys is one for signatures that count.
    #[error("no key in it is one for signatures that usher knows")]
    NoKey,
    /// None of the keys is one for RS256 with an id.
    #[error("there is no RSA key with a `kid` in it")]
    NoRsaKey,
    /// More keys than anybody needs.
    #[error("there are more than 64 keys in it")]
    TooMany,
}

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One of the keys signed it.
    Right,
    /// The key that it names did not.
    Wrong,
    /// There is no such key here. The signer may have a newer one.
    UnknownKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Reads a key set.
    ///
    /// # Errors
    /// [`InvalidKeySet::Malformed`] if `text` is no JSON Web Key Set, [`InvalidKeySet::TooMany`] if it has more than 64
    /// keys, [`InvalidKeySet::NoKey`] if none of them can be used.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidKeySet> {
        let Document { keys } = serde_json::from_slice(text).map_err(|_| InvalidKeySet::Malformed)?;
        if keys.len() > MAX_KEYS {
            return Err(InvalidKeySet::TooMany);
        }
        let keys: Vec<Key> =
            keys.into_iter().filter_map(|key| serde_json::from_value::<key::Jwk>(key).ok()?.usable()).collect();
        if keys.is_empty() { Err(InvalidKeySet::NoKey) } else { Ok(Self(keys)) }
    }

    /// Reads a key set of which only the keys for RS256 that have an id count.
    ///
    /// # Errors
    /// As of [`KeySet::parse`], and [`InvalidKeySet::NoRsaKey`] if none of the keys is such a key.
    pub fn parse_rs256(text: &[u8]) -> Result<Self, InvalidKeySet> {
        let Self(mut keys) = match Self::parse(text) {
            Err(InvalidKeySet::NoKey) => return Err(InvalidKeySet::NoRsaKey),
            other => other?,
        };
        keys.retain(|key| key.kid.is_some() && key.is_for(Algorithm::RS256));
        if keys.is_empty() { Err(InvalidKeySet::NoRsaKey) } else { Ok(Self(keys)) }
    }

    /// The key called `kid`.
    pub fn get(&self, kid: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.kid.as_deref() == Some(kid))
    }

    /// Whether the key `kid` signed `message` by `algorithm`. Without a `kid` each key that fits may have.
    pub fn check(&self, algorithm: Algorithm, kid: Option<&str>, message: &[u8], signature: &[u8]) -> Verdict {
        let fits = |key: &&Key| (kid.is_none() || key.kid.as_deref() == kid) && key.is_for(algorithm);
        let mut fitting = self.0.iter().filter(fits).peekable();
        if fitting.peek().is_none() {
            return Verdict::UnknownKey;
        }
        match fitting.any(|key| key.verifies(algorithm, message, signature)) {
            true => Verdict::Right,
            false => Verdict::Wrong,
        }
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySet({})", self.0.len())
    }
}
