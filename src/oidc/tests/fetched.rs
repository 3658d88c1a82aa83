use base64::{Engine, engine::general_purpose::STANDARD};
use futures::future::join_all;

use super::{
    standin::{StandIn, answer},
    *,
};
use crate::intake::proof_testing::key_set;

const DESCRIPTION: &str = "/.well-known/openid-configuration";

/// Advances the clock; only between calls, because calls have deadlines.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

async fn begun(provider: &Provider) -> Result<Attempt, Error> {
    provider.begin("/", &back(), None, NOW).await.map(|(_, attempt)| attempt)
}

/// Signs in with a token that names the key `kid`.
async fn signed_in(stand_in: &StandIn, provider: &Provider, kid: &str) -> Result<(), Error> {
    let attempt = begun(provider).await?;
    stand_in.gives(&signed(kid, &claims(&stand_in.issuer, &attempt, &json!({}))));
    provider.finish(&attempt, "code", &back(), NOW).await.map(|_| ())
}

#[tokio::test]
async fn the_description_is_fetched_once_for_all_and_after_an_hour_again() {
    let stand_in = StandIn::start().await;
    let provider = Provider::new(config(&stand_in.issuer));
    assert!(stand_in.asked(DESCRIPTION).is_empty(), "nobody has signed in");
    let all = join_all((0..10).map(|_| begun(&provider))).await;
    assert!(all.iter().all(Result::is_ok));
    pass(Duration::from_mins(59)).await;
    assert!(begun(&provider).await.is_ok());
    assert_eq!((stand_in.asked(DESCRIPTION).len(), stand_in.asked("/keys").len()), (1, 1));
    pass(Duration::from_mins(2)).await;
    assert!(begun(&provider).await.is_ok());
    assert_eq!((stand_in.asked(DESCRIPTION).len(), stand_in.asked("/keys").len()), (2, 2));
}

#[tokio::test]
async fn more_people_than_there_are_turns_are_told_to_try_again() {
    let stand_in = StandIn::start().await;
    let provider = Provider::new(config(&stand_in.issuer));
    let all = join_all((0..40).map(|_| begun(&provider))).await;
    let busy = all.iter().filter(|outcome| matches!(outcome, Err(Error::Busy))).count();
    assert_eq!(busy, 40 - 16);
    assert!(begun(&provider).await.is_ok());
}

#[tokio::test]
async fn a_provider_that_is_away_is_asked_every_five_seconds_and_its_last_keys_count_for_a_day() {
    let stand_in = StandIn::start().await;
    let provider = Provider::new(config(&stand_in.issuer));
    stand_in.says(DESCRIPTION, &answer("503 Service Unavailable", ""));
    for _ in 0..5 {
        let refused = begun(&provider).await.err().expect("it is away").to_string();
        assert!(refused.ends_with("/.well-known/openid-configuration: the answer was 503 Service Unavailable"));
    }
    assert_eq!(stand_in.asked(DESCRIPTION).len(), 1);
    stand_in.describes(&json!({}));
    pass(Duration::from_secs(6)).await;
    assert!(begun(&provider).await.is_ok());
    stand_in.says(DESCRIPTION, &answer("503 Service Unavailable", ""));
    pass(Duration::from_hours(23)).await;
    assert!(begun(&provider).await.is_ok());
    pass(Duration::from_hours(2)).await;
    assert!(matches!(begun(&provider).await, Err(Error::Away(_))));
}

#[tokio::test]
async fn a_new_key_counts_at_once_and_unknown_ones_are_looked_for_every_half_minute() {
    let stand_in = StandIn::start().await;
    let provider = Provider::new(config(&stand_in.issuer));
    assert_eq!(signed_in(&stand_in, &provider, "k").await, Ok(()));
    stand_in.says("/keys", &answer("200 OK", &key_set(&["k2"])));
    assert_eq!(signed_in(&stand_in, &provider, "k2").await, Ok(()), "it is new");
    assert_eq!(stand_in.asked("/keys").len(), 2);
    for _ in 0..3 {
        assert!(matches!(signed_in(&stand_in, &provider, "k").await, Err(Error::Away(_))), "it was taken away");
    }
    assert_eq!(stand_in.asked("/keys").len(), 2);
    pass(Duration::from_secs(31)).await;
    assert_eq!(signed_in(&stand_in, &provider, "k").await, Err(Error::Token(TokenFault::Signature)));
    assert_eq!(stand_in.asked("/keys").len(), 3);
}

