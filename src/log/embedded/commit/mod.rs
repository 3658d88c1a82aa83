//! The one thread that writes, and the way of records to it.

pub(super) mod append_queue;
pub(super) mod committer;
pub(super) mod group_commit;
pub(super) mod interval;
pub(super) mod queue;
