//! The database under the log: how records lie in it, how it is opened, and what shows that nothing of it is lost.

pub(super) mod disk_reserve;
pub(super) mod format;
pub(super) mod high_watermark;
pub(super) mod recovery;
pub(super) mod store;
