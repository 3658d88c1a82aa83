//! usher: event-driven user management for Atlassian products.

pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod engine;
pub mod intake;
pub mod log;
pub mod metrics;
pub mod products;
pub mod rules;
pub mod sandbox;
pub mod secret;
pub mod store;
pub mod views;

/// The commit this was built from, where the build was told.
pub const COMMIT: &str = match option_env!("USHER_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};
