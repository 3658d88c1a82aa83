//! Signing in by an identity provider.

use super::{load_with, with_scheme};
use crate::{
    config::{Admin, Oidc},
    domain::{Role, RoleGroups},
};

const ENV: [(&str, &str); 2] = [("TOKEN", "x"), ("OIDC_SECRET", "s3cret")];
const ISSUER: &str = "issuer: https://idp.example.com";
const CLIENT: &str = "client_id: usher, client_secret: { env: OIDC_SECRET }";
const ROLES: &str = "roles: { admin: [iam-admins] }";

/// `admin` with these keys, in line 2, beside the source `acme`.
fn text(keys: &str) -> String {
    with_scheme(&format!("admin: {{ {keys} }}"))
}

fn admin(keys: &str) -> Admin {
    load_with(&text(keys), &ENV).expect("right").config.admin
}

fn oidc(keys: &str) -> Oidc {
    admin(&format!("oidc: {{ {keys} }}")).oidc.expect("a provider")
}

/// The lines that refuse `keys`.
fn refusal(keys: &str) -> String {
    let refused = load_with(&text(keys), &ENV).expect_err(keys).to_string();
    assert!(!refused.contains("s3cret"), "no secret is told: {refused}");
    refused
}

#[test]
fn a_provider_has_an_issuer_a_client_and_roles_and_the_rest_has_defaults() {
    let read = oidc(&format!("{ISSUER}, {CLIENT}, {ROLES}"));
    let texts = [&read.issuer, &read.client_id, &read.name, &read.groups_claim];
    assert_eq!(texts, ["https://idp.example.com", "usher", "idp.example.com", "groups"]);
    assert_eq!((read.client_secret.reveal(), read.scopes.len()), ("s3cret", 0));
    assert_eq!(read.roles, RoleGroups::new([(Role::Admin, vec!["iam-admins".to_owned()])]));
    assert!(read.transport.proxy.is_none() && read.transport.ca.is_none());
    assert!(admin("").oidc.is_none());
    let more = "name: Acme, scopes: [groups, roles], groups_claim: /realm_access/roles, proxy: \"http://proxy:3128\"";
    let read = oidc(&format!("{ISSUER}, {CLIENT}, {ROLES}, {more}"));
    assert_eq!((read.name.as_str(), read.groups_claim.as_str()), ("Acme", "/realm_access/roles"));
    assert_eq!(read.scopes, ["groups", "roles"]);
    assert!(read.transport.proxy.is_some());
}

#[test]
fn what_is_wrong_is_told_with_the_place_and_what_to_write() {
    for (keys, why) in [
        (format!("{CLIENT}, {ROLES}"), "`issuer` is missing here; write `issuer: "),
        (format!("{ISSUER}, client_secret: {{ env: OIDC_SECRET }}, {ROLES}"), "`client_id` is missing here"),
        (format!("{ISSUER}, client_id: usher, {ROLES}"), "`client_secret` is missing here"),
        (format!("{ISSUER}, client_id: usher, client_secret: s3cret, {ROLES}"), "a secret does not stand here itself"),
        (format!("{ISSUER}, client_id: usher, client_secret: {{ env: NONE }}, {ROLES}"), "`NONE` is not set"),
        (format!("{ISSUER}, {CLIENT}"), "`roles` is missing here"),
        (format!("{ISSUER}, {CLIENT}, roles: {{}}"), "nobody could sign in"),
        (format!("{ISSUER}, {CLIENT}, roles: {{ admin: [] }}"), "this names no group"),
        (format!("{ISSUER}, {CLIENT}, roles: {{ admins: [a] }}"), "`admins` is not a key here"),
        (format!("{ISSUER}, {CLIENT}, roles: {{ admin: iam }}"), "write a list"),
        (format!("{ISSUER}, {CLIENT}, {ROLES}, scopes: [a b]"), "this is not a scope"),
        (format!("{ISSUER}, {CLIENT}, {ROLES}, redirect: x"), "`redirect` is not a key here"),
        (format!("issuer: http://idp.example.com, {CLIENT}, {ROLES}"), "in plain http; write `https://`"),
        (format!("issuer: https://u:s3cret@idp.example.com, {CLIENT}, {ROLES}"), "credentials stand in this URL"),
    ] {
        let refused = refusal(&format!("oidc: {{ {keys} }}"));
        assert!(refused.contains(why) && refused.contains("2:"), "{keys}: {refused}");
    }
}

#[test]
fn a_provider_needs_an_address_to_send_people_back_to() {
    let keys = format!("oidc: {{ {ISSUER}, {CLIENT}, {ROLES} }}");
    let refused = refusal(&format!("listen: \"0.0.0.0:8081\", {keys}"));
    assert!(refused.contains("`public_url`, which is missing"), "{refused}");
    let public = "public_url: https://usher.example.com";
    assert!(admin(&format!("listen: \"0.0.0.0:8081\", {public}, {keys}")).oidc.is_some());
    assert!(admin(&format!("listen: \"127.0.0.1:8081\", {keys}")).oidc.is_some(), "to try it out");
}

#[test]
fn everybody_as_administrator_is_warned_of() {
    let warnings = |roles: &str| {
        let text = text(&format!("oidc: {{ {ISSUER}, {CLIENT}, roles: {{ {roles} }} }}"));
        let warnings = load_with(&text, &ENV).expect("right").warnings;
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert!(warnings("admin: [\"*\"]").contains("becomes admin; name groups"));
    assert!(warnings("operator: [\"*\"]").contains("becomes operator; name groups"));
    assert!(!warnings("admin: [a], viewer: [\"*\"]").contains("becomes"));
}
