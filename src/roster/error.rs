//! Why the roster could not be written or read.

use rusqlite::ErrorCode;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite failed. Trying again later may succeed.
    #[error("the roster fails: {}", crate::words::sqlite(.0))]
    Database(#[from] rusqlite::Error),
    /// The file of the roster can't be made, removed or given its permissions.
    #[error("the file of the roster can't be used: {}", crate::words::system(.0))]
    File(std::io::Error),
}

impl Error {
    /// Whether the file is damaged. Only a new one helps.
    pub(super) fn is_damage(&self) -> bool {
        let Self::Database(error) = self else { return false };
        matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }
}
