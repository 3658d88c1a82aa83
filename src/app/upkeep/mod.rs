//! Work in the background for as long as usher runs.

pub(super) mod database_threads;
pub(super) mod disk_usage;
pub(super) mod housekeeping;
pub(super) mod long_pauses;
pub(super) mod view_lag;
