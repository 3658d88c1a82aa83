//! The keys of an Atlassian organisation, which other sources may not have.

use crate::{
    config::{
        Auth,
        tests::{load, refusal},
    },
    domain::Product,
};

fn source(keys: &str) -> String {
    format!("sources:\n- {{ id: org, product: atlassian-org, {keys} }}\n")
}

const AUTH: &str = "auth: { bearer: { env: TOKEN } }";

#[test]
fn an_organisation_is_where_all_are_and_needs_its_id_and_a_key_only() {
    let config = load(&source(&format!("organization: 0a1b-2c, {AUTH}"))).expect("right").config;
    let source = &config.sources[0];
    assert_eq!((source.product, source.base_url.as_str()), (Product::AtlassianOrg, "https://api.atlassian.com/"));
    let organization = source.organization.as_ref().expect("an organisation");
    assert_eq!((organization.id.as_str(), organization.directory.as_deref()), ("0a1b-2c", None));
    assert!(matches!(&source.auth, Auth::Bearer(_)));
}

#[test]
fn a_directory_and_another_address_may_be_said() {
    let keys = format!("organization: 0a1b, directory: d-1, base_url: \"http://127.0.0.1:8080/x\", {AUTH}");
    let config = load(&source(&keys)).expect("right").config;
    let organization = config.sources[0].organization.as_ref().expect("an organisation");
    assert_eq!(organization.directory.as_deref(), Some("d-1"));
    assert_eq!(config.sources[0].base_url.as_str(), "http://127.0.0.1:8080/x");
}

#[test]
fn what_does_not_fit_is_refused_with_what_to_write() {
    for (text, line) in [
        (
            source(AUTH),
            "2:3: `organization` is missing here; write the id that stands in the address of admin.atlassian.com, behind `/o/`",
        ),
        (source(&format!("organization: a/b, {AUTH}")), "2:52: `a/b` is not an id of Atlassian's; copy it from there"),
        (
            source("organization: a, auth: { basic: { username: u, password: { env: TOKEN } } }"),
            "2:70: an organisation takes admin API keys alone; write `bearer: { env: NAME }` with one made at admin.atlassian.com",
        ),
        (
            format!("sources:\n- {{ id: a, product: jira-dc, organization: b, base_url: \"https://j\", {AUTH} }}\n"),
            "2:44: `organization` belongs to `product: atlassian-org`; Jira Data Center has none, leave it out",
        ),
    ] {
        assert_eq!(refusal(&text), format!("usher.yaml:{line}"), "{text}");
    }
}
