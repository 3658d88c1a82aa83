//! Why a view could not be written or read.

use rusqlite::ErrorCode;

use crate::{log::codec, store};

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite failed; trying again later may succeed.
    #[error("the database of the views fails: {}", crate::words::sqlite(.0))]
    Database(rusqlite::Error),
    /// All connections for reading are in use, for longer than the time-out. Trying again later may succeed.
    #[error("the views are read by too many at once; try again later")]
    Busy,
    /// The file of the database can't be moved aside.
    #[error("the damaged database of the views can't be moved aside: {}", crate::words::system(.0))]
    Aside(std::io::Error),
    /// The state store failed; trying again later may succeed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A record of the log can't be read.
    #[error(transparent)]
    Record(#[from] codec::Error),
    /// A row is not what this version writes.
    #[error("a row of the view can't be read: {}", crate::words::sqlite(.0))]
    Row(rusqlite::Error),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as Sqlite;
        match error {
            Sqlite::FromSqlConversionFailure(..)
            | Sqlite::IntegralValueOutOfRange(..)
            | Sqlite::InvalidColumnType(..)
            | Sqlite::Utf8Error(..) => Self::Row(error),
            _ => Self::Database(error),
        }
    }
}

impl Error {
    /// Whether the cause is one record or one row, which can never be read: the other ones can.
    pub(super) const fn is_of_one_record(&self) -> bool {
        matches!(self, Self::Record(_) | Self::Row(_))
    }

    /// Whether the files of the database are damaged. Trying again does not help.
    pub(super) fn is_damage(&self) -> bool {
        let Self::Database(error) = self else { return false };
        matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }
}
