//! `X-Hub-Signature`: an HMAC over the raw body.
//!
//! Source: developer.atlassian.com/cloud/jira/platform/webhooks, "Secure your webhooks"; Data Center signs alike.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// Reads `sha256=<64 hex digits>`. The header names the method so that it can change one day; only sha256 is known.
fn parse(header: &[u8]) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(header.strip_prefix(b"sha256=")?, &mut digest).ok()?;
    Some(digest)
}

/// Secrets of one source, ready to check HMACs with SHA-256.
pub(super) struct Secrets {
    keys: Vec<Hmac<Sha256>>,
    rounds: usize,
}

impl Secrets {
    /// Accepts bodies signed with any of `secrets`. A refusal costs `rounds` digests, however many secrets there are,
    /// so that the time does not distinguish sources.
    pub fn new(secrets: &[Secret], rounds: usize) -> Self {
        let keys = secrets.iter().map(|secret| key(secret.reveal().as_bytes())).collect();
        Self { keys, rounds }
    }

    /// The place of the secret that signed `body` with `header`; none if no secret did.
    pub fn signer(&self, body: &[u8], header: &[u8]) -> Option<usize> {
        self.accept(body, &parse(header)?)
    }

    /// The place of the secret with which `signature` is the HMAC of `message`; none if it is not.
    pub fn accept(&self, message: &[u8], signature: &[u8; 32]) -> Option<usize> {
        let verifies = |key: &Hmac<Sha256>| key.clone().chain_update(message).verify_slice(signature).is_ok();
        let accepted = self.keys.iter().position(verifies);
        if accepted.is_none() {
            let none = key(b"");
            for _ in self.keys.len()..self.rounds {
                // The answer does not matter, the time does.
                std::hint::black_box(none.clone().chain_update(message).verify_slice(signature).is_ok());
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

    fn signed(body: &[u8], header: &[u8], secrets: &[&str]) -> bool {
        Secrets::new(&secrets.iter().map(|secret| Secret::new(*secret)).collect::<Vec<_>>(), 3)
            .signer(body, header)
            .is_some()
    }

    #[test]
    fn the_vector_published_by_atlassian_is_accepted() {
        assert!(signed(BODY, HEADER, &[SECRET]));
    }

    #[test]
    fn any_of_several_secrets_will_do_and_no_other() {
        assert!(signed(BODY, HEADER, &["new", SECRET]));
        assert!(!signed(BODY, HEADER, &["new", "old"]));
        assert!(!signed(BODY, HEADER, &[]));
    }

    #[test]
    fn a_signature_of_another_form_or_method_is_none() {
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
            assert!(!signed(BODY, header, &[SECRET]));
        }
    }

    #[test]
    fn every_flipped_bit_of_the_signature_is_refused() {
        let digest = hex::decode(&HEADER[7..]).expect("hexadecimal");
        for bit in 0..256 {
            let mut forged = digest.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let header = format!("sha256={}", hex::encode(forged));
            assert!(!signed(BODY, header.as_bytes(), &[SECRET]), "bit {bit}");
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
            prop_assert!(signed(&body, header.as_bytes(), &[&secret]));
            for bit in 0..body.len() * 8 {
                let mut forged = body.clone();
                forged[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(!signed(&forged, header.as_bytes(), &[&secret]));
            }
            for bit in 0..secret.len() * 8 {
                let mut other = secret.clone().into_bytes();
                other[bit / 8] ^= 1 << (bit % 8);
                let header = sign(&body, &other);
                prop_assert!(!signed(&body, header.as_bytes(), &[&secret]));
            }
        }
    }
}
