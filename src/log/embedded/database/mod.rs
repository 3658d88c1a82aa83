//! The SQLite database under the log: its tables, how it is opened, and what shows that nothing of it is lost.

pub(super) mod commit;
pub(super) mod disk_reserve;
pub(super) mod group_rows;
pub(super) mod high_watermark;
pub(super) mod records;
pub(super) mod recovery;
pub(super) mod store;
pub(super) mod trouble;