#[tokio::test]
async fn a_description_that_usher_can_not_use_is_refused_with_the_reason() {
    let redirect = "HTTP/1.1 302 Found\r\nLocation: /other\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let stand_in = StandIn::start().await;
    let issuer = stand_in.issuer.clone();
    let said = |text: &str, why: &'static str| (Some(text.to_owned()), json!({}), why);
    let described = |document: Value, why: &'static str| (None, document, why);
    for (text, document, why) in [
        said(redirect, "the answer was 302"),
        said(&answer("200 OK", "<html>"), "this does not describe a provider"),
        said(&answer("200 OK", "{}"), "this does not describe a provider"),
        said(&answer("200 OK", &" ".repeat(300 * 1024)), "longer than 256 KiB"),
        described(json!({ "issuer": format!("{issuer}/") }), "to the last `/`"),
        described(json!({ "issuer": "https://another.example" }), "calls itself `https://another.example`"),
        described(json!({ "token_endpoint": "http://idp.example/token" }), "`token_endpoint` is not an https"),
        described(json!({ "jwks_uri": "file:///etc/passwd" }), "`jwks_uri` is not an https"),
        described(json!({ "authorization_endpoint": "https://a:b@idp.example/" }), "`authorization_endpoint` is not"),
        described(json!({ "authorization_endpoint": "javascript:alert(1)" }), "`authorization_endpoint` is not"),
        described(json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }), "`client_secret_post`"),
        described(json!({ "jwks_uri": format!("{issuer}/nowhere") }), "/nowhere: the answer was 404"),
        described(json!({ "jwks_uri": format!("{issuer}{DESCRIPTION}") }), "not a JSON Web Key Set"),
    ] {
        match text {
            Some(text) => stand_in.says(DESCRIPTION, &text),
            None => stand_in.describes(&document),
        }
        let refused = begun(&Provider::new(config(&issuer))).await.err().expect(why).to_string();
        assert!(refused.contains(why), "{refused}");
    }
    assert!(stand_in.asked("/other").is_empty(), "a redirect is not followed");
}

#[tokio::test]
async fn the_code_is_exchanged_with_the_verifier_and_the_password_in_the_place_that_the_provider_wants() {
    let stand_in = StandIn::start().await;
    for (methods, has_header) in [(json!(["client_secret_post"]), false), (json!(["client_secret_basic"]), true)] {
        stand_in.describes(&json!({ "token_endpoint_auth_methods_supported": methods }));
        let provider = Provider::new(config(&stand_in.issuer));
        let attempt = begun(&provider).await.expect("an attempt");
        stand_in.gives(&signed("k", &claims(&stand_in.issuer, &attempt, &json!({}))));
        provider.finish(&attempt, "a code&more", &back(), NOW).await.expect("a person");
        let request = stand_in.asked("/token").pop().expect("a request");
        // Encoded before it is joined: the password has a colon.
        let joined = format!("Basic {}", STANDARD.encode("usher:s3cret%3Awith+a+colon"));
        assert_eq!(request.contains(&joined), has_header, "{request}");
        assert_eq!(request.contains("client_secret=s3cret%3Awith+a+colon"), !has_header, "{request}");
        assert!(request.contains(&format!("code_verifier={}", attempt.verifier)), "{request}");
        assert!(request.contains("code=a+code%26more&"), "{request}");
    }
}

#[tokio::test]
async fn a_refusal_of_the_provider_is_told_by_its_name_alone() {
    let stand_in = StandIn::start().await;
    let provider = Provider::new(config(&stand_in.issuer));
    let attempt = begun(&provider).await.expect("an attempt");
    let back = back();
    let refused = |status: &str, body: &str| {
        stand_in.says("/token", &answer(status, body));
        provider.finish(&attempt, "the-code", &back, NOW)
    };
    let grant = r#"{"error":"invalid_grant","error_description":"the-code of ann@acme.example is used"}"#;
    assert_eq!(refused("400 Bad Request", grant).await, Err(Error::Code("invalid_grant".into())));
    let client = r#"{"error":"invalid_client"}"#;
    assert_eq!(refused("401 Unauthorized", client).await, Err(Error::Client("invalid_client".into())));
    let odd = r#"{"error":"the-code of ann@acme.example"}"#;
    assert_eq!(refused("400 Bad Request", odd).await, Err(Error::Code("another error".into())));
    for (status, body) in [
        ("500 Internal Server Error", grant),
        ("302 Found", ""),
        ("400 Bad Request", "the-code"),
        ("200 OK", "the-code"),
    ] {
        let error = refused(status, body).await.expect_err("nobody");
        assert!(matches!(error, Error::Away(_)) && !error.to_string().contains("the-code"), "{error}");
    }
    assert_eq!(refused("200 OK", "{}").await, Err(Error::Token(TokenFault::Missing)));
}
