//! Backups of the embedded log: one file that holds a snapshot of it, and the data folder that is made from such a
//! file.
//!
//! [`save`] writes a snapshot as an [archive] of records, offsets of groups and the admin token; [`verify`] reads an
//! archive through; [`restore`] makes a data folder from it. The form does not depend on the database. The state store is not
//! in it: usher rebuilds that from the log.

mod archive;
mod restore;
mod save;
#[cfg(test)]
mod tests;

use std::{io, path::PathBuf};

pub use restore::{RESTORING, restore, verify};
pub use save::{About, save};

use crate::{domain::Timestamp, log};

/// The contents of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The number of records.
    pub records: u64,
    /// The length in bytes.
    pub bytes: u64,
    /// When the snapshot was taken.
    pub made: Timestamp,
}

/// Why a backup could not be made or restored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The log can't be read or written.
    #[error("{0}")]
    Log(#[from] log::Error),
    /// The archive can't be written.
    #[error("the backup can't be written: {}", crate::words::system(.0))]
    Write(io::Error),
    /// The archive can't be read.
    #[error("the backup can't be read: {}", crate::words::system(.0))]
    Read(io::Error),
    /// The copy took too long: old records are kept while it runs.
    #[error("the copy took longer than {} hours and was broken off; write the backup to a faster disk", .0.as_secs() / 3600)]
    TooSlow(std::time::Duration),
    /// The file is something else.
    #[error("this is no backup of usher")]
    NotABackup,
    /// A later version made it.
    #[error("the backup was made by a later usher; restore it with that version")]
    Later,
    /// Its end is missing.
    #[error("the backup ends too early: it was cut short, or its making was broken off; use another one")]
    Cut,
    /// The archive does not hold what was written to it.
    #[error("the backup is damaged ({0}); use another one")]
    Damaged(&'static str),
    /// The folder has something in it.
    #[error("{} is not empty; a backup is restored into a new or an empty folder only", .0.display())]
    NotEmpty(PathBuf),
    /// The folder can't be written.
    #[error("{} can't be written: {}", path.display(), crate::words::system(error))]
    Folder {
        /// The path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}
