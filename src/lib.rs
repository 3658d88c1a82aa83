//! usher: event-driven user management for Atlassian products.

pub mod admin;
pub mod clock;
pub mod config;
pub mod domain;
pub mod log;
pub mod metrics;
pub mod products;
pub mod rules;
pub mod secret;
pub mod store;
pub mod views;

/// The commit this was built from, where the build was told.
pub const COMMIT: &str = match option_env!("USHER_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};
