//! The first line of the log: version, mode and sources.

use std::path::absolute;

use tracing::info;

use crate::{
    app::Roles,
    config::{Config, LogConfig},
    domain::Mode,
};

/// No line names more sources than these.
const NAMED: usize = 20;

/// Logs the version, the mode, the data folder and the sources.
pub(in crate::app) fn starts(config: &Config, roles: Roles) {
    let data_dir = absolute(&config.data_dir).unwrap_or_else(|_| config.data_dir.clone());
    let log = match &config.log {
        LogConfig::Embedded => "embedded",
        LogConfig::Kafka(_) => "kafka",
    };
    let mode = match config.mode {
        Mode::Active => "active",
        Mode::Observe => "observe",
    };
    info!(
        version = env!("CARGO_PKG_VERSION"),
        commit = crate::COMMIT,
        mode,
        data_dir = %data_dir.display(),
        log,
        roles = names(roles),
        sources = sources(config),
        schemes = config.schemes.len(),
        "usher starts"
    );
}

fn names(roles: Roles) -> String {
    let Roles { webhooks, engine, admin } = roles;
    let all = [("webhooks", webhooks), ("engine", engine), ("admin", admin)];
    all.iter().filter(|(_, is_on)| *is_on).map(|(name, _)| *name).collect::<Vec<_>>().join(",")
}

/// The ids with their products; only the first if there are many.
fn sources(config: &Config) -> String {
    let named = config.sources.iter().take(NAMED).map(|source| format!("{} ({})", source.id, source.product));
    let mut text = named.collect::<Vec<_>>().join(", ");
    if config.sources.len() > NAMED {
        text += &format!(" and {} more", config.sources.len() - NAMED);
    }
    text
}
