//! A JSON Web Key Set (RFC 7517): the public keys of a signer of tokens.

use std::{collections::HashMap, fmt};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::Deserialize;

/// No signer uses more at a time.
const MAX_KEYS: usize = 64;

/// RSA keys for RS256, by their ids. Keys for anything else are passed over.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySet {
    keys: HashMap<String, RsaKey>,
}

/// Why a text is no key set that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeySet {
    /// Not `{"keys": [...]}`.
    #[error("not a JSON Web Key Set")]
    Malformed,
    /// None of the keys is one for RS256.
    #[error("there is no RSA key with a `kid` in it")]
    NoKey,
    /// More keys than anybody needs.
    #[error("there are more than 64 keys in it")]
    TooMany,
}

/// One public key.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl KeySet {
    /// Reads a key set.
    ///
    /// # Errors
    /// [`InvalidKeySet::Malformed`] if `text` is no JSON Web Key Set, [`InvalidKeySet::TooMany`] if it has more than 64
    /// keys, [`InvalidKeySet::NoKey`] if none of them can be used.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidKeySet> {
        let document: Document = serde_json::from_slice(text).map_err(|_| InvalidKeySet::Malformed)?;
        if document.keys.len() > MAX_KEYS {
            return Err(InvalidKeySet::TooMany);
        }
        let keys: HashMap<String, RsaKey> =
            document.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok()?.usable()).collect();
        if keys.is_empty() { Err(InvalidKeySet::NoKey) } else { Ok(Self { keys }) }
    }

    /// The key called `kid`.
    pub fn get(&self, kid: &str) -> Option<&RsaKey> {
        self.keys.get(kid)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySet({})", self.keys.len())
    }
}

impl RsaKey {
    /// Whether `signature` is RSASSA-PKCS1-v1_5 with SHA-256 (RS256) by this key over `message`. Keys of less than 2048
    /// bits verify nothing.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    n: String,
    e: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
}

impl Jwk {
    /// The key by its id, if it is one for RS256 signatures.
    fn usable(self) -> Option<(String, RsaKey)> {
        let fits = |value: &Option<String>, wanted: &str| value.as_deref().is_none_or(|value| value == wanted);
        if self.kty != "RSA" || !fits(&self.alg, "RS256") || !fits(&self.purpose, "sig") {
            return None;
        }
        Some((self.kid, RsaKey { modulus: number(&self.n)?, exponent: number(&self.e)? }))
    }
}

/// A number as RSA keys hold it; none if it is not in base64url. Some writers put zeros before it, which the verifier
/// would refuse.
pub fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515, appendix A.2: key, signing input and signature.
    const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    const SIGNED: &[u8] = b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    fn parse(keys: &str) -> Result<KeySet, InvalidKeySet> {
        KeySet::parse(format!("{{\"keys\":[{keys}]}}").as_bytes())
    }

    fn published(more: &str) -> String {
        format!(r#"{{"kty":"RSA","kid":"a","n":"{MODULUS}","e":"AQAB"{more}}}"#)
    }

    #[test]
    fn the_signature_published_in_rfc_7515_is_right_and_each_flipped_bit_makes_it_wrong() {
        let set = parse(&published("")).expect("a key set");
        let key = set.get("a").expect("the key");
        let signature = URL_SAFE_NO_PAD.decode(SIGNATURE).expect("base64url");
        assert!(key.verifies(SIGNED, &signature));
        for bit in (0..signature.len() * 8).step_by(7) {
            let mut forged = signature.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verifies(SIGNED, &forged), "bit {bit} of the signature");
        }
        for bit in (0..SIGNED.len() * 8).step_by(7) {
            let mut forged = SIGNED.to_vec();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verifies(&forged, &signature), "bit {bit} of what is signed");
        }
        assert!(!key.verifies(SIGNED, b"") && !key.verifies(b"", &signature));
    }

    #[test]
    fn keys_for_anything_but_rs256_are_passed_over() {
        let others = [
            published(r#","alg":"PS256""#),
            published(r#","use":"enc""#),
            published("").replace("RSA", "EC"),
            published("").replace("\"kid\":\"a\",", ""),
            published("").replace(MODULUS, "no base64!"),
            "7".to_owned(),
        ];
        for other in &others {
            assert_eq!(parse(other), Err(InvalidKeySet::NoKey), "{other}");
        }
        let among_others = format!("{},{}", others.join(","), published(r#","alg":"RS256","use":"sig""#));
        assert!(parse(&among_others).expect("a key set").get("a").is_some());
    }

    #[test]
    fn what_is_no_key_set_is_refused() {
        for text in ["", "[]", "{}", r#"{"keys":{}}"#] {
            assert_eq!(KeySet::parse(text.as_bytes()), Err(InvalidKeySet::Malformed), "{text}");
        }
        assert_eq!(parse(&vec!["{}"; 65].join(",")), Err(InvalidKeySet::TooMany));
    }

    #[test]
    fn a_key_of_1024_bits_verifies_not_even_what_it_signed() {
        let modulus = "r0k3avpYqQRuX7u-YmToqkIjzwAV90pNraCaST6X-_g3LlY6Y0speRgUUO8-nZZBsIR0vG__w2LokqnUNia_d04Is8g2b285vf-zjH8f65ih519aZ5kpt4OCZIHcT4MTlmRz7JL_CV7iYfmGxTNxCn4kN22-CbqK0h5lrl1Mfnc";
        let signature = "SlvNETurYavL8JByaTlPdYMdbHdvIb-MpyAt9b4ULxBilz8wm9O_jH8_Y5XBrC4pIDB9FnhBJdzTQ0oL5TNj229IM4UW-GPuAKt655BGUTFka8t2bo3FHJTF-pgdwqsoyXxpmErSvcv5wNB3gFEizRCrh7zl8MqZsUo-LDzdXr4";
        let set = parse(&published("").replace(MODULUS, modulus)).expect("a key set");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        assert!(!set.get("a").expect("the key").verifies(b"signed", &signature));
    }
}
