//! usher: event-driven user management for Atlassian products.
//!
//! The way of an event: [`intake`] proves it and makes it durable, the planner of [`engine`] decides it by the
//! [`rules`], the executor calls the [`products`], and [`views`] show the results. The [`log`] is between them. [`app`]
//! connects all parts. The files beside the rooms are small things that several rooms use.

pub mod admin;
pub mod app;
mod backoff;
pub mod backup;
pub mod cli;
pub mod clock;
pub mod config;
pub mod console;
pub mod demo;
pub mod domain;
pub mod engine;
pub mod explain;
pub mod health;
pub mod http_server;
pub mod intake;
pub mod json_record;
mod json_web_token;
pub mod key_set;
pub mod last_day;
pub mod live;
pub mod log;
pub mod metrics;
mod off_worker;
pub mod oidc;
mod printable;
mod private_file;
pub mod products;
pub mod rate_limited_log;
pub mod reload;
pub mod resizable_semaphore;
pub mod roster;
pub mod rules;
mod runtime;
pub mod sandbox;
pub mod sealed;
pub mod secret;
pub mod settings;
pub mod source;
mod spreadsheet;
pub mod store;
pub mod telemetry;
pub mod user_list;
pub mod users;
pub mod views;
mod wake_queue;
mod words;

/// The commit of this build, if the build knew it.
pub const COMMIT: &str = match option_env!("USHER_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};
