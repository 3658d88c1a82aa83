//! The loader as a whole: refusals, accepted texts, and no panics.

mod accepted;
mod admin;
mod console;
mod hostile;
mod names;
mod nesting;
mod oidc;
mod overlay;
mod refused;
mod round_trip;
mod schema;
mod secrets;
mod sources;
mod stored;
mod triggers;
mod warned;

use std::path::Path;

use super::{
    Config, KafkaConfig, LogConfig,
    load::{Loaded, from_bytes},
    reader::{env::Env, problem::Problems},
};

/// Loads `text` as `usher.yaml` with the variables `env`.
fn load_with(text: &str, env: &[(&str, &str)]) -> Result<Loaded, Problems> {
    let env: Env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    from_bytes(text.as_bytes(), Some("usher.yaml".into()), Path::new(""), &env)
}

/// Loads `text`, in which `{ env: TOKEN }` is a secret.
fn load(text: &str) -> Result<Loaded, Problems> {
    load_with(text, &[("TOKEN", "s3cret")])
}

/// Kafka's settings of a configuration that has them.
fn kafka(config: Config) -> Option<KafkaConfig> {
    match config.log {
        LogConfig::Kafka(kafka) => Some(kafka),
        LogConfig::Embedded => None,
    }
}

/// The lines that refuse `text`.
fn refusal(text: &str) -> String {
    load(text).expect_err(text).to_string()
}

/// A source that is right, with `more` below it from line 2.
fn with_scheme(more: &str) -> String {
    let source =
        "sources: [{ id: acme, product: jira-dc, base_url: \"https://j.example\", auth: { bearer: { env: TOKEN } } }]";
    format!("{source}\n{more}")
}

/// A valid scheme but for `keys`, which are in line 3, and the sources `acme` and `cloud`.
fn scheme(keys: &str) -> String {
    let all = [
        ("id:", "id: s"),
        ("source:", "source: acme"),
        ("trigger:", "trigger: on_login"),
        ("select:", "select: { everyone: true }"),
        ("actions:", "actions: [{ add_groups: [g] }]"),
    ];
    let rest: Vec<&str> = all.iter().filter(|(key, _)| !keys.contains(key)).map(|(_, line)| *line).collect();
    let cloud =
        ", { id: cloud, product: jira-cloud, base_url: \"https://c.example\", auth: { bearer: { env: TOKEN } } }]";
    with_scheme(&format!("schemes:\n- {{ {keys}, {} }}\n", rest.join(", "))).replacen(" }]", &format!(" }}{cloud}"), 1)
}

/// Checks a table of keys of a scheme and the line that refuses each.
fn assert_scheme_refused(table: &[(&str, &str)]) {
    for (keys, line) in table {
        assert_eq!(refusal(&scheme(keys)), format!("usher.yaml:3:{line}"), "{keys}");
    }
}

/// Checks a table of texts and the lines that refuse them.
fn assert_refused(table: &[(&str, &str)]) {
    for (text, lines) in table {
        assert_eq!(refusal(text), *lines, "{text}");
    }
}
