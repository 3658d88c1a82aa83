//! The errors of files of the log that can't be used.

use std::{io, path::Path};

use rusqlite::ErrorCode;

use crate::log::Error;

/// The error of files that can't be read or written.
pub(in crate::log::embedded) fn inaccessible(dir: &Path, error: &io::Error) -> Error {
    out_of_reach(dir, crate::words::system(error))
}

/// The error of files that are not what was written. Starting anew is left to a person, as it loses events.
pub(in crate::log::embedded) fn damaged(dir: &Path, why: &str) -> Error {
    Error::Unusable(format!(
        "the files in {} are damaged ({why}); restore the folder from a backup, or move it away to start with an \
         empty log",
        dir.display()
    ))
}

/// The error of a database that can't be opened or read.
pub(in crate::log::embedded) fn unusable(dir: &Path, error: &rusqlite::Error) -> Error {
    if is_damage(error) { damaged(dir, in_words(error)) } else { out_of_reach(dir, in_words(error)) }
}

/// The error of a log that another process has open.
pub(super) fn in_use(dir: &Path) -> Error {
    Error::Unusable(format!(
        "{} is in use by another process; stop that one, or set another data_dir here",
        dir.display()
    ))
}

/// The error of a log in the form that it had on sled.
pub(super) fn of_earlier_form(dir: &Path) -> Error {
    Error::Unusable(format!(
        "the log in {} was made by an earlier usher, in another form; make a backup with that one and restore it with \
         this one, or move the folder away to start with an empty log",
        dir.display()
    ))
}

/// The fault of the database, in words. The usual text for damage does not fit: this database can't be rebuilt.
pub(super) fn in_words(error: &rusqlite::Error) -> &'static str {
    if is_damage(error) { "the database is not what was written to it" } else { crate::words::sqlite(error) }
}

pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error as Sqlite;
    let by_code = |code| matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase);
    match error {
        Sqlite::FromSqlConversionFailure(..)
        | Sqlite::IntegralValueOutOfRange(..)
        | Sqlite::InvalidColumnType(..)
        | Sqlite::QueryReturnedNoRows
        | Sqlite::Utf8Error(..) => true,
        error => error.sqlite_error_code().is_some_and(by_code),
    }
}

fn out_of_reach(dir: &Path, why: impl std::fmt::Display) -> Error {
    Error::Unusable(format!(
        "{} can't be read and written: {why}; check that the folder exists, is not full and belongs to usher's user",
        dir.display()
    ))
}
