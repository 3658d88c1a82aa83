//! The content of one commit, and the reasons why it may not be on disk.

use rusqlite::{Connection, ErrorCode, ffi};

use super::{
    group_rows::{self, GroupOffset},
    records, trouble,
};
use crate::log::{Stored, embedded::part::Part};

/// The content of one commit.
#[derive(Debug, Default)]
pub(in crate::log::embedded) struct Write {
    /// Records to add, in the order of their offsets.
    pub records: Vec<(Part, Vec<Stored>)>,
    /// How far groups have come.
    pub groups: Vec<GroupOffset>,
    /// Records to remove.
    pub removed: Vec<(Part, Vec<u64>)>,
}

impl Write {
    /// Makes the changes in the transaction of `db`.
    ///
    /// # Errors
    /// `rusqlite::Error` if SQLite fails.
    pub(super) fn apply_to(&self, db: &Connection) -> rusqlite::Result<()> {
        self.records.iter().try_for_each(|(part, records)| records::insert(db, *part, records))?;
        self.groups.iter().try_for_each(|offset| group_rows::put(db, offset))?;
        self.removed.iter().try_for_each(|(part, offsets)| records::remove(db, *part, offsets))
    }
}

/// Why a write is not on disk, or may not be.
#[derive(Debug, thiserror::Error)]
pub(in crate::log::embedded) enum CommitError {
    /// The log is closed.
    #[error("it is closed")]
    Closed,
    /// The disk is full. Nothing was written, and the next commit may succeed.
    #[error("the disk is full")]
    Full,
    /// Another program writes to it. Nothing was written, and the next commit may succeed.
    #[error("another program has the database open and writes to it")]
    Busy,
    /// The present content is not what was written earlier. Nothing was written.
    #[error("writing failed: {}", trouble::in_words(.0))]
    Damaged(rusqlite::Error),
    /// Writing or syncing failed.
    #[error("writing failed: {}", trouble::in_words(.0))]
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for CommitError {
    fn from(error: rusqlite::Error) -> Self {
        // The shared memory of the WAL file is a file too.
        let of_wal_index = error.sqlite_extended_error_code() == Some(ffi::SQLITE_IOERR_SHMSIZE);
        if of_wal_index || error.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            Self::Full
        } else {
            Self::Failed(error)
        }
    }
}
