//! Sources whose secrets usher keeps itself.

use crate::config::{KeptParts, Source, read_source, read_source_keeping};

const WRITTEN: &str = "
id: acme
name: Acme
product: jira-cloud
base_url: https://acme.atlassian.net
auth: { basic: { username: usher@acme.example, password: { value: the-token } } }
webhook: { hmac: [{ value: the-first }, { value: the-second }] }
";

fn named(text: &str, before: &KeptParts) -> (Source, KeptParts) {
    let mut source = read_source_keeping(text, before).expect("a source");
    let parts = source.name_secrets(before);
    (source, parts)
}

fn names(parts: &KeptParts) -> Vec<&str> {
    parts.keys().map(String::as_str).collect()
}

#[test]
fn a_source_is_written_without_what_is_kept_and_reads_back_with_it() {
    let (source, parts) = named(WRITTEN, &KeptParts::new());
    let all = ["auth.basic.password", "auth.basic.username", "webhook.hmac-1", "webhook.hmac-2"];
    assert_eq!(names(&parts), all);
    let text = source.as_yaml().expect("YAML");
    for secret in ["the-token", "usher@acme.example", "the-first", "the-second"] {
        assert!(!text.contains(secret), "{text}");
    }
    let (again, parts_again) = named(&text, &parts);
    assert!(again.auth == source.auth && again.webhook == source.webhook, "{text}");
    assert_eq!((again.as_yaml().expect("YAML"), names(&parts_again)), (text.clone(), all.to_vec()));
    let refused = read_source(&text).expect_err("nothing is kept there").to_string();
    assert!(refused.contains("keeps no secret under this name"), "{refused}");
}

#[test]
fn a_secret_is_added_and_another_one_taken_out_and_no_name_is_anothers() {
    let (source, parts) = named(WRITTEN, &KeptParts::new());
    let text = source.as_yaml().expect("YAML");
    let line = |text: &str| {
        let line = text.lines().find(|line| line.ends_with("- sealed: webhook.hmac-1"));
        format!("{}\n", line.expect("the first secret"))
    };
    let first = line(&text);
    let third = first.replace("sealed: webhook.hmac-1", "value: third");
    let (added, parts) = named(&text.replace(&first, &format!("{third}{first}")), &parts);
    let secrets: Vec<_> = added.webhook.hmac.iter().map(|secret| secret.reveal()).collect();
    assert_eq!(secrets, ["third", "the-first", "the-second"]);
    assert!(names(&parts).contains(&"webhook.hmac-3"), "{parts:?}");
    let text = added.as_yaml().expect("YAML");
    let (less, parts) = named(&text.replace(&line(&text), ""), &parts);
    assert_eq!(less.webhook.hmac.len(), 2);
    assert!(!names(&parts).contains(&"webhook.hmac-1"), "{parts:?}");
}

#[test]
fn a_source_that_comes_by_the_api_names_no_variable_and_no_file() {
    for place in ["env: PATH", "file: /etc/passwd"] {
        let text = WRITTEN.replace("value: the-first", place);
        let refused = read_source_keeping(&text, &KeptParts::new()).expect_err("refused").to_string();
        assert!(refused.contains("the API reads no"), "{refused}");
    }
}
