//! The checks of tokens, one wrong thing at a time; and what is fetched when.

mod fetched;
mod standin;
mod tokens;

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::{Attempt, Error, Provider, TokenFault};
use crate::{
    config::{Oidc, Transport},
    domain::{Role, RoleGroups, Timestamp},
    intake::proof_testing::by_rsa,
    secret::Secret,
};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn config(issuer: &str) -> Oidc {
    Oidc {
        issuer: issuer.to_owned(),
        client_id: "usher".to_owned(),
        client_secret: Secret::new("s3cret:with a colon"),
        name: "Acme".to_owned(),
        scopes: vec!["groups".to_owned(), "email".to_owned()],
        groups_claim: "groups".to_owned(),
        roles: RoleGroups::new([(Role::Admin, vec!["iam-admins".to_owned()])]),
        transport: Transport::default(),
    }
}

fn back() -> Url {
    "https://usher.acme.example/sign-in/oidc/callback".parse().expect("a url")
}

/// Claims that are right for `attempt`, with those of `more` instead or besides; `null` takes one away.
fn claims(issuer: &str, attempt: &Attempt, more: &Value) -> Value {
    let now = NOW.as_millis() / 1000;
    let mut claims = json!({
        "iss": issuer, "aud": "usher", "sub": "248289761001", "nonce": attempt.nonce, "iat": now, "exp": now + 300,
        "groups": ["iam-admins"],
    });
    let all = claims.as_object_mut().expect("claims");
    for (name, value) in more.as_object().expect("claims") {
        match value {
            Value::Null => all.remove(name),
            value => all.insert(name.clone(), value.clone()),
        };
    }
    claims
}

fn signed(kid: &str, claims: &Value) -> String {
    by_rsa(&json!({ "alg": "RS256", "kid": kid }), claims)
}

#[test]
fn an_attempt_is_answered_by_its_own_state_within_ten_minutes() {
    let attempt = Attempt::begin("/runs", None, NOW);
    let address = attempt.address(&"https://idp.example/auth?tenant=1".parse().expect("a url"), &config("x"), &back());
    let parameters: Vec<(String, String)> = address.query_pairs().into_owned().collect();
    let of = |name: &str| {
        let mut found = parameters.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
        (found.next().unwrap_or_default(), found.next())
    };
    assert_eq!(of("tenant"), ("1", None), "what the provider wrote stays");
    assert_eq!(of("scope"), ("openid profile email groups", None));
    assert_eq!((of("response_type"), of("code_challenge_method")), (("code", None), ("S256", None)));
    assert_eq!(of("redirect_uri").0, back().as_str());
    assert_eq!(of("max_age"), ("", None));
    assert!(!address.as_str().contains(&attempt.verifier), "it is told to the provider later, by usher itself");
    let (state, _) = of("state");
    assert!(attempt.is_answered_by(state, NOW) && attempt.is_answered_by(state, NOW.plus(Duration::from_mins(10))));
    assert!(!attempt.is_answered_by(state, NOW.plus(Duration::from_mins(11))));
    for wrong in ["", &state[1..], &attempt.nonce, Attempt::begin("/", None, NOW).nonce.as_str()] {
        assert!(!attempt.is_answered_by(wrong, NOW), "{wrong}");
    }
    let again = Attempt::begin("/", Some(Duration::from_mins(15)), NOW);
    let address = again.address(&"https://idp.example/auth".parse().expect("a url"), &config("x"), &back());
    assert!(address.query_pairs().any(|(name, value)| name == "max_age" && value == "900"));
}
