//! Who sent it: `X-Hub-Signature` over the raw body.
//!
//! Source: developer.atlassian.com/cloud/jira/platform/webhooks, "Secure your webhooks"; Data Center signs alike.

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// Why a delivery is not from who it should be. All look alike from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No signature, or not of the form `sha256=<64 hexadecimal digits>`. Other methods are not accepted.
    #[error("no usable signature")]
    Unusable,
    /// Signed with none of the source's secrets, or not this body.
    #[error("the signature is not by any secret of the source")]
    Wrong,
}

/// A delivery whose sender has not been proved. There is nothing to do with it but verify it.
pub struct Unverified {
    body: Bytes,
    signature: Option<[u8; 32]>,
}

/// A delivery whose signature has been checked; only [`Unverified::verify`] makes one, and only this can be read.
pub struct Verified {
    body: Bytes,
}

impl Unverified {
    /// A delivery with what its `X-Hub-Signature` header says, if it has one.
    pub fn new(body: Bytes, header: Option<&[u8]>) -> Self {
        Self { body, signature: header.and_then(parse) }
    }

    /// Proves that the body was signed with a secret of `verifier`.
    pub fn verify(self, verifier: &Verifier) -> Result<Verified, SignatureError> {
        let signature = self.signature.ok_or(SignatureError::Unusable)?;
        if verifier.accepts(&self.body, &signature) {
            Ok(Verified { body: self.body })
        } else {
            Err(SignatureError::Wrong)
        }
    }
}

impl Verified {
    /// The raw body, as it was signed.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// `sha256=<64 hex digits>`; the method stands in the header so that it can change one day, and only sha256 is known.
fn parse(header: &[u8]) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(header.strip_prefix(b"sha256=")?, &mut digest).ok()?;
    Some(digest)
}

/// The secrets of one source, ready to check signatures with.
#[derive(Clone)]
pub struct Verifier {
    keys: Vec<Hmac<Sha256>>,
    rounds: usize,
}

impl Verifier {
    /// Accepts what is signed with any of `secrets`. A refusal costs `rounds` digests, however many secrets there are,
    /// so that time does not tell sources apart.
    pub fn new(secrets: &[Secret], rounds: usize) -> Self {
        let keys = secrets.iter().map(|secret| key(secret.reveal().as_bytes())).collect();
        Self { keys, rounds }
    }

    fn accepts(&self, body: &[u8], signature: &[u8; 32]) -> bool {
        let accepted = self.keys.iter().any(|key| key.clone().chain_update(body).verify_slice(signature).is_ok());
        if !accepted {
            let none = key(b"");
            for _ in self.keys.len()..self.rounds {
                // The answer does not matter, the time does.
                std::hint::black_box(none.clone().chain_update(body).verify_slice(signature).is_ok());
            }
        }
        accepted
    }
}

fn key(secret: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello World!";
    const HEADER: &[u8] = b"sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";

    fn verifier(secrets: &[&str]) -> Verifier {
        Verifier::new(&secrets.iter().map(|secret| Secret::new(*secret)).collect::<Vec<_>>(), 3)
    }

    fn verify(body: &[u8], header: &[u8], secrets: &[&str]) -> Result<(), SignatureError> {
        Unverified::new(Bytes::copy_from_slice(body), Some(header)).verify(&verifier(secrets)).map(|_| ())
    }

    #[test]
    fn the_vector_published_by_atlassian_is_accepted() {
        assert_eq!(verify(BODY, HEADER, &[SECRET]), Ok(()));
    }

    #[test]
    fn any_of_several_secrets_will_do_and_no_other() {
        assert_eq!(verify(BODY, HEADER, &["new", SECRET]), Ok(()));
        assert_eq!(verify(BODY, HEADER, &["new", "old"]), Err(SignatureError::Wrong));
        assert_eq!(verify(BODY, HEADER, &[]), Err(SignatureError::Wrong));
    }

    #[test]
    fn a_signature_of_another_form_or_method_is_unusable() {
        let digest = &HEADER[7..];
        let headers: [&[u8]; 7] = [
            b"",
            b"sha256=",
            digest,
            &[b"sha1=", digest].concat(),
            &[b"SHA256=", digest].concat(),
            &[b"sha256=", digest, b"00"].concat(),
            &[b"sha256=", &digest[..62], b"zz"].concat(),
        ];
        for header in headers {
            assert_eq!(verify(BODY, header, &[SECRET]), Err(SignatureError::Unusable));
        }
        let unsigned = Unverified::new(Bytes::from_static(BODY), None);
        assert_eq!(unsigned.verify(&verifier(&[SECRET])).map(|_| ()), Err(SignatureError::Unusable));
    }

    #[test]
    fn every_flipped_bit_of_the_signature_is_refused() {
        let digest = hex::decode(&HEADER[7..]).expect("hexadecimal");
        for bit in 0..256 {
            let mut forged = digest.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let header = format!("sha256={}", hex::encode(forged));
            assert_eq!(verify(BODY, header.as_bytes(), &[SECRET]), Err(SignatureError::Wrong), "bit {bit}");
        }
    }

    fn sign(body: &[u8], secret: &[u8]) -> String {
        format!("sha256={}", hex::encode(key(secret).chain_update(body).finalize().into_bytes()))
    }

    proptest! {
        #[test]
        fn what_is_signed_is_accepted_and_any_flipped_bit_of_body_or_secret_is_refused(
            body in proptest::collection::vec(any::<u8>(), 1..400),
            secret in "[ -~]{1,80}",
        ) {
            let header = sign(&body, secret.as_bytes());
            prop_assert_eq!(verify(&body, header.as_bytes(), &[&secret]), Ok(()));
            for bit in 0..body.len() * 8 {
                let mut forged = body.clone();
                forged[bit / 8] ^= 1 << (bit % 8);
                prop_assert_eq!(verify(&forged, header.as_bytes(), &[&secret]), Err(SignatureError::Wrong));
            }
            for bit in 0..secret.len() * 8 {
                let mut other = secret.clone().into_bytes();
                other[bit / 8] ^= 1 << (bit % 8);
                let header = sign(&body, &other);
                prop_assert_eq!(verify(&body, header.as_bytes(), &[&secret]), Err(SignatureError::Wrong));
            }
        }
    }
}
