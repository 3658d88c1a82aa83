//! The parts of a source: what is taken and what is refused.

pub(super) mod feeds;
pub(super) mod organization;
pub(super) mod protect;
pub(super) mod transport;
pub(super) mod webhooks;
