//! Sweeps: their requests, the listing of a source's users, and the comparison of the users with the known users.

pub(super) mod forecast;
pub(super) mod progress;
pub(super) mod reconciler;
pub(super) mod requests;
pub(super) mod schedule;
pub(super) mod scheduler;
pub(super) mod sweeper;
pub(super) mod upcoming;
