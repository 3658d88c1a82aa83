//! The configuration of the service itself: its listeners, its pages and its log.

pub(super) mod console;
mod kafka;
pub(super) mod listeners;
pub(super) mod log;
