//! What tests stand on.

pub mod kafka;
pub mod process;
