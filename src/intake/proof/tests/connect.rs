use super::{super::qsh::query_string_hash, *};
use crate::intake::proof::testing::{by_hmac, by_rsa};

fn claims() -> Value {
    let qsh = query_string_hash("POST", "/webhooks/acme", "a=1", "/");
    json!({ "iss": "the-client", "iat": NOW, "exp": NOW + 180, "qsh": qsh })
}

fn signed(claims: &Value) -> String {
    format!("JWT {}", by_hmac(&header("HS256"), claims, b"shared"))
}

pub fn right() -> String {
    signed(&claims())
}

#[tokio::test]
async fn a_token_of_the_installation_for_this_request_is_taken() {
    let verifier = verifier(connect());
    for authorization in [right(), right().replace("JWT ", "jwt "), right().replace("JWT ", "JWT  ")] {
        assert_eq!(outcome(&verifier, authorization.as_bytes()).await, Ok(Form::Webhook), "{authorization}");
    }
    let other_secret = format!("JWT {}", by_hmac(&header("HS256"), &claims(), b"new"));
    assert_eq!(outcome(&verifier, other_secret.as_bytes()).await, Ok(Form::Webhook));
}

#[tokio::test]
async fn a_token_that_says_anything_else_is_refused() {
    let verifier = verifier(connect());
    let hash = |method, path, query| query_string_hash(method, path, query, "/").into();
    let cases: Vec<(&str, Value)> = vec![
        ("iss", "another-client".into()),
        ("iss", Value::Null),
        ("iss", json!(["the-client"])),
        ("exp", (NOW - 10).into()),
        ("exp", i64::MIN.into()),
        ("exp", Value::Null),
        ("exp", (NOW + 180).to_string().into()),
        ("nbf", (NOW + 11).into()),
        ("nbf", "soon".into()),
        ("qsh", Value::Null),
        ("qsh", "context-qsh".into()),
        ("qsh", hash("GET", "/webhooks/acme", "a=1")),
        ("qsh", hash("POST", "/webhooks/globex", "a=1")),
        ("qsh", hash("POST", "/webhooks/acme", "")),
        ("qsh", hash("POST", "/usher/webhooks/acme", "a=1")),
    ];
    for (name, value) in cases {
        let token = signed(&with(claims(), name, value.clone()));
        assert_eq!(outcome(&verifier, token.as_bytes()).await, Err(ProofError::Unproven), "{name}: {value}");
    }
    for (name, value) in [("exp", NOW - 9), ("nbf", NOW + 10), ("exp", i64::MAX), ("nbf", i64::MIN)] {
        let token = signed(&with(claims(), name, value.into()));
        assert_eq!(outcome(&verifier, token.as_bytes()).await, Ok(Form::Webhook), "{name}: {value}, clocks differ");
    }
}

#[tokio::test]
async fn the_algorithm_is_not_the_tokens_choice() {
    let verifier = verifier(connect());
    for algorithm in ["none", "None", "", "hs256", "HS384", "HS512", "RS256"] {
        let by_hmac = by_hmac(&header(algorithm), &claims(), b"shared");
        let bare = by_hmac.rsplit_once('.').expect("parts").0;
        for token in [by_hmac.clone(), format!("{bare}."), bare.to_owned(), by_rsa(&header(algorithm), &claims())] {
            let authorization = format!("JWT {token}");
            assert_eq!(outcome(&verifier, authorization.as_bytes()).await, Err(ProofError::Unproven), "{algorithm}");
        }
    }
    let critical = json!({ "alg": "HS256", "crit": ["b64"], "b64": false });
    let token = format!("JWT {}", by_hmac(&critical, &claims(), b"shared"));
    assert_eq!(outcome(&verifier, token.as_bytes()).await, Err(ProofError::Unproven));
}

#[tokio::test]
async fn every_flipped_bit_and_every_other_secret_is_refused() {
    let verifier = verifier(connect());
    let right = right();
    for bit in 4 * 8..right.len() * 8 {
        let mut forged = right.clone().into_bytes();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(outcome(&verifier, &forged).await, Err(ProofError::Unproven), "bit {bit}");
    }
    for secret in [&b"share"[..], b"Shared", b"", b"shared "] {
        let token = format!("JWT {}", by_hmac(&header("HS256"), &claims(), secret));
        assert_eq!(outcome(&verifier, token.as_bytes()).await, Err(ProofError::Unproven));
    }
    for other in [format!("{right}."), format!("{right}=="), right.replacen('.', "..", 1), right.replace("JWT ", "JWT")]
    {
        assert_eq!(outcome(&verifier, other.as_bytes()).await, Err(ProofError::Unproven), "{other}");
    }
}
