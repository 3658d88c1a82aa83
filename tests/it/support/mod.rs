//! What tests stand on.

pub mod kafka;
