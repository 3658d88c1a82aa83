//! Accepted configurations, and the defaults.

use std::{path::PathBuf, time::Duration};

use crate::{
    config::{Auth, Config, LogConfig, Protect},
    domain::{Action, Condition, MassCreation, Mode, Product, Selection, True},
};

use super::{kafka, load, load_with, scheme, with_scheme};

fn config(text: &str) -> Config {
    load(text).expect("right").config
}

#[test]
fn an_empty_file_means_the_defaults() {
    for empty in ["", "\n# nothing\n", "---\n", "{}", "~", "\u{feff}", "log: {}\nsources: []\n"] {
        let config = config(empty);
        assert_eq!(config.data_dir, PathBuf::from("./usher-data"), "{empty}");
        assert_eq!(config.mode, Mode::Active);
        assert_eq!(config.webhooks.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.webhooks.max_body, 1_048_576);
        assert_eq!(config.admin.listen.to_string(), "127.0.0.1:8081");
        assert!(config.admin.token.is_none());
        assert!(matches!(config.log, LogConfig::Embedded));
        assert!(config.sources.is_empty() && config.schemes.is_empty());
    }
}

#[test]
fn kafka_has_its_defaults() {
    let kafka = kafka(config("log: { kind: kafka }")).expect("Kafka");
    assert_eq!(kafka.brokers, ["localhost:9092"]);
    assert_eq!(kafka.topic_prefix, "usher.");
    assert_eq!((kafka.partitions, kafka.replication_factor), (12, 3));
    assert!(kafka.options.is_empty());
}

#[test]
fn kafka_takes_any_option_as_text_or_as_a_secret() {
    let text =
        "log: { kind: kafka, kafka: { options: { a.b: SSL, n: 6000, b: true, sasl.password: { env: TOKEN } } } }";
    let kafka = kafka(config(text)).expect("Kafka");
    let options: Vec<_> = kafka.options.iter().map(|(name, value)| (name.as_str(), value.reveal())).collect();
    assert_eq!(options, [("a.b", "SSL"), ("n", "6000"), ("b", "true"), ("sasl.password", "s3cret")]);
}

#[test]
fn a_source_has_its_defaults() {
    let config = config(&with_scheme(""));
    let source = &config.sources[0];
    assert_eq!((source.id.as_str(), source.name.as_str(), source.product), ("acme", "acme", Product::JiraDc));
    assert!(matches!(&source.auth, Auth::Bearer(token) if token.reveal() == "s3cret"));
    assert_eq!(source.credentials_expire, None);
    assert!(source.webhook.hmac.is_empty() && source.webhook.bearer.is_empty());
    assert_eq!((source.rate.per_second, source.rate.concurrency), (10.0, 4));
    assert_eq!(source.reconcile.map(|reconcile| reconcile.every), Some(Duration::from_mins(10)));
}

#[test]
fn how_many_users_may_be_created_at_once_is_set_in_part_or_turned_off() {
    let read = |said: &str| {
        let text = format!(
            "sources: [{{ id: acme, product: jira-dc, base_url: \"https://j\", auth: {{ bearer: {{ env: TOKEN }} }} {said} }}]"
        );
        config(&text).sources[0].mass_creation
    };
    let default = MassCreation::default();
    assert_eq!(read(""), Some(default));
    assert_eq!(read(", mass_creation: off"), None);
    assert_eq!(read(", mass_creation: { users: 500 }"), Some(MassCreation { users: 500, ..default }));
    let all = MassCreation { users: 0, percent: 100, within: Duration::from_hours(1) };
    assert_eq!(read(", mass_creation: { users: 0, percent: 100, within: 1h }"), Some(all));
}

#[test]
fn users_are_compared_as_often_as_is_said_or_never() {
    let every = |reconcile: &str| {
        let text = format!(
            "sources: [{{ id: acme, product: jira-dc, base_url: \"https://j\", auth: {{ bearer: {{ env: TOKEN }} }}, reconcile: {reconcile} }}]"
        );
        config(&text).sources[0].reconcile.map(|reconcile| reconcile.every.as_secs())
    };
    assert_eq!(every("off"), None);
    assert_eq!(every("{}"), Some(600));
    assert_eq!(every("{ every: 1s }"), Some(1));
    assert_eq!(every("{ every: 1d }"), Some(86_400));
}

#[test]
fn a_scheme_is_enabled_and_in_test_mode_until_told_otherwise() {
    let text = "schemes: [{ id: s, source: acme, trigger: on_login, select: { everyone: true }, actions: [{ add_groups: [g] }] }]";
    let config = config(&with_scheme(text));
    let scheme = &config.schemes[0].scheme;
    assert!(scheme.enabled && scheme.test_mode);
    assert_eq!(scheme.name, "s");
    assert!(scheme.only_groups.is_empty() && scheme.exempt.users.is_empty() && scheme.exempt.groups.is_empty());
}

#[test]
fn a_group_may_be_called_what_yaml_takes_for_something_else() {
    let text = "schemes: [{ id: s, source: acme, trigger: on_login, select: { everyone: true }, \
                actions: [{ add_groups: [on, 2024, 1e3, \"null\"] }] }]";
    let config = config(&with_scheme(text));
    let targets = groups_of(&config.schemes[0].scheme.actions[0]);
    assert_eq!(targets, ["on", "2024", "1e3", "null"]);
}

