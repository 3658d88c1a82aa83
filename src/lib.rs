//! usher: event-driven user management for Atlassian products.
//!
//! The way of an event: [`intake`] proves and keeps it, the [`engine`]'s planner decides it by the [`rules`], its executor
//! asks the [`products`], and [`views`] show what became of it; between them lies the [`log`]. [`app`] wires it all.

pub mod admin;
pub mod app;
pub mod backup;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod domain;
pub mod engine;
pub mod explain;
pub mod health;
pub mod http_server;
pub mod intake;
pub mod json_record;
pub mod key_set;
pub mod live;
pub mod log;
pub mod metrics;
mod printable;
pub mod products;
pub mod rate_limited_log;
pub mod reload;
pub mod resizable_semaphore;
pub mod rules;
mod runtime;
pub mod sandbox;
pub mod secret;
pub mod settings;
mod sled_files;
pub mod source;
pub mod store;
pub mod telemetry;
pub mod views;
mod words;

/// The commit this was built from, where the build was told.
pub const COMMIT: &str = match option_env!("USHER_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};
