//! The parts of a source: accepted and refused ones.

pub(super) mod feeds;
mod kept;
pub(super) mod organization;
pub(super) mod protect;
pub(super) mod transport;
pub(super) mod webhooks;
mod written;
