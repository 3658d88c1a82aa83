//! Tests of the real parts together.

mod backup;
mod chaos;
mod compatibility;
mod console;
mod crash;
mod deploy;
mod disk;
mod embedded_crash;
mod embedded_log;
mod feeds;
mod fence;
mod kafka;
mod log_suite;
mod openapi;
mod pacing;
mod products;
mod restore;
mod rollout;
mod sandbox;
mod scale;
mod schemathesis;
mod service;
mod support;
mod terminal;
mod transport;
