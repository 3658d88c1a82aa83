//! The proofs of deliveries.

use std::path::Path;

use crate::config::{
    AuditActions, ForgeKeys, Source, Webhook,
    load::from_bytes,
    reader::env::Env,
    tests::{load, refusal},
};

const KEYS: &str = r#"{"keys":[{"kty":"RSA","kid":"k","n":"ofgW","e":"AQAB"}]}"#;

/// A source that is right but for `webhook`, whose value begins in column 14 of line 2.
fn source(webhook: &str) -> String {
    format!(
        "sources:\n- {{ webhook: {webhook}, id: a, product: jira-cloud, base_url: \"https://j\", \
         auth: {{ bearer: {{ env: TOKEN }} }} }}\n"
    )
}

fn assert_refused(table: &[(&str, &str)]) {
    for (webhook, line) in table {
        assert_eq!(refusal(&source(webhook)), format!("usher.yaml:2:{line}"), "{webhook}");
    }
}

fn read(webhook: &str) -> Webhook {
    read_source(webhook).webhook
}

fn read_source(webhook: &str) -> Source {
    load(&source(webhook)).expect(webhook).config.sources.remove(0)
}

#[test]
fn ways_to_prove_may_stand_alone_and_together() {
    let none = read("{}");
    assert!(none.hmac.is_empty() && none.bearer.is_empty() && none.connect.is_none() && none.forge.is_none());
    assert_eq!(read_source("{}").actions, AuditActions::default());
    let all = read(
        "{ hmac: [{ env: TOKEN }], bearer: [{ value: \"Basic YTpi\" }, { env: TOKEN }], \
         connect: { client_key: c, shared_secret: { env: TOKEN } }, forge: { app_id: \"ari:cloud:ecosystem::app/1-a\" } }",
    );
    assert_eq!((all.hmac.len(), all.bearer.len()), (1, 2));
    assert_eq!(all.bearer[0].reveal(), "Basic YTpi");
    let connect = all.connect.expect("connect");
    assert_eq!((connect.client_key.as_str(), connect.base_path.as_str()), ("c", "/"));
    assert_eq!(connect.shared_secret.len(), 1);
    let ForgeKeys::Url(url) = all.forge.expect("forge").keys else { panic!("published keys by default") };
    assert_eq!(url.as_str(), "https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json");
}

#[test]
fn what_may_be_said_otherwise_is_taken_over() {
    let source = read_source(
        "{ actions: { login: [a, b] }, forge: { app_id: \"ari:cloud:ecosystem::app/1\", jwks_url: \"http://127.0.0.1:1/k\" }, \
         connect: { client_key: c, shared_secret: [{ env: TOKEN }, { env: TOKEN }], base_path: /usher } }",
    );
    assert_eq!(source.actions.login, ["a", "b"]);
    assert_eq!(source.actions.created, AuditActions::default().created);
    let connect = source.webhook.connect.expect("connect");
    assert_eq!((connect.shared_secret.len(), connect.base_path.as_str()), (2, "/usher"));
    assert!(read_source("{ actions: { login: [] } }").actions.login.is_empty());
}

#[test]
fn one_login_may_be_told_twice_where_the_audit_log_and_a_listener_tell_of_it() {
    for (webhook, twice) in [
        ("{ hmac: [{ env: TOKEN }] }", false),
        ("{ bearer: [{ env: TOKEN }] }", false),
        ("{ bearer: [{ env: TOKEN }], forge: { app_id: \"ari:cloud:ecosystem::app/1\" } }", false),
        ("{ bearer: [{ env: TOKEN }], hmac: [{ env: TOKEN }] }", true),
        ("{ bearer: [{ env: TOKEN }], connect: { client_key: c, shared_secret: { env: TOKEN } } }", true),
    ] {
        assert_eq!(read_source(webhook).tells_logins_twice(), twice, "{webhook}");
    }
}

