//! Tokens, the public address and sessions.

use std::time::Duration;

use super::{load, load_with, with_scheme};
use crate::{
    config::Admin,
    domain::{Role, SourceScope},
};

const ENV: [(&str, &str); 4] =
    [("TOKEN", "s3cret"), ("CI", "of-ci"), ("BOARD", "of-board"), ("KEY", "0123456789abcdef0123456789abcdef")];

/// `admin` with these keys, in line 2, beside the source `acme`.
fn text(keys: &str) -> String {
    with_scheme(&format!("admin: {{ {keys} }}"))
}

fn admin(keys: &str) -> Admin {
    load_with(&text(keys), &ENV).expect("right").config.admin
}

/// The lines that refuse `keys`.
fn refusal(keys: &str) -> String {
    let refused = load_with(&text(keys), &ENV).expect_err(keys).to_string();
    assert!(!refused.contains("s3cret") && !refused.contains("of-ci"), "no secret is told: {refused}");
    refused
}

#[test]
fn tokens_have_names_roles_and_perhaps_sources() {
    let admin = admin(
        "tokens: [{ name: ci, role: operator, sources: [acme], secret: { env: CI } },
                  { name: board, role: viewer, secret: { env: BOARD } }]",
    );
    let [ci, board] = admin.tokens.as_slice() else { panic!("two") };
    assert_eq!((ci.name.to_string().as_str(), ci.role, ci.secret.reveal()), ("ci", Role::Operator, "of-ci"));
    assert_eq!(ci.sources, SourceScope::Only(["acme".parse().expect("an id")].into()));
    assert_eq!((board.role, &board.sources), (Role::Viewer, &SourceScope::All));
    assert!(admin.token.is_none());
}

#[test]
fn what_is_left_out_has_its_default() {
    let admin = load("").expect("right").config.admin;
    assert!(admin.tokens.is_empty() && admin.public_url.is_none() && admin.session.key.is_none());
    let session = &admin.session;
    let lengths = [session.idle, session.at_most, session.again_after];
    assert_eq!(lengths, [Duration::from_mins(30), Duration::from_hours(12), Duration::from_mins(15)]);
}

#[test]
fn sessions_and_the_public_address_are_read() {
    let admin = admin(
        "public_url: https://usher.example.com, session: { key: { env: KEY }, idle: 5m, at_most: 1h, again_after: 2m }",
    );
    assert_eq!(admin.public_url.expect("an address").as_str(), "https://usher.example.com/");
    assert_eq!(admin.session.idle, Duration::from_mins(5));
    assert!(admin.session.key.is_some());
}

#[test]
fn each_problem_of_a_token_is_told_with_its_place() {
    for (keys, place, why) in [
        ("tokens: [{ role: viewer, secret: { env: CI } }]", "2:19", "`name` is missing here"),
        ("tokens: [{ name: ci, secret: { env: CI } }]", "2:19", "`role` is missing here"),
        ("tokens: [{ name: ci, role: viewer }]", "2:19", "`secret` is missing here"),
        ("tokens: [{ name: ci, role: owner, secret: { env: CI } }]", "2:37", "`owner` is not known here"),
        ("tokens: [{ name: CI, role: viewer, secret: { env: CI } }]", "2:27", "`CI` is not a name"),
        ("tokens: [{ name: \"ci (for jdoe)\", role: viewer, secret: { env: CI } }]", "2:27", "is not a name"),
        ("tokens: [{ name: admin, role: viewer, secret: { env: CI } }]", "2:27", "a name of usher itself"),
        ("tokens: [{ name: ci, role: viewer, secret: of-ci }]", "2:53", "a secret does not stand here itself"),
        ("tokens: [{ name: ci, role: viewer, secret: { value: \" \" } }]", "2:62", "the secret is empty"),
        ("tokens: [{ name: ci, role: viewer, secret: { value: \"a b\" } }]", "2:53", "blanks"),
        ("tokens: [{ name: ci, role: viewer, sources: [acmee], secret: { env: CI } }]", "2:55", "did you mean `acme`?"),
        ("tokens: [{ name: ci, role: viewer, sources: [], secret: { env: CI } }]", "2:54", "names no source"),
        ("tokens: [{ name: ci, role: viewer, scope: x, secret: { env: CI } }]", "2:45", "`scope` is not a key here"),
        ("tokens: { name: ci }", "2:18", "write a list"),
    ] {
        let refused = refusal(keys);
        assert!(refused.starts_with(&format!("usher.yaml:{place}: ")) && refused.contains(why), "{keys}: {refused}");
        assert_eq!(refused.lines().count(), 1, "{keys}: {refused}");
    }
}

#[test]
fn no_two_tokens_can_be_mixed_up() {
    let one = "{ name: ci, role: viewer, secret: { env: CI } }";
    let same_name = refusal(&format!("tokens: [{one}, {{ name: ci, role: admin, secret: {{ env: BOARD }} }}]"));
    assert!(same_name.contains("`ci` is already the name of the token at usher.yaml:2:19"), "{same_name}");
    let same_secret = refusal(&format!("tokens: [{one}, {{ name: cd, role: admin, secret: {{ value: of-ci }} }}]"));
    assert!(same_secret.contains("the secret is that of the token at usher.yaml:2:19"), "{same_secret}");
    let of_admin = refusal(&format!("token: {{ env: CI }}, tokens: [{one}]"));
    assert!(of_admin.contains("the secret is that of `admin.token`"), "{of_admin}");
}

#[test]
fn sessions_that_could_be_guessed_or_never_end_are_refused() {
    for (keys, why) in [
        ("session: { key: { value: short } }", "shorter than 32 characters"),
        ("session: { idle: 30s }", "from `1m` to `24h`"),
        ("session: { at_most: 8d }", "from `5m` to `7d`"),
        ("session: { again_after: 0 }", ""),
        ("session: { idle: 2h, at_most: 1h }", "`idle` is longer than `at_most`"),
        ("public_url: http://usher.example.com", "write `https://`"),
    ] {
        let refused = refusal(keys);
        assert!(refused.contains(why), "{keys}: {refused}");
    }
}
