//! A source that is shown as YAML: whole, without secrets, and read back as the same source.

use std::path::Path;

use crate::config::{Source, load::from_bytes, reader::env::Env, tests::load};

const FULL: &str = r#"
id: acme
name: "=1+1 <b>\u202e: 'x' # y"
product: jira-dc
plain_http: jira.internal
base_url: "http://jira.internal:8080/jira/"
auth: { bearer: { env: TOKEN } }
credentials_expire: 2027-03-01
webhook:
  hmac: [{ env: TOKEN }, { file: "to ken" }]
  bearer: [{ env: TOKEN }]
  actions: { login: ["a: b"], created: [c] }
  connect: { client_key: "k#", shared_secret: { env: TOKEN }, base_path: /x }
  forge: { app_id: "ari:cloud:ecosystem::app/1", jwks_file: keys.json }
reconcile: off
mass_creation: { users: 0, percent: 100, within: 90m }
rate: { per_second: 0.5, concurrency: 2 }
ca: authorities.pem
protect: { users: ["*", "- a"], admin_groups: ["null", "~"], last_administrators: 3 }
"#;

fn sources() -> Vec<String> {
    let auth = "auth: { bearer: { env: TOKEN } }";
    vec![
        FULL.to_owned(),
        format!(
            "{{ id: org, product: atlassian-org, organization: a-1, directory: d-2, {auth}, feed: {{ kind: audit-log, every: 20s }} }}"
        ),
        format!(
            "{{ id: feeds, product: jira-dc, base_url: \"https://j.example\", {auth}, mass_creation: off, \
             feed: {{ kind: audit-log, overlap: 1h, actions: {{ login: [x] }} }}, protect: {{ acting_account: false, last_administrators: 0 }} }}"
        ),
        format!(
            "{{ id: proxied, product: confluence-cloud, base_url: \"https://acme.atlassian.net/wiki\", {auth}, \
             proxy: \"http://p:3128\", \
             webhook: {{ forge: {{ app_id: \"ari:cloud:ecosystem::app/1\" }} }} }}"
        ),
        format!("{{ id: plain, product: bitbucket-dc, base_url: \"https://b.example\", {auth}, proxy: \"http://p\" }}"),
    ]
}

fn read(text: &str, folder: &Path) -> Source {
    let indented: Vec<String> = text.trim().lines().map(|line| format!("  {line}")).collect();
    let text = format!("sources:\n-\n{}\n", indented.join("\n"));
    let env = Env::from([("TOKEN".to_owned(), "s3cret".to_owned())]);
    let loaded = from_bytes(text.as_bytes(), Some("usher.yaml".into()), folder, &env);
    loaded.unwrap_or_else(|problems| panic!("{text}\n{problems}")).config.sources.remove(0)
}

fn secrets(source: &Source) -> Vec<String> {
    source.webhook.secrets().map(|secret| format!("{:?} {}", secret.place(), secret.reveal())).collect()
}

#[test]
fn a_source_is_written_whole_and_read_back_as_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("to ken"), "in-a-file").expect("a file");
    std::fs::write(path("keys.json"), r#"{"keys":[{"kty":"RSA","kid":"k","n":"ofgW","e":"AQAB"}]}"#).expect("a file");
    let made = rcgen::generate_simple_self_signed(vec!["jira.internal".to_owned()]).expect("a certificate");
    std::fs::write(path("authorities.pem"), made.cert.pem()).expect("a file");
    for text in sources() {
        let source = read(&text, folder.path());
        let written = source.as_yaml().expect("YAML");
        for secret in ["s3cret", "in-a-file", "BEGIN"] {
            assert!(!written.contains(secret), "{written}");
        }
        let again = read(&written, folder.path());
        assert_eq!(format!("{again:#?}"), format!("{source:#?}"), "{written}");
        assert_eq!(
            (secrets(&again), &again.auth, &again.transport),
            (secrets(&source), &source.auth, &source.transport)
        );
    }
}

#[test]
fn a_secret_that_stands_in_the_configuration_is_left_out_and_asked_for() {
    let text = "sources: [{ id: a, product: jira-dc, base_url: \"https://j.example\", \
                proxy: { url: \"http://p\", username: hunter, password: { env: TOKEN } }, \
                auth: { basic: { username: hunter, password: { value: hunter2 } } }, webhook: { hmac: [{ value: hunter3 }] } }]";
    let written = load(text).expect("right").config.sources.remove(0).as_yaml().expect("YAML");
    assert!(!written.contains("hunter"), "{written}");
    let indented: Vec<String> = written.trim().lines().map(|line| format!("  {line}")).collect();
    let refused = load(&format!("sources:\n-\n{}\n", indented.join("\n"))).expect_err("empty").to_string();
    assert_eq!(refused.matches("the secret is empty").count(), 2, "{refused}");
    assert_eq!(refused.matches("empty").count(), 4, "the names too: {refused}");
}
