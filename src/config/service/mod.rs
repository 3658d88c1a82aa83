//! The configuration of the service itself: its listeners, who is let in, and its log.

pub(super) mod admin;
mod kafka;
pub(super) mod listeners;
pub(super) mod log;
