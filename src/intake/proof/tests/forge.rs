use super::*;
use crate::intake::proof::testing::{by_hmac, by_rsa, key_set};

pub fn claims() -> Value {
    json!({ "iss": "forge/invocation-token", "aud": APP, "iat": NOW, "nbf": NOW, "exp": NOW + 25,
            "app": { "id": APP }, "principal": "5b10a284" })
}

pub fn by(kid: &str, claims: &Value) -> String {
    format!("Bearer {}", by_rsa(&json!({ "alg": "RS256", "kid": kid }), claims))
}

pub fn right() -> String {
    by("k", &claims())
}

#[tokio::test]
async fn a_token_for_the_app_by_a_published_key_is_taken() {
    let verifier = verifier(forge(fixed(&["other", "k"])));
    assert_eq!(outcome(&verifier, right().as_bytes()).await, Ok(Form::Webhook));
    let several = by("k", &with(claims(), "aud", json!(["x", APP])));
    assert_eq!(outcome(&verifier, several.as_bytes()).await, Ok(Form::Webhook));
}

#[tokio::test]
async fn a_token_that_says_anything_else_is_refused() {
    let verifier = verifier(forge(fixed(&["k"])));
    let cases = [
        ("iss", "forge".into()),
        ("iss", Value::Null),
        ("aud", "ari:cloud:ecosystem::app/another".into()),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("exp", (NOW - 10).into()),
        ("exp", Value::Null),
        ("nbf", (NOW + 11).into()),
    ];
    for (name, value) in cases {
        let token = by("k", &with(claims(), name, value.clone()));
        assert_eq!(outcome(&verifier, token.as_bytes()).await, Err(ProofError::Unproven), "{name}: {value}");
    }
    let unknown = by("another", &claims());
    assert_eq!(outcome(&verifier, unknown.as_bytes()).await, Err(ProofError::Unproven), "fixed keys are all there are");
}

#[tokio::test]
async fn the_algorithm_is_not_the_tokens_choice() {
    let verifier = verifier(forge(fixed(&["k"])));
    let public = key_set(&["k"]);
    for algorithm in ["none", "HS256", "RS384", "PS256", "rs256"] {
        let header = json!({ "alg": algorithm, "kid": "k" });
        for token in [by_rsa(&header, &claims()), by_hmac(&header, &claims(), public.as_bytes())] {
            let authorization = format!("Bearer {token}");
            assert_eq!(outcome(&verifier, authorization.as_bytes()).await, Err(ProofError::Unproven), "{algorithm}");
        }
    }
    let nameless = format!("Bearer {}", by_rsa(&header("RS256"), &claims()));
    assert_eq!(outcome(&verifier, nameless.as_bytes()).await, Err(ProofError::Unproven), "no key is named");
}

#[tokio::test]
async fn every_flipped_bit_is_refused() {
    let verifier = verifier(forge(fixed(&["k"])));
    let right = right();
    for bit in 7 * 8..right.len() * 8 {
        let mut forged = right.clone().into_bytes();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(outcome(&verifier, &forged).await, Err(ProofError::Unproven), "bit {bit}");
    }
}
