//! One public key, and the form it is published in.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ED25519, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;

use super::algorithm::{Algorithm, Method};

/// A public key that verifies signatures.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    pub(super) kid: Option<String>,
    /// The only algorithm that it is for, if it says so.
    only: Option<String>,
    public: Public,
}

#[derive(Clone, PartialEq, Eq)]
enum Public {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ec { curve: String, point: Vec<u8> },
    Ed25519(Vec<u8>),
}

/// A key as it is published.
#[derive(Deserialize)]
pub(super) struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Key {
    /// Whether `signature` is by this key and `algorithm` over `message`. RSA keys of less than 2048 bits verify
    /// nothing.
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (&self.public, algorithm.method) {
            (Public::Rsa { modulus, exponent }, Method::Rsa(parameters)) => {
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(parameters, message, signature).is_ok()
            }
            (Public::Ec { point, .. }, Method::Ec(_, method)) => {
                UnparsedPublicKey::new(method, point).verify(message, signature).is_ok()
            }
            (Public::Ed25519(point), Method::Ed25519) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }

    /// Whether the key is one for `algorithm`.
    pub(super) fn is_for(&self, algorithm: Algorithm) -> bool {
        self.only.as_deref().is_none_or(|only| only == algorithm.name)
            && match (&self.public, algorithm.method) {
                (Public::Rsa { .. }, Method::Rsa(_)) | (Public::Ed25519(_), Method::Ed25519) => true,
                (Public::Ec { curve, .. }, Method::Ec(wanted, _)) => curve == wanted,
                _ => false,
            }
    }
}

impl Jwk {
    /// The key, if it is one for signatures.
    pub(super) fn usable(self) -> Option<Key> {
        if self.purpose.is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let curve = self.crv.as_deref().unwrap_or_default();
        let public = match (self.kty.as_str(), curve) {
            ("RSA", _) => Public::Rsa { modulus: number(&self.n?)?, exponent: number(&self.e?)? },
            ("EC", "P-256" | "P-384") => {
                let point = [vec![4], bytes(&self.x?)?, bytes(&self.y?)?].concat(); // 4: both numbers, uncompressed
                Public::Ec { curve: curve.to_owned(), point }
            }
            ("OKP", "Ed25519") => Public::Ed25519(bytes(&self.x?)?),
            _ => return None,
        };
        Some(Key { kid: self.kid, only: self.alg, public })
    }
}

/// A number as RSA keys hold it. Some writers put zeros before it, which the verifier would refuse.
fn number(text: &str) -> Option<Vec<u8>> {
    Some(bytes(text)?.into_iter().skip_while(|byte| *byte == 0).collect())
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
