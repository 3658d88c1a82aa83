//! Sweeps: when they are asked for, how they list the users of a source, and how the users are compared with those that usher knows.

pub(super) mod forecast;
pub(super) mod progress;
pub(super) mod reconciler;
pub(super) mod requests;
pub(super) mod schedule;
pub(super) mod scheduler;
pub(super) mod sweeper;