#[test]
fn what_a_webhook_says_is_checked() {
    let value = "the header's value begins or ends with a blank, or holds line breaks or other than ASCII; \
                 keep the value there as it was typed into the audit log's settings";
    assert_refused(&[
        ("{ bearer: { env: TOKEN } }", "24: found keys and values; write a list, like `[a, b]`"),
        ("{ bearer: [{ value: \"a \" }] }", &format!("25: {value}")),
        ("{ bearer: [{ value: \"a\\nb\" }] }", &format!("25: {value}")),
        ("{ bearr: [] }", "16: `bearr` is not a key here; did you mean `bearer`?"),
        ("{ actions: [user_login] }", "25: found a list; write `{ login: [user_login] }`, say"),
        ("{ actions: { login: user_login } }", "34: found a single value; write a list, like `[user_login]`"),
        ("{ actions: { login: [\"\"] } }", "35: this is empty; write a value or leave the key out"),
        (
            "{ connect: { shared_secret: [] } }",
            "25: `client_key` is missing here; write the `clientKey` of the `installed` callback\n\
             usher.yaml:2:42: no secret stands here; write `{ env: NAME }`, say",
        ),
        (
            "{ connect: { client_key: c } }",
            "25: `shared_secret` is missing here; write `shared_secret: { env: NAME }`, say",
        ),
        (
            "{ connect: { client_key: c, shared_secret: { env: TOKEN }, base_path: \"a?b\" } }",
            "84: `a?b` is not the path of a URL; write what stands behind the host in the app's baseUrl, `/`, say",
        ),
    ]);
}

#[test]
fn what_forge_needs_is_checked() {
    let published = "https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json";
    let unsafe_url = format!("keys are fetched by https and without credentials; write `{published}`, say");
    let forge = |keys: &str| format!("{{ forge: {{ app_id: \"ari:cloud:ecosystem::app/1\", {keys} }} }}");
    for (keys, line) in [
        ("jwks_url: \"http://keys.example\"", format!("73: {unsafe_url}")),
        ("jwks_url: \"https://u:p@keys.example\"", format!("73: {unsafe_url}")),
        ("jwks_url: \"file:///etc/passwd\"", format!("73: {unsafe_url}")),
        ("jwks_url: keys", format!("73: this is not a URL: `https://` is missing; write `{published}`, say")),
        (
            "jwks_url: \"https://k\", jwks_file: k",
            "97: keys come from one place; leave out `jwks_url` or `jwks_file`".to_owned(),
        ),
    ] {
        assert_eq!(refusal(&source(&forge(keys))), format!("usher.yaml:2:{line}"), "{keys}");
    }
    let not_an_app = "is not the id of a Forge app; write `ari:cloud:ecosystem::app/...`, as in the app's manifest";
    assert_refused(&[
        ("{ forge: { app_id: \"1\" } }", &format!("33: `1` {not_an_app}")),
        (
            "{ forge: { app_id: \"ari:cloud:ecosystem::app/\" } }",
            &format!("33: `ari:cloud:ecosystem::app/` {not_an_app}"),
        ),
        (
            "{ forge: {} }",
            "23: `app_id` is missing here; write `app_id: \"ari:cloud:ecosystem::app/...\"`, as in the app's manifest",
        ),
    ]);
}

#[test]
fn keys_in_a_file_are_read_beside_the_configuration_and_checked() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("keys.json"), KEYS).expect("a file");
    std::fs::write(dir.path().join("empty.json"), r#"{"keys":[]}"#).expect("a file");
    std::fs::write(dir.path().join("other.json"), "-----BEGIN").expect("a file");
    std::fs::write(dir.path().join("long.json"), " ".repeat(300_000)).expect("a file");
    let load = |file: &str| {
        let keys = format!("{{ forge: {{ app_id: \"ari:cloud:ecosystem::app/1\", jwks_file: {file} }} }}");
        let env = Env::from([("TOKEN".to_owned(), "s3cret".to_owned())]);
        from_bytes(source(&keys).as_bytes(), Some("usher.yaml".into()), dir.path(), &env)
    };
    let mut loaded = load("keys.json").expect("right");
    let forge = loaded.config.sources.remove(0).webhook.forge.expect("forge");
    assert!(matches!(forge.keys, ForgeKeys::Fixed { keys, .. } if keys.get("k").is_some()));
    for (file, why) in [
        ("none.json", "there is no such file"),
        ("empty.json", "no RSA key"),
        ("other.json", "not a JSON Web Key Set"),
        ("long.json", "longer than 256 KiB"),
    ] {
        let line = load(file).expect_err(file).to_string();
        assert!(line.starts_with("usher.yaml:2:74: the keys can't be read from") && line.contains(why), "{line}");
    }
    assert!(!Path::new("none.json").exists());
}
