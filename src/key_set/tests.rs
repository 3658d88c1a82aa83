use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::*;

/// RFC 7515, appendix A.2: key, signing input and signature.
const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const SIGNED: &[u8] = b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

fn parse(keys: &str) -> Result<KeySet, InvalidKeySet> {
    KeySet::parse_rs256(format!("{{\"keys\":[{keys}]}}").as_bytes())
}

fn published(more: &str) -> String {
    format!(r#"{{"kty":"RSA","kid":"a","n":"{MODULUS}","e":"AQAB"{more}}}"#)
}

#[test]
fn the_signature_published_in_rfc_7515_is_right_and_each_flipped_bit_makes_it_wrong() {
    let set = parse(&published("")).expect("a key set");
    let key = set.get("a").expect("the key");
    let signature = URL_SAFE_NO_PAD.decode(SIGNATURE).expect("base64url");
    assert!(key.verifies(Algorithm::RS256, SIGNED, &signature));
    for bit in (0..signature.len() * 8).step_by(7) {
        let mut forged = signature.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert!(!key.verifies(Algorithm::RS256, SIGNED, &forged), "bit {bit} of the signature");
    }
    for bit in (0..SIGNED.len() * 8).step_by(7) {
        let mut forged = SIGNED.to_vec();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert!(!key.verifies(Algorithm::RS256, &forged, &signature), "bit {bit} of what is signed");
    }
    assert!(!key.verifies(Algorithm::RS256, SIGNED, b"") && !key.verifies(Algorithm::RS256, b"", &signature));
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
        assert_eq!(parse(other), Err(InvalidKeySet::NoRsaKey), "{other}");
    }
    let among_others = format!("{},{}", others.join(","), published(r#","alg":"RS256","use":"sig""#));
    assert!(parse(&among_others).expect("a key set").get("a").is_some());
}

#[test]
fn what_is_no_key_set_is_refused() {
    for text in ["", "[]", "{}", r#"{"keys":{}}"#] {
        assert_eq!(KeySet::parse_rs256(text.as_bytes()), Err(InvalidKeySet::Malformed), "{text}");
    }
    assert_eq!(parse(&vec!["{}"; 65].join(",")), Err(InvalidKeySet::TooMany));
}

#[test]
fn a_key_of_1024_bits_verifies_not_even_what_it_signed() {
    let modulus = "r0k3avpYqQRuX7u-YmToqkIjzwAV90pNraCaST6X-_g3LlY6Y0speRgUUO8-nZZBsIR0vG__w2LokqnUNia_d04Is8g2b285vf-zjH8f65ih519aZ5kpt4OCZIHcT4MTlmRz7JL_CV7iYfmGxTNxCn4kN22-CbqK0h5lrl1Mfnc";
    let signature = "SlvNETurYavL8JByaTlPdYMdbHdvIb-MpyAt9b4ULxBilz8wm9O_jH8_Y5XBrC4pIDB9FnhBJdzTQ0oL5TNj229IM4UW-GPuAKt655BGUTFka8t2bo3FHJTF-pgdwqsoyXxpmErSvcv5wNB3gFEizRCrh7zl8MqZsUo-LDzdXr4";
    let set = parse(&published("").replace(MODULUS, modulus)).expect("a key set");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    assert!(!set.get("a").expect("the key").verifies(Algorithm::RS256, b"signed", &signature));
}
