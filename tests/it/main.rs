//! usher's parts together, and the real things they talk to.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod kafka;
mod support;
