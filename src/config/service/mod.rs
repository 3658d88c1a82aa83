//! The configuration of the service itself: its listeners, its pages, who is let in, and its log.

pub(super) mod admin;
pub(super) mod console;
mod kafka;
pub(super) mod listeners;
pub(super) mod log;
