//! Tests of the real parts together.

mod embedded_log;
mod log_suite;
mod products;
mod sandbox;
