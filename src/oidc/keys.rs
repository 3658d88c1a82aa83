//! The provider's keys (RFC 7517), and the signatures that count (RFC 7518, RFC 8037).
//!
//! [`Algorithm`] is the whole list: there is no `none`, and nothing with a shared secret.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

use crate::key_set::number;

/// No provider uses more at a time.
const MAX_KEYS: usize = 64;

/// A method of signing.
#[derive(Clone, Copy)]
pub(super) enum Algorithm {
    /// RSA, with one of two paddings and three hashes. `ring` takes no key of less than 2048 bits.
    Rsa(&'static RsaParameters),
    /// A curve and its hash.
    Ec(&'static str, &'static EcdsaVerificationAlgorithm),
    /// Ed25519.
    Ed25519,
}

impl Algorithm {
    /// The one of that name; none if it does not count.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Self::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            "PS256" => Self::Rsa(&RSA_PSS_2048_8192_SHA256),
            "PS384" => Self::Rsa(&RSA_PSS_2048_8192_SHA384),
            "PS512" => Self::Rsa(&RSA_PSS_2048_8192_SHA512),
            "ES256" => Self::Ec("P-256", &ECDSA_P256_SHA256_FIXED),
            "ES384" => Self::Ec("P-384", &ECDSA_P384_SHA384_FIXED),
            "EdDSA" | "Ed25519" => Self::Ed25519,
            _ => return None,
        })
    }
}

/// The public keys of a provider.
#[derive(Clone, Default)]
pub(super) struct Keys(Vec<Key>);

#[derive(Clone)]
struct Key {
    kid: Option<String>,
    /// The only method that it is for, if it says so.
    only: Option<String>,
    public: Public,
}

#[derive(Clone)]
enum Public {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ec { curve: String, point: Vec<u8> },
    Ed25519(Vec<u8>),
}

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// One of the keys signed it.
    Right,
    /// The key that it names did not.
    Wrong,
    /// There is no such key here. There may be one at the provider.
    UnknownKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
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

impl Keys {
    /// Reads a key set; none if it is not one, or has too many keys. Keys that nothing here can use are passed over:
    /// providers publish others beside them.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let Document { keys } =
            serde_json::from_slice(text).ok().filter(|set: &Document| set.keys.len() <= MAX_KEYS)?;
        let usable = keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok()?.usable());
        Some(Self(usable.collect()))
    }

    /// Whether the key `kid` signed `message` by the method `name`. Without a `kid` each key that fits may have.
    pub(super) fn check(&self, name: &str, kid: Option<&str>, message: &[u8], signature: &[u8]) -> Verdict {
        let Some(algorithm) = Algorithm::named(name) else { return Verdict::Wrong };
        let fits = |key: &&Key| {
            (kid.is_none() || key.kid.as_deref() == kid)
                && key.only.as_deref().is_none_or(|only| only == name)
                && key.is_for(algorithm)
        };
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

impl Key {
    fn is_for(&self, algorithm: Algorithm) -> bool {
        match (&self.public, algorithm) {
            (Public::Rsa { .. }, Algorithm::Rsa(_)) | (Public::Ed25519(_), Algorithm::Ed25519) => true,
            (Public::Ec { curve, .. }, Algorithm::Ec(wanted, _)) => curve == wanted,
            _ => false,
        }
    }

    fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (&self.public, algorithm) {
            (Public::Rsa { modulus, exponent }, Algorithm::Rsa(parameters)) => {
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(parameters, message, signature).is_ok()
            }
            (Public::Ec { point, .. }, Algorithm::Ec(_, method)) => {
                UnparsedPublicKey::new(method, point).verify(message, signature).is_ok()
            }
            (Public::Ed25519(point), Algorithm::Ed25519) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature).is_ok()
            }
            _ => false,
        }
    }
}

impl Jwk {
    /// The key, if it is one for signatures.
    fn usable(self) -> Option<Key> {
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

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
