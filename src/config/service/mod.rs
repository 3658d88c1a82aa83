//! The configuration of the service itself: its listeners and its log.

mod kafka;
pub(super) mod listeners;
pub(super) mod log;