#[test]
fn a_version_is_the_same_for_the_same_scheme_and_another_for_another() {
    let version = |group: &str, blank: &str| {
        let text = format!(
            "schemes:{blank} [{{ id: s, source: acme, trigger: on_login, select: {{ everyone: true }}, actions: [{{ add_groups: [{group}] }}] }}]"
        );
        config(&with_scheme(&text)).schemes[0].reference.version.clone()
    };
    assert_eq!(version("g", ""), version("g", "  "));
    assert_ne!(version("g", ""), version("h", ""));
    assert!(version("g", "").len() == 8 && version("g", "").chars().all(|c| c.is_ascii_hexdigit()));
}

#[test]
fn aliases_repeat_what_they_name() {
    let text = "schemes:\n\
                - { id: a, source: acme, trigger: on_login, select: &all { everyone: true }, actions: &do [{ add_groups: [g] }] }\n\
                - { id: b, source: acme, trigger: on_create, select: *all, actions: *do }\n";
    let config = config(&with_scheme(text));
    assert_eq!(config.schemes[0].scheme.actions, config.schemes[1].scheme.actions);
    assert_eq!(config.schemes[1].scheme.select, Selection(vec![Condition::Everyone(True)]));
}

#[test]
fn listeners_may_share_port_0_and_http_may_be_plain_to_this_machine() {
    config("webhooks: { listen: \"127.0.0.1:0\" }\nadmin: { listen: \"127.0.0.1:0\" }");
    for host in ["localhost:2990/jira", "127.0.0.1:1", "[::1]:1"] {
        config(&with_scheme("").replace("https://j.example", &format!("http://{host}")));
    }
}

#[test]
fn the_application_log_is_how_it_is() {
    let text = "schemes: [{ id: s, source: acme, trigger: on_login, select: { everyone: true }, \
                actions: [{ add_groups: [g] }], audit: { application_log: true } }]";
    config(&with_scheme(text));
}

#[test]
fn a_selection_is_the_same_in_any_order() {
    let text = |select: &str| {
        format!(
            "schemes: [{{ id: s, source: acme, trigger: manual, actions: [{{ delete: {{}} }}], select: {{ {select} }} }}]"
        )
    };
    let config = config(&with_scheme(&text("not: { everyone: true }, email_domain: [a.example], deactivated: true")));
    let names: Vec<&str> = config.schemes[0].scheme.select.0.iter().map(Condition::name).collect();
    assert_eq!(names, ["deactivated", "email_domain", "not"]);
}

#[test]
fn the_expressions_of_the_documentation_are_taken() {
    let page = include_str!("../../../docs/configuration.md");
    let examples: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("    where: ")).collect();
    assert!(examples.len() >= 2);
    for example in examples {
        config(&scheme(&format!("select: {{ where: {example} }}")));
    }
}

#[test]
fn the_configuration_for_the_sandbox_is_right_and_names_the_sandboxs_organization() {
    let page = include_str!("../../../docs/sandbox.md");
    let yaml = page.split("```yaml\n").nth(1).and_then(|text| text.split("```").next()).expect("there is one");
    let loaded = load_with(yaml, &[]).expect("right");
    let organization = loaded.config.sources[1].organization.as_ref().expect("one of the sources is one");
    assert_eq!(organization.id, crate::sandbox::ORGANIZATION);
}

#[test]
fn the_example_passes_the_check_and_says_what_it_says() {
    let example = include_str!("../../../docs/usher.example.yaml");
    let secrets = ["ACME_PAT", "ACME_SECRET", "CLOUD_TOKEN", "CLOUD_SECRET", "BITBUCKET_TOKEN", "CROWD_PASSWORD"];
    let loaded = load_with(example, &secrets.map(|name| (name, "x"))).expect("right");
    assert_eq!((loaded.config.sources.len(), loaded.config.schemes.len()), (5, 2));
    assert_eq!(loaded.warnings, []);
    assert_eq!(loaded.config.schemes[0].scheme.actions.iter().flat_map(groups_of).count(), 3);
    assert_eq!(loaded.config.schemes[1].scheme.actions.len(), 5);
    let acme = &loaded.config.sources[0];
    let default = Protect { assumed_admin_groups: false, ..Protect::of(acme.product, Some(&acme.base_url)) };
    assert_eq!(acme.protect, default, "what is said is the default");
    assert!(!format!("{loaded:?}").contains("usher@acme.example"), "an account's name is not printed");
}

fn groups_of(action: &Action) -> Vec<String> {
    match action {
        Action::AddGroups(groups) | Action::RemoveGroups(groups) => groups.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn an_instance_id_stands_there_itself_or_is_kept_elsewhere() {
    for (id, env) in [("usher-0", &[][..]), ("{ env: POD_NAME }", &[("POD_NAME", "usher-0")][..])] {
        let text = format!("log: {{ kind: kafka, kafka: {{ instance_id: {id} }} }}");
        let loaded = load_with(&text, env).expect("right");
        assert!(loaded.warnings.is_empty(), "{id}");
        assert_eq!(kafka(loaded.config).and_then(|kafka| kafka.instance_id).as_deref(), Some("usher-0"));
    }
    for (options, warned) in [("10000", true), ("20000", false)] {
        let text = format!("log: {{ kafka: {{ instance_id: a, options: {{ session.timeout.ms: {options} }} }} }}");
        assert_eq!(!load(&text).expect("right").warnings.is_empty(), warned, "{options}");
    }
    for wrong in ["instance_id: \"a b\"", "instance_id: [a]", "instance_id: a, options: { group.instance.id: a }"] {
        assert!(load(&format!("log: {{ kafka: {{ {wrong} }} }}")).is_err(), "{wrong}");
    }
}
