//! The controls of a sandbox: from within the process, over HTTP, and from another process.

pub(super) mod client;
pub(super) mod handle;
pub(super) mod routes;
