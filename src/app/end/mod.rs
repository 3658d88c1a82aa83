//! The end of the process: why it ends, and in which order its parts end.

pub(super) mod draining;
pub(super) mod shutdown;
