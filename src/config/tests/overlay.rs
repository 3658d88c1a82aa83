//! Environment variables over the file.

use crate::domain::{Condition, Mode};

use super::{kafka, load_with, with_scheme};

const SCHEME: &str = "schemes: [{ id: s, source: acme, trigger: on_login, select: { email_domain: [a.example] }, actions: [{ add_groups: [g] }] }]";

fn refusal(text: &str, name: &str, value: &str) -> String {
    load_with(text, &[("TOKEN", "x"), (name, value)]).expect_err(name).to_string()
}

#[test]
fn a_variable_replaces_what_the_file_says_and_stands_without_it() {
    let env = [("USHER_ADMIN__LISTEN", "[::1]:9"), ("USHER_MODE", "observe"), ("USHER_DATA_DIR", "/var/lib/usher")];
    for text in ["", "admin: { listen: \"127.0.0.1:1\" }\nmode: active\n"] {
        let config = load_with(text, &env).expect("right").config;
        assert_eq!(config.admin.listen.to_string(), "[::1]:9");
        assert_eq!(config.mode, Mode::Observe);
        assert_eq!(config.data_dir.to_str(), Some("/var/lib/usher"));
    }
}

#[test]
fn other_variables_are_somebody_elses() {
    for name in
        ["USHER_URL", "USHER_TOKEN", "USHER_ADMIN_TOKEN", "USHER_TEST_KAFKA", "USHER_COMMIT", "USHER_ADMIN", "PATH__X"]
    {
        load_with("", &[(name, "whatever")]).expect(name);
    }
}

#[test]
fn items_go_by_number_and_may_be_added_at_the_end() {
    let items: Vec<(String, String)> =
        (0..12).map(|i| (format!("USHER_LOG__KAFKA__BROKERS__{i}"), format!("k{i}:9092"))).collect();
    let mut env: Vec<(&str, &str)> = items.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    env.push(("USHER_LOG__KIND", "kafka"));
    let kafka = kafka(load_with("", &env).expect("right").config).expect("Kafka");
    assert_eq!(kafka.brokers.len(), 12);
    assert_eq!(kafka.brokers[11], "k11:9092");
}

#[test]
fn a_value_in_brackets_or_quotes_is_yaml_and_any_other_is_taken_as_it_is() {
    let domains = |name: &str, value: &str| {
        let env = [("TOKEN", "x"), (name, value)];
        let config = load_with(&with_scheme(SCHEME), &env).expect(value).config;
        match &config.schemes[0].scheme.select.0[..] {
            [Condition::EmailDomain(domains)] => domains.iter().map(ToString::to_string).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        domains("USHER_SCHEMES__0__SELECT__EMAIL_DOMAIN", "[b.example, \"*.c.example\"]"),
        ["b.example", "*.c.example"]
    );
    assert_eq!(domains("USHER_SCHEMES__0__SELECT__EMAIL_DOMAIN__0", "*.d.example"), ["*.d.example"]);
    assert_eq!(domains("USHER_SCHEMES__0__SELECT__EMAIL_DOMAIN__1", "'e.example'"), ["a.example", "e.example"]);
}

#[test]
fn a_whole_source_may_come_from_the_environment() {
    let source = "{ id: env, product: jira-cloud, base_url: \"https://e.example\", auth: { basic: { username: u, password: { env: TOKEN } } } }";
    let config = load_with("", &[("TOKEN", "x"), ("USHER_SOURCES__0", source)]).expect("right").config;
    assert_eq!(config.sources[0].id.as_str(), "env");
}

#[test]
fn what_is_wrong_with_a_variable_is_said_by_its_name() {
    let text = &with_scheme(SCHEME);
    for (name, value, line) in [
        ("USHER_ADMIN__LISTN", "x", "USHER_ADMIN__LISTN: `listn` is not a key here; did you mean `listen`?"),
        ("USHER_ADMN__LISTEN", "x", "USHER_ADMN__LISTEN: `admn` is not a key here; did you mean `admin`?"),
        (
            "USHER_ADMIN__LISTEN",
            "localhost",
            "USHER_ADMIN__LISTEN: `localhost` is not an IP address with a port; write `127.0.0.1:8080`, say",
        ),
        ("USHER_MODE", " ", "USHER_MODE: is empty; give it a value, or take it out of the environment"),
        (
            &format!("USHER{}", "_X_".repeat(20_000)),
            "x",
            &format!("USHER{}: names more levels than any key of usher has; leave some `__` out", "_X_".repeat(20_000)),
        ),
        (
            "USHER_SOURCES__2__NAME",
            "x",
            "USHER_SOURCES__2__NAME: there is no item 2, the next one is 1; count from 0 without gaps",
        ),
        (
            "USHER_SOURCES__ACME__NAME",
            "x",
            "USHER_SOURCES__ACME__NAME: `acme` stands where a list has its items; write a number from 0",
        ),
        (
            "USHER_SOURCES__0__ID__X",
            "x",
            "USHER_SOURCES__0__ID__X: goes deeper than the key it names, which is a single value; leave the last part out",
        ),
        (
            "USHER_SMTP__HOST",
            "x",
            "USHER_SMTP__HOST: `smtp` is not supported by this version of usher yet; leave it out",
        ),
        ("USHER_SOURCES__0", "[", "USHER_SOURCES__0: found a single value; write keys and values, `key: value`"),
    ] {
        let refused = refusal(text, name, value);
        assert!(refused.lines().any(|refused| refused == line), "{name}: {refused}");
    }
}
