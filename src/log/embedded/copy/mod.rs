//! A copy of the log while it goes on, and a log made of such a copy.

pub(super) mod rebuild;
pub(super) mod snapshot;
