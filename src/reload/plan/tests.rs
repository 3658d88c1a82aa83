//! The keys that take effect at once.

use super::*;
use crate::{config, domain::Mode};

const BEFORE: &str = "
mode: observe
admin: { token: { value: one } }
sources:
  - { id: acme, product: jira-dc, base_url: https://jira.example.com, auth: { bearer: { value: a } },
      webhook: { hmac: [{ value: h }] } }
  - { id: code, product: bitbucket-dc, base_url: https://code.example.com, auth: { bearer: { value: b } } }
schemes:
  - { id: s, source: acme, trigger: on_create, select: { everyone: true }, actions: [{ add_groups: [staff] }] }
  - { id: t, source: code, trigger: on_create, select: { everyone: true }, actions: [{ add_groups: [staff] }] }
";

fn read(text: &str) -> Config {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("usher.yaml");
    std::fs::write(&path, text).expect("written");
    config::load(Some(&path), []).expect("a right configuration").config
}

/// The configuration with `from` replaced by `to`: the result, the changes, and the waiting keys.
fn changed(from: &str, to: &str) -> (Config, Vec<String>, Vec<String>) {
    assert!(BEFORE.contains(from), "{from}");
    let Plan { config, changed, pending } = plan(&read(BEFORE), read(&BEFORE.replacen(from, to, 1)));
    (config, changed, pending)
}

#[test]
fn an_unchanged_configuration_changes_nothing() {
    let (_, changed, pending) = changed("mode", "mode");
    assert!(changed.is_empty() && pending.is_empty(), "{changed:?}, {pending:?}");
}

#[test]
fn secrets_modes_rates_protections_and_schemes_change_at_once() {
    for (from, to, key) in [
        ("mode: observe", "mode: active", "mode"),
        ("value: one", "value: two", "admin.token"),
        (
            "{ value: one }",
            "{ value: one }, tokens: [{ name: ci, role: viewer, secret: { value: t } }]",
            "admin.tokens",
        ),
        ("{ value: one }", "{ value: one }, public_url: https://usher.example.com", "admin.public_url"),
        ("{ value: one }", "{ value: one }, session: { idle: 5m }", "admin.session"),
        (
            "{ value: one }",
            "{ value: one }, oidc: { issuer: https://idp.example.com, client_id: usher, client_secret: { value: x }, roles: { admin: [a] } }",
            "admin.oidc",
        ),
        ("bearer: { value: a }", "bearer: { value: c }", "sources.acme.auth"),
        ("{ value: h }", "{ value: i }", "sources.acme.webhook"),
        ("id: acme,", "id: acme, credentials_expire: 2027-03-01,", "sources.acme.credentials_expire"),
        ("id: acme,", "id: acme, rate: { per_second: 1 },", "sources.acme.rate"),
        ("id: acme,", "id: acme, proxy: \"http://proxy:1\",", "sources.acme.transport"),
        ("id: acme,", "id: acme, protect: { users: [root] },", "sources.acme.protect"),
        ("id: acme,", "id: acme, mass_creation: off,", "sources.acme.mass_creation"),
        ("id: s,", "id: s, test_mode: false,", "schemes.s"),
    ] {
        let (_, changed, pending) = changed(from, to);
        assert_eq!((changed, pending), (vec![key.to_owned()], vec![]), "{to}");
    }
    assert_eq!(changed("mode: observe", "mode: active").0.mode, Mode::Active);
}

#[test]
fn what_needs_a_restart_stays_and_holds_up_nothing_else() {
    for (from, to, key) in [
        ("mode: observe", "mode: observe\ndata_dir: elsewhere", "data_dir"),
        ("mode: observe", "mode: observe\nwebhooks: { listen: \"127.0.0.1:1\" }", "webhooks.listen"),
        ("token: { value: one }", "listen: \"127.0.0.1:1\", token: { value: one }", "admin.listen"),
        ("mode: observe", "mode: observe\nlog: { kind: kafka }", "log"),
        (
            "mode: observe",
            "mode: observe\nsecrets_key: { value: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef }",
            "secrets_key",
        ),
        ("id: acme,", "id: acme, reconcile: off,", "sources.acme.reconcile"),
        ("id: acme,", "id: acme, feed: { kind: audit-log },", "sources.acme.feed"),
        ("admin: { token: { value: one } }", "", "admin.token"),
    ] {
        let text = BEFORE.replacen(from, to, 1).replacen("value: b", "value: c", 1);
        let Plan { config, changed, pending } = plan(&read(BEFORE), read(&text));
        assert_eq!((changed, pending), (vec!["sources.code.auth".to_owned()], vec![key.to_owned()]), "{to}");
        assert_eq!(config.log, read(BEFORE).log);
        assert_eq!(config.admin, read(BEFORE).admin);
    }
}

#[test]
fn a_source_at_another_address_goes_on_wholly_as_it_was() {
    let elsewhere = BEFORE
        .replacen("https://jira.example.com", "https://new.example.com", 1)
        .replacen("value: a", "value: c", 1)
        .replacen("id: s,", "id: s, test_mode: false,", 1);
    let running = read(BEFORE);
    let Plan { config, changed, pending } = plan(&running, read(&elsewhere));
    assert_eq!(pending, ["sources.acme.base_url", "schemes.s"]);
    assert!(changed.is_empty(), "{changed:?}");
    assert!(config.sources[0].auth == running.sources[0].auth, "the new token is not for the old address");
    assert_eq!(config.schemes, running.schemes);
}

#[test]
fn sources_come_and_go_at_once_and_their_schemes_with_them() {
    let (source, scheme) = ("product: bitbucket-dc", "id: t, source: code,");
    let renamed = BEFORE.replacen("id: code,", "id: other,", 1).replacen(scheme, "id: u, source: other,", 1);
    assert!(renamed.contains(source));
    let Plan { config, changed, pending } = plan(&read(BEFORE), read(&renamed));
    assert_eq!(changed, ["sources.code", "sources.other", "schemes.u", "schemes.t"]);
    assert!(pending.is_empty(), "{pending:?}");
    let ids: Vec<_> = config.sources.iter().map(|source| source.id.as_str()).collect();
    assert_eq!((ids, config.schemes.len()), (vec!["acme", "other"], 2));
}

#[test]
fn a_scheme_may_move_from_a_source_that_goes_to_one_that_comes() {
    let moved = BEFORE.replacen("id: code,", "id: other,", 1).replacen("source: code,", "source: other,", 1);
    let Plan { config, changed, pending } = plan(&read(BEFORE), read(&moved));
    assert_eq!((changed, pending), (vec!["sources.code".into(), "sources.other".into(), "schemes.t".into()], vec![]));
    assert_eq!(config.schemes[1].scheme.source.as_str(), "other");
}
