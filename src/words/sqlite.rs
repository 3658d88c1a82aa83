//! Errors of SQLite.

use rusqlite::{Error, ErrorCode as Code};

/// The problem with a database of SQLite, or with a row of it.
pub(crate) fn sqlite(error: &Error) -> &'static str {
    match error {
        Error::FromSqlConversionFailure(..) | Error::IntegralValueOutOfRange(..) | Error::InvalidColumnType(..) => {
            "it has another form than it should"
        }
        Error::Utf8Error(..) => "it is no text in UTF-8",
        _ => error.sqlite_error_code().map_or("usher asks it for what it has not; this is a mistake in usher", of_code),
    }
}

fn of_code(code: Code) -> &'static str {
    match code {
        Code::DiskFull => "the disk is full",
        Code::SystemIoFailure => "the disk fails or is full",
        Code::ReadOnly | Code::PermissionDenied => "the user whom usher runs as may not write it",
        Code::CannotOpen => "its files can't be opened",
        Code::DatabaseBusy | Code::DatabaseLocked | Code::FileLockingProtocolFailed => "another process holds it",
        Code::DatabaseCorrupt | Code::NotADatabase => {
            "its files are damaged; usher builds them anew when it starts again"
        }
        Code::OutOfMemory => "this machine has no memory left",
        Code::NoLargeFileSupport | Code::TooBig => "it has become too large",
        _ => "this is a mistake in usher, please report it",
    }
}
