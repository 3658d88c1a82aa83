use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        Ed25519KeyPair, KeyPair,
    },
};

use super::{
    standin::{StandIn, answer},
    *,
};
use crate::{
    intake::proof_testing::{by_hmac, key_set},
    oidc::Person,
};

/// The outcome of a sign-in whose ID token is what `token` makes of the attempt.
async fn outcome(stand_in: &StandIn, token: impl Fn(&Attempt) -> String) -> Result<Person, Error> {
    let provider = Provider::new(config(&stand_in.issuer));
    let (_, attempt) = provider.begin("/", &back(), None, NOW).await?;
    stand_in.gives(&token(&attempt));
    provider.finish(&attempt, "code", &back(), NOW).await
}

async fn with(stand_in: &StandIn, more: Value) -> Result<Person, Error> {
    outcome(stand_in, |attempt| signed("k", &claims(&stand_in.issuer, attempt, &more))).await
}

#[tokio::test]
async fn the_right_token_lets_its_person_in() {
    let stand_in = StandIn::start().await;
    for right in [
        json!({}),
        json!({ "aud": ["usher"] }),
        json!({ "aud": ["usher", "another"], "azp": "usher" }),
        json!({ "azp": "usher" }),
        json!({ "exp": NOW.as_millis() / 1000 - 59 }),
        json!({ "iat": NOW.as_millis() / 1000 + 59 }),
        json!({ "iat": 1_800_000_000.25 }),
        json!({ "nbf": NOW.as_millis() / 1000 }),
        json!({ "auth_time": 5 }),
        json!({ "locale": "", "address": 7, "updated_at": "yesterday" }),
    ] {
        let person = with(&stand_in, right.clone()).await;
        let person = person.map(|person| (person.subject, person.groups));
        assert_eq!(person, Ok(("248289761001".to_owned(), vec!["iam-admins".to_owned()])), "{right}");
    }
}

#[tokio::test]
async fn each_wrong_claim_is_refused() {
    let stand_in = StandIn::start().await;
    let now = NOW.as_millis() / 1000;
    for (wrong, fault) in [
        (json!({ "iss": "https://another.example" }), TokenFault::Issuer),
        (json!({ "iss": format!("{}/", stand_in.issuer) }), TokenFault::Issuer),
        (json!({ "iss": null }), TokenFault::Claim("iss")),
        (json!({ "aud": "another" }), TokenFault::Audience),
        (json!({ "aud": ["another"] }), TokenFault::Audience),
        (json!({ "aud": [] }), TokenFault::Audience),
        (json!({ "aud": null }), TokenFault::Claim("aud")),
        (json!({ "aud": ["usher", "another"] }), TokenFault::Audience),
        (json!({ "azp": "another" }), TokenFault::Audience),
        (json!({ "nonce": "another" }), TokenFault::Nonce),
        (json!({ "nonce": null }), TokenFault::Claim("nonce")),
        (json!({ "exp": now - 60 }), TokenFault::Expired),
        (json!({ "exp": i64::MIN }), TokenFault::Expired),
        (json!({ "exp": null }), TokenFault::Claim("exp")),
        (json!({ "exp": "tomorrow" }), TokenFault::Claim("exp")),
        (json!({ "iat": now + 61 }), TokenFault::Issued),
        (json!({ "iat": now - 61 }), TokenFault::Issued),
        (json!({ "iat": i64::MAX }), TokenFault::Issued),
        (json!({ "iat": null }), TokenFault::Claim("iat")),
        (json!({ "nbf": now + 61 }), TokenFault::Issued),
        (json!({ "sub": null }), TokenFault::Claim("sub")),
        (json!({ "sub": "" }), TokenFault::Claim("sub")),
    ] {
        assert_eq!(with(&stand_in, wrong.clone()).await.err(), Some(Error::Token(fault)), "{wrong}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_signed_by_the_provider_is_refused_whatever_it_says() {
    let stand_in = StandIn::start().await;
    let issuer = &stand_in.issuer;
    let right = |attempt: &Attempt| claims(issuer, attempt, &json!({}));
    let unsigned = |header: &Value, claims: &Value| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(header), part(claims))
    };
    for name in ["none", "None", "NONE", "", "HS256", "HS384", "HS512", "RS1", "ES256K", "rs256"] {
        let header = json!({ "alg": name, "kid": "k" });
        let fault = outcome(&stand_in, |attempt| unsigned(&header, &right(attempt))).await.err();
        assert_eq!(fault, Some(Error::Token(TokenFault::Algorithm)), "{name}");
    }
    // The public key, which everybody knows, as the key of an HMAC.
    for secret in [key_set(&["k"]).into_bytes(), b"s3cret:with a colon".to_vec()] {
        let header = json!({ "alg": "HS256", "kid": "k" });
        let fault = outcome(&stand_in, |attempt| by_hmac(&header, &right(attempt), &secret)).await.err();
        assert_eq!(fault, Some(Error::Token(TokenFault::Algorithm)));
    }
    for (header, fault) in [
        (json!({ "alg": "RS512", "kid": "k" }), None),
        (json!({ "alg": "PS256", "kid": "k" }), None),
        (json!({ "alg": "ES256", "kid": "k" }), None),
        (json!({ "alg": "RS256", "kid": "k", "crit": ["b64"] }), Some(TokenFault::Missing)),
    ] {
        let refused = outcome(&stand_in, |attempt| by_rsa(&header, &right(attempt))).await.err();
        match fault {
            Some(fault) => assert_eq!(refused, Some(Error::Token(fault))),
            // The key is for RS256 alone: there is none for another method.
            None => assert!(matches!(refused, Some(Error::Token(TokenFault::Signature))), "{header}: {refused:?}"),
        }
    }
    let changed = outcome(&stand_in, |attempt| {
        let token = signed("k", &right(attempt));
        let (_, signature) = token.rsplit_once('.').expect("a signature");
        let header = json!({ "alg": "RS256", "kid": "k" });
        let forged = unsigned(&header, &claims(issuer, attempt, &json!({ "groups": ["iam-admins", "more"] })));
        format!("{forged}{signature}")
    });
    assert_eq!(changed.await.err(), Some(Error::Token(TokenFault::Signature)));
    for odd in ["", "a.b", "a.b.c", "no token", &"x".repeat(70_000)] {
        assert_eq!(outcome(&stand_in, |_| odd.to_owned()).await.err(), Some(Error::Token(TokenFault::Missing)));
    }
}

