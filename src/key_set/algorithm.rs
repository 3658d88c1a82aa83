//! The methods of signing that count (RFC 7518, RFC 8037). [`Algorithm::named`] has the whole list: there is no `none`,
//! and nothing with a shared secret.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, EcdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters,
};

/// A method of signing.
#[derive(Clone, Copy)]
pub struct Algorithm {
    pub(super) name: &'static str,
    pub(super) method: Method,
}

/// The parts of a method that `ring` wants to know.
#[derive(Clone, Copy)]
pub(super) enum Method {
    /// RSA, with one of two paddings and three hashes. `ring` takes no key of less than 2048 bits.
    Rsa(&'static RsaParameters),
    /// A curve and its hash.
    Ec(&'static str, &'static EcdsaVerificationAlgorithm),
    /// Ed25519.
    Ed25519,
}

impl Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    pub const RS256: Self = Self { name: "RS256", method: Method::Rsa(&RSA_PKCS1_2048_8192_SHA256) };

    /// The one of that name in the header of a token; none if it does not count.
    pub fn named(name: &str) -> Option<Self> {
        let (name, method) = match name {
            "RS256" => return Some(Self::RS256),
            "RS384" => ("RS384", Method::Rsa(&RSA_PKCS1_2048_8192_SHA384)),
            "RS512" => ("RS512", Method::Rsa(&RSA_PKCS1_2048_8192_SHA512)),
            "PS256" => ("PS256", Method::Rsa(&RSA_PSS_2048_8192_SHA256)),
            "PS384" => ("PS384", Method::Rsa(&RSA_PSS_2048_8192_SHA384)),
            "PS512" => ("PS512", Method::Rsa(&RSA_PSS_2048_8192_SHA512)),
            "ES256" => ("ES256", Method::Ec("P-256", &ECDSA_P256_SHA256_FIXED)),
            "ES384" => ("ES384", Method::Ec("P-384", &ECDSA_P384_SHA384_FIXED)),
            "EdDSA" => ("EdDSA", Method::Ed25519),
            "Ed25519" => ("Ed25519", Method::Ed25519),
            _ => return None,
        };
        Some(Self { name, method })
    }
}
