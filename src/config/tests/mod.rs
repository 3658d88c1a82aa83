//! The loader as a whole: what it refuses, what it takes, and that nothing makes it panic.

mod accepted;
mod hostile;
mod overlay;
mod refused;
mod refused_parts;
mod secrets;

use std::path::Path;

use super::{
    Config, KafkaConfig, LogConfig,
    env::Env,
    load::{Loaded, from_bytes},
    problem::Problems,
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

/// A source that is right, with `more` keys, and a scheme made of `scheme`, which begins at line 2.
fn with_scheme(scheme: &str) -> String {
    let source =
        "sources: [{ id: acme, product: jira-dc, base_url: \"https://j.example\", auth: { bearer: { env: TOKEN } } }]";
    format!("{source}\n{scheme}")
}

/// Checks a table of texts and the lines that refuse them.
fn assert_refused(table: &[(&str, &str)]) {
    for (text, lines) in table {
        assert_eq!(refusal(text), *lines, "{text}");
    }
}