#[tokio::test]
async fn a_provider_that_was_to_ask_again_and_did_not_is_refused() {
    let stand_in = StandIn::start().await;
    let provider = Provider::new(config(&stand_in.issuer));
    let now = NOW.as_millis() / 1000;
    for (told, fault) in [
        (json!({ "auth_time": now - 900 - 59 }), None),
        (json!({ "auth_time": now - 900 - 61 }), Some(Error::Token(TokenFault::NotAgain))),
        (json!({}), None),
    ] {
        let (_, attempt) = provider.begin("/", &back(), Some(Duration::from_mins(15)), NOW).await.expect("an attempt");
        stand_in.gives(&signed("k", &claims(&stand_in.issuer, &attempt, &told)));
        let person = provider.finish(&attempt, "code", &back(), NOW).await;
        assert_eq!(person.as_ref().err(), fault.as_ref(), "{told}");
        if let Ok(person) = person {
            assert_eq!(person.authenticated.is_some(), told != json!({}));
        }
    }
}

fn curve(method: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(method, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(method, document.as_ref(), &random).expect("a key")
}

#[tokio::test]
async fn each_curve_signs_by_its_own_method_alone() {
    let stand_in = StandIn::start().await;
    let (p256, p384) = (curve(&ECDSA_P256_SHA256_FIXED_SIGNING), curve(&ECDSA_P384_SHA384_FIXED_SIGNING));
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
    let ed25519 = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key");
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let point = |key: &EcdsaKeyPair| {
        let point = key.public_key().as_ref()[1..].to_vec();
        let (x, y) = point.split_at(point.len() / 2);
        (text(x), text(y))
    };
    let ((x256, y256), (x384, y384)) = (point(&p256), point(&p384));
    let keys = json!({ "keys": [
        { "kty": "EC", "kid": "p256", "crv": "P-256", "x": x256, "y": y256 },
        { "kty": "EC", "kid": "p384", "crv": "P-384", "x": x384, "y": y384, "use": "sig" },
        { "kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": text(ed25519.public_key().as_ref()) },
        { "kty": "EC", "kid": "enc", "crv": "P-256", "x": x256, "y": y256, "use": "enc" },
        { "kty": "oct", "kid": "shared", "k": "AAAA" }, { "kty": "EC", "kid": "odd" }, 7,
    ] });
    stand_in.says("/keys", &answer("200 OK", &keys.to_string()));
    let sign = |key: &str, signed: &[u8]| match key {
        "p256" => p256.sign(&SystemRandom::new(), signed).expect("signed").as_ref().to_vec(),
        "p384" => p384.sign(&SystemRandom::new(), signed).expect("signed").as_ref().to_vec(),
        _ => ed25519.sign(signed).as_ref().to_vec(),
    };
    for (header, key, is_right) in [
        (json!({ "alg": "ES256", "kid": "p256" }), "p256", true),
        (json!({ "alg": "ES384", "kid": "p384" }), "p384", true),
        (json!({ "alg": "EdDSA", "kid": "ed" }), "ed", true),
        (json!({ "alg": "ES256" }), "p256", true),
        (json!({ "alg": "ES256", "kid": "p384" }), "p384", false),
        (json!({ "alg": "ES384", "kid": "p256" }), "p256", false),
        (json!({ "alg": "ES256", "kid": "p256" }), "p384", false),
        (json!({ "alg": "RS256", "kid": "p256" }), "p256", false),
        (json!({ "alg": "ES256", "kid": "enc" }), "p256", false),
        (json!({ "alg": "EdDSA", "kid": "p256" }), "ed", false),
    ] {
        let person = outcome(&stand_in, |attempt| {
            let claims = claims(&stand_in.issuer, attempt, &json!({}));
            let signed = format!("{}.{}", text(header.to_string().as_bytes()), text(claims.to_string().as_bytes()));
            format!("{signed}.{}", text(&sign(key, signed.as_bytes())))
        });
        let person = person.await;
        assert_eq!(person.is_ok(), is_right, "{header} by {key}: {:?}", person.err());
    }
}
